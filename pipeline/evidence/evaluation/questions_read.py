"""How often records are rightly said to address a question, or to have a value of a facet.

Both by kratom records that a person read.

`tools.questions_measured` makes the figures from the readings and a published set that holds the
records; they are kept in questions_measured.jsonl.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.figures import LEAST_READ

YES = "yes"


class Measured(BaseModel):
    """Figures of what is said of records.

    Attributes:
        said: how often it is said, but for what a reader could say either way.
        said_right: of these, how often rightly by the reader.
        read: how often it is so by the reader.
        found: of these, how often it is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    said: int
    said_right: int
    read: int
    found: int

    @property
    def precision(self) -> float | None:
        """Of those said, the share that is right; None below LEAST_READ."""
        return self.said_right / self.said if self.said >= LEAST_READ else None

    @property
    def recall(self) -> float | None:
        """Of those read, the share that is found; None below LEAST_READ."""
        return self.found / self.read if self.read >= LEAST_READ else None


_Figures = TypeVar("_Figures", bound=Measured)


class QuestionMeasured(Measured):
    """Figures of one question: records said to address it.

    Attributes:
        rules_version: version of claims.toml that was measured.
    """

    question: str
    rules_version: str


class FacetMeasured(Measured):
    """Figures of one facet: values that records are said to have."""

    facet: str


def read_facets_measured(path: Path) -> tuple[FacetMeasured, ...]:
    """The figures of facets_measured.jsonl; none where it is missing.

    Raises:
        ConfigurationError: a line is not one of these.
    """
    return _read(path, FacetMeasured)


def read_measured(path: Path) -> tuple[QuestionMeasured, ...]:
    """The figures of questions_measured.jsonl; none where it is missing.

    Raises:
        ConfigurationError: a line is not one of these.
    """
    return _read(path, QuestionMeasured)


def _read(path: Path, kind: type[_Figures]) -> tuple[_Figures, ...]:
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return tuple(kind.model_validate_json(line) for line in lines if line.strip())
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.",
            effect="Nothing was judged.",
            next_step="restore it (`git checkout data/reference`).",
        ) from error


def measure(
    con: duckdb.DuckDBPyConnection, readings: Path, questions: Iterable[str], version: str
) -> Sequence[QuestionMeasured]:
    """The figures of each question.

    Args:
        con: a published set that holds the records read.
        readings: CSV of readings: pmid, question, verdict (yes or borderline), read_on, reader;
            each record of it was read for every question.
        questions: codes of the questions that can be matched.
        version: version of the rules that judged the set.
    """
    with readings.open(encoding="utf-8", newline="") as file:
        verdicts = {
            (int(row["pmid"]), row["question"]): row["verdict"] for row in csv.DictReader(file)
        }
    records = {pmid for pmid, _ in verdicts}
    said = set(con.execute("SELECT pmid, claim FROM evidence.article_claims").fetchall())
    measured: list[QuestionMeasured] = []
    for question in questions:
        yes = {pmid for pmid in records if verdicts.get((pmid, question)) == YES}
        either_way = {pmid for pmid in records if (pmid, question) in verdicts} - yes
        claimed = {pmid for pmid in records if (pmid, question) in said} - either_way
        measured.append(
            QuestionMeasured(
                question=question,
                said=len(claimed),
                said_right=len(claimed & yes),
                read=len(yes),
                found=len(claimed & yes),
                rules_version=version,
            )
        )
    return measured
