"""The second reader: a linear model over hashed words that suggests, and never decides.

It is trained by `python -m tools.train_reader` from labels the user has, and kept as
`data/reference/reader.npz` (not committed). Its features are hashes of words of title and
abstract and of the rules that fired, so that no vocabulary of other people's texts is in the
file. Needs the extra `reader` (scikit-learn); without it, or without a model, nothing is
suggested.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError
from pipeline.evidence.record import Label, Record, Suggestion
from pipeline.rules.patterns import fold

if TYPE_CHECKING:
    import numpy as np  # imported where it is used: most runs have no reader

_BITS = {"abstract": 17, "abstract endings": 13, "title": 14, "title endings": 12, "rules": 10}
_WEIGHTS = {
    "abstract": 2.0,
    "abstract endings": 1.0,
    "title": 1.0,
    "title endings": 0.5,
    "rules": 0.35,
}
"""Chosen in five-fold cross-validation within the part `develop`. Endings: drugs, tests and
diseases are known by how their names end."""
_TOKEN = r"(?u)\b\w\w+\b"


@dataclass(frozen=True)
class Document:
    """What the reader sees of a record: texts, and what the rules said."""

    title: str
    abstract: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """A trained reader.

    Attributes:
        labels: the labels it was trained on.
        study_types: per label the study types it is compatible with.
        weights: one row a label, one column a feature.
        intercepts: one number a label.
        sha256: SHA-256 of the file it came from.
    """

    labels: tuple[str, ...]
    study_types: tuple[tuple[str, ...], ...]
    weights: np.ndarray[Any, Any]
    intercepts: np.ndarray[Any, Any]
    sha256: str = ""

    def probabilities(self, documents: Sequence[Document]) -> np.ndarray[Any, Any]:
        """One row a document, one column a label; each row adds up to 1."""
        import numpy as np

        scores = features(documents) @ self.weights.T + self.intercepts
        shares = 1 / (1 + np.exp(-np.asarray(scores, dtype=np.float64)))
        total: np.ndarray[Any, Any] = shares / shares.sum(axis=1, keepdims=True)
        return total


def features(documents: Sequence[Document]) -> Any:
    """The hashed features of documents, as a sparse matrix."""
    import numpy as np
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import normalize

    def hashed(kind: str, texts: list[str], **options: Any) -> Any:
        vectorizer = HashingVectorizer(
            n_features=2 ** _BITS[kind], alternate_sign=False, norm=None, **options
        )
        counts = vectorizer.transform(texts)
        if kind != "rules":
            counts.data = 1 + np.log(counts.data)  # a word said ten times is not ten words
            counts = normalize(counts)
        return counts * _WEIGHTS[kind]

    titles = [fold(document.title) for document in documents]
    abstracts = [fold(document.abstract) for document in documents]
    words = {"ngram_range": (1, 2), "token_pattern": _TOKEN}
    return hstack(
        [
            hashed("abstract", abstracts, **words),
            hashed("abstract endings", [_endings(text) for text in abstracts]),
            hashed("title", titles, **words),
            hashed("title endings", [_endings(text) for text in titles]),
            hashed(
                "rules", [" ".join(document.rules) for document in documents],
                token_pattern=r"\S+", binary=True,
            ),
        ]
    ).tocsr()  # fmt: skip


def _endings(text: str) -> str:
    """The last four letters of each long word."""
    return " ".join(word[-4:] for word in re.findall(r"[a-z]{6,}", text))


def document_of(record: Record, rules: Iterable[str], labels: Iterable[Label]) -> Document:
    """A record as the reader sees it.

    Args:
        record: the record.
        rules: ids of the rules on texts, of aspects and of flags that fired.
        labels: its study types as the rules give them, before people decide.
    """
    typed = sorted(
        f"{one.study_type}:{one.evidence}:{str(one.is_primary).lower()}" for one in labels
    )
    abstract = " ".join(section.text for section in record.sections if section.is_main)
    return Document(record.title or "", abstract, (*sorted(set(rules)), *typed))


def load_reader(path: Path) -> Reader | None:
    """The trained reader; None where it is missing, or scikit-learn is not installed.

    Raises:
        ConfigurationError: the file is not a model of `train_reader`.
    """
    if not path.is_file() or importlib.util.find_spec("sklearn") is None:
        return None
    import numpy as np

    raw = path.read_bytes()
    try:
        with np.load(path, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            if held["weights"].shape[1] != sum(2**bits for bits in _BITS.values()):
                raise ValueError("it was trained by another version of ketum")
            return Reader(
                tuple(about["labels"]),
                tuple(tuple(types) for types in about["study_types"]),
                held["weights"],
                held["intercepts"],
                hashlib.sha256(raw).hexdigest(),
            )
    except (ValueError, KeyError, OSError) as error:
        raise ConfigurationError(
            f"{path} is not a model of the second reader: {error}.",
            effect="Nothing was judged.",
            next_step="train it again (`python -m tools.train_reader`) or remove it.",
        ) from error


def suggestions_of(
    reader: Reader, documents: Sequence[Document], primaries: Sequence[str]
) -> list[Suggestion]:
    """What the reader suggests for some records.

    Args:
        reader: the trained reader.
        documents: the records; many at a time are read much faster than one by one.
        primaries: their primary study types, people's decisions in force.
    """
    if not documents:
        return []
    shares = reader.probabilities(documents)
    return [
        Suggestion(
            reader.labels[place],
            reader.study_types[place],
            round(float(share), 4),
            primary in reader.study_types[place],
        )
        for place, share, primary in zip(
            shares.argmax(axis=1), shares.max(axis=1), primaries, strict=True
        )
    ]
