"""The second reader learns from labels, suggests, and never decides; its file has no texts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.judge import judge_records
from pipeline.evidence.reader import Document, load_reader
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_tables import write_reference_tables
from pipeline.settings import Settings
from tests.evidence.conftest import REFERENCE, SHIPPED, judge_record, record_of
from tests.evidence.test_evaluation import MAPPING
from tools.train_reader import train

ROWS = [
    ("Tea for pain in adults", "Volunteers drank tea and were asked.", "T"),
    ("Tea for sleep in women", "Participants drank tea at night.", "T"),
    ("Tea in mice", "Mice were injected and their paws were watched.", "A"),
    ("Tea in rats", "Rats were injected and their tails were watched.", "A"),
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    labels, mapping = tmp_path / "l.csv", tmp_path / "m.toml"
    lines = [f'{n},"{t}","{a}",{label}' for n, (t, a, label) in enumerate(ROWS * 3)]
    labels.write_text("id,title,abstract,label\n" + "\n".join(lines) + "\n")
    mapping.write_text(MAPPING)
    shutil.copytree(REFERENCE, tmp_path, dirs_exist_ok=True)
    out = tmp_path / "reader.npz"
    assert train(labels, mapping, "all", out, Settings(data=tmp_path)) == 12
    return out


def test_learns_and_keeps_no_words(model: Path) -> None:
    reader = load_reader(model)
    assert reader
    assert (reader.labels, reader.study_types) == (("A", "T"), (("ANIMAL",), ("RCT",)))
    shares = reader.probabilities(
        [Document("Tea in mice", "Mice were injected.", ()), Document("Adults", "Volunteers.", ())]
    )
    assert shares.argmax(axis=1).tolist() == [0, 1]
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert b"Volunteers" not in model.read_bytes() and b"mice" not in model.read_bytes()


def test_suggestions_stand_beside_the_labels(con: duckdb.DuckDBPyConnection, model: Path) -> None:
    texts = [("Tea in mice", "Mice were injected."), ("Tea", "Volunteers drank tea.")]
    records = [record_of({"title": title, "abstract": abstract}) for title, abstract in texts]
    read = Reference.load(model.parent)
    together = judge_records(records, read)
    assert [(one.suggestion.suggestion, one.suggestion.agrees) for one in together] == [
        ("A", True),
        ("T", False),
    ]
    for record, judgement in zip(records, together, strict=True):
        assert judge_record(record, read) == judgement
        alone = judge_record(record, SHIPPED)
        assert alone == replace(judgement, suggestion=None)
    write_reference_tables(con, read)
    assert con.execute(
        "SELECT count(*) FROM evidence.rule_sets WHERE kind = 'reader'"
    ).fetchone() == (1,)


def test_a_model_of_other_features_is_refused(model: Path) -> None:
    with np.load(model) as held:
        kept = dict(held)
    kept["weights"] = kept["weights"][:, :-1]
    np.savez_compressed(model, **kept)
    with pytest.raises(ConfigurationError, match="trained by another version"):
        load_reader(model)


def test_same_labels_same_model(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.npz"
    labels, mapping = tmp_path / "l.csv", tmp_path / "m.toml"
    train(labels, mapping, "all", again, Settings(data=tmp_path))
    with np.load(model) as one, np.load(again) as other:
        assert (one["weights"] == other["weights"]).all()


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "reader.npz").write_text("no model")
    with pytest.raises(ConfigurationError, match="not a model of the second reader"):
        load_reader(tmp_path / "reader.npz")
