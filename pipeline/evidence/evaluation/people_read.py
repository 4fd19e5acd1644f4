"""What people read against what is said: findings, questions and facets; how many are right.

For findings, a reader blind to the rules writes one line per record and question
(data/reference/evaluation/findings_read_*.csv). The published set must hold the records.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.figures import LEAST_READ, share
from pipeline.evidence.stated import FINDINGS

COLUMNS = ("pmid", "question", "finding", "read_on", "reader")
NO_PAIR = "no_pair"
"""The reader finds that the record does not address the question: no finding to be compared."""


@dataclass(frozen=True)
class FindingRead:
    """One line: what a person read that a record states of a claim, or of `harm.VALUE`."""

    pmid: int
    question: str
    finding: str


def read_findings(path: Path) -> list[FindingRead]:
    """The readings of a file.

    Raises:
        ConfigurationError: naming the line: a column, a finding, a number, a date, a pair that is
            there twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise _refusal(path, 1, f"the columns must be {','.join(COLUMNS)}")
            readings: dict[tuple[int, str], FindingRead] = {}
            for row in rows:
                one = _reading(path, rows.line_num, row)
                if (one.pmid, one.question) in readings:
                    what = f"{one.question} of PMID {one.pmid} is there twice"
                    raise _refusal(path, rows.line_num, what)
                readings[one.pmid, one.question] = one
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.",
            effect="Nothing was evaluated.",
            next_step=f"give a CSV file with the columns {','.join(COLUMNS)}.",
        ) from error
    return list(readings.values())


def compare(con: duckdb.DuckDBPyConnection, readings: Sequence[FindingRead]) -> dict[str, Any]:
    """Readings beside what a published set says.

    Returns:
        Shares (see `figures.share`) of all pairs, by the finding said and by the finding read, and
        by question; how often each was said where each was read; how many readings the set has no
        pair for, and of how many pairs the reader sees none.
    """
    said = {
        (pmid, code): finding
        for pmid, code, finding in con.execute(
            "SELECT pmid, claim, finding FROM evidence.article_claims UNION ALL "
            "SELECT pmid, facet || '.' || value, finding FROM evidence.article_facets "
            "WHERE finding IS NOT NULL"
        ).fetchall()
    }
    held = [one for one in readings if (one.pmid, one.question) in said]
    pairs = [
        (one.question, one.finding, said[one.pmid, one.question])
        for one in held
        if one.finding != NO_PAIR
    ]
    return {
        "all": _right(pairs),
        "said": {
            finding: _right(pair for pair in pairs if pair[2] == finding) for finding in FINDINGS
        },
        "read": {
            finding: _right(pair for pair in pairs if pair[1] == finding) for finding in FINDINGS
        },
        "questions": {
            question: _right(pair for pair in pairs if pair[0] == question)
            for question in sorted({pair[0] for pair in pairs})
        },
        "confused": [
            {"read": read, "said": other, "pairs": count}
            for (read, other), count in sorted(
                Counter((pair[1], pair[2]) for pair in pairs).items()
            )
            if read != other
        ],
        "not_addressed": len(readings) - len(held),
        "no_pair": len(held) - len(pairs),
    }


def text(result: dict[str, Any]) -> str:
    """The comparison for people."""
    lines = [
        "Findings of the latest published set against readings: right of pairs, 95 % interval.",
        f"all: {_shown(result['all'])}",
        f"Left out: {result['not_addressed']} of pairs that the set does not have, "
        f"{result['no_pair']} that do not address the question by the reader.",
    ]
    for key, title in (
        ("said", "Where the rules say"),
        ("read", "Where the reader says"),
        ("questions", "By question"),
    ):
        width = max((len(name) for name in result[key]), default=0)
        lines += ["", title]
        lines += [f"  {name.ljust(width)}  {_shown(one)}" for name, one in result[key].items()]
    if result["confused"]:
        lines += ["", "Otherwise than read"]
    for one in result["confused"]:
        lines.append(f"  read {one['read']}, said {one['said']}: {one['pairs']}")
    return "\n".join(lines)


def _right(pairs: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    found = list(pairs)
    return share(sum(read == said for _, read, said in found), len(found))


def _shown(one: dict[str, Any]) -> str:
    if one["n"] < LEAST_READ:
        return f"not measured ({one['hits']} of {one['n']}; fewer than {LEAST_READ})"
    return (
        f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f}, {one['hits']} of {one['n']})"
    )


def _reading(path: Path, line: int, row: dict[str, str]) -> FindingRead:
    if None in row or None in row.values():
        raise _refusal(path, line, f"it needs {len(COLUMNS)} fields")
    if row["finding"] not in (*FINDINGS, NO_PAIR):
        known = ", ".join((*FINDINGS, NO_PAIR))
        raise _refusal(path, line, f"unknown finding `{row['finding']}` (known: {known})")
    if not row["pmid"].isascii() or not row["pmid"].isdigit():
        raise _refusal(path, line, f"`pmid` must be a number, not `{row['pmid']}`")
    for name in ("question", "reader"):
        if not row[name].strip():
            raise _refusal(path, line, f"`{name}` is empty")
    try:
        date.fromisoformat(row["read_on"])
    except ValueError:
        what = f"`read_on` must be YYYY-MM-DD, not `{row['read_on']}`"
        raise _refusal(path, line, what) from None
    return FindingRead(int(row["pmid"]), row["question"], row["finding"])


def _refusal(path: Path, line: int, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}, line {line}: {what}.",
        effect="Nothing was evaluated.",
        next_step=f"correct {path.name} and run again.",
    )


# -- How often records are rightly said to address a question, or to have a value of a facet
#
# By kratom records that a person read; `python -m tools.readings` makes the figures.


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


def read_measured(path: Path, kind: type[_Figures]) -> tuple[_Figures, ...]:
    """The figures of questions_measured.jsonl or facets_measured.jsonl; none where it is missing.

    Raises:
        ConfigurationError: a line is something else.
    """
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
