"""What a sentence states about words in it: a table of sentences, and what holds for any text."""

from __future__ import annotations

import tomllib

import pytest

from pipeline.evidence.findings import load_findings
from pipeline.evidence.stated import stated_in
from pipeline.rules.fold import fold
from tests.evidence.conftest import REFERENCE, SHIPPED

FINDINGS = load_findings(REFERENCE / "findings.toml", SHIPPED.claims.codes())
_TABLE = tomllib.loads((REFERENCE / "cases" / "findings.toml").read_text(encoding="utf-8"))
SENTENCES = [row for rows in _TABLE.values() for row in rows]


def _stated(marked: str, sense: str | None = None, zone: str = "results") -> str:
    start, end = marked.index("<"), marked.index(">") - 1
    sentence = fold(marked.replace("<", "", 1).replace(">", "", 1))
    found = stated_in(FINDINGS, sentence, start, end, zone=zone, sense=sense)
    return found.finding if found else "none"


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row[0][:60])
def test_sentence(row: list[str]) -> None:
    sentence, finding, *rest = row
    sense = rest[0] if rest else None
    zone = rest[1] if len(rest) > 1 else "results"
    assert _stated(sentence, sense or None, zone) == finding
