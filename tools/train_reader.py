"""Train the second reader from labels the user has.

python -m tools.train_reader --labels FILE --mapping FILE [--part develop] [--out FILE]

Labels and abstracts stay where they are: the model holds weights of hashed words, the names of
the labels, and nothing else. It is not committed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from pipeline.evidence.evaluation import evaluate
from pipeline.evidence.evaluation.evaluate import typed
from pipeline.evidence.evaluation.figures import DEVELOP, PARTS, LabelMapping, load_mapping
from pipeline.evidence.reader import features
from pipeline.evidence.reference_files import MODEL_FILE
from pipeline.evidence.study_types import load_study_types
from pipeline.rules.text import load_language
from pipeline.settings import Settings

_PENALTY = 3.0
"""Inverse strength of regularisation: of 2, 5, 10 and 30 the small ones were best in five-fold
cross-validation within the part `develop`."""
_TOLERANCE = 1e-3
"""The dual solver takes a thirtieth of the time of the primal one; scores differ by 0.002."""


def train(labels: Path, mapping_file: Path, part: str, out: Path, settings: Settings) -> int:
    """Train on a part of a labelled set and write the model; returns the number of records.

    Raises:
        ConfigurationError: the labels or the mapping cannot be read.
    """
    from sklearn.linear_model import LogisticRegression

    study_types = load_study_types(settings.reference / "study_types.toml")
    mapping = load_mapping(mapping_file, study_types.codes())
    known = evaluate.labelled(labels, mapping, part)
    judged = typed(known.records, study_types, load_language(settings.reference / "language.toml"))
    seen = features([one.document for one in judged])
    given = np.array([known.labels[one.record.pmid][0] for one in judged])
    names = [str(name) for name in np.unique(given)]
    models = [  # one for each label: does a record have it or not
        LogisticRegression(
            solver="liblinear",
            C=_PENALTY,
            class_weight="balanced",
            dual=True,
            tol=_TOLERANCE,
            max_iter=1000,
            random_state=0,  # the order of its steps: the same labels give the same model
        ).fit(seen, given == name)
        for name in names
    ]
    about = {"labels": names, "study_types": [_study_types(mapping, name) for name in names]}
    np.savez_compressed(
        out,
        about=np.array(json.dumps(about)),
        weights=np.vstack([one.coef_[0] for one in models]).astype(np.float32),
        intercepts=np.array([one.intercept_[0] for one in models], dtype=np.float32),
    )
    return len(judged)


def _study_types(mapping: LabelMapping, label: str) -> list[str]:
    """Study types that any scheme takes for a label, or for a class it belongs to."""
    return sorted(
        {
            code
            for scheme in mapping.schemes
            for one in scheme.classes
            if label in one.labels
            for code in one.study_types
        }
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--part", choices=PARTS, default=DEVELOP)
    settings = Settings.from_environment()
    parser.add_argument("--out", type=Path, default=settings.reference / MODEL_FILE)
    options = parser.parse_args()
    count = train(options.labels, options.mapping, options.part, options.out, settings)
    print(f"Trained on {count} records; the model is {options.out}.", file=sys.stderr)


if __name__ == "__main__":
    main()
