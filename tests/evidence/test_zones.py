"""Background openings and calls for research are blotted out; offsets stay valid."""

from __future__ import annotations

import duckdb
import pytest
from pipeline.evidence.zones import build_units

from tests.evidence.conftest import add_article

OPENING = "Kratom is a tree of Southeast Asia. Randomized trials are rare."
OWN = "We gave tea to 20 adults. Scores were lower after tea."
OUTLOOK = "Randomized controlled trials are needed."


def unit(con: duckdb.DuckDBPyConnection) -> tuple[str, str, str, str]:
    build_units(con, "core")
    row = con.execute(
        "SELECT zone, whole, judged, outcome FROM evidence_units WHERE field = 'abstract'"
    ).fetchone()
    assert row and len(row[1]) == len(row[2])
    return row


def test_unlabelled_abstract(con: duckdb.DuckDBPyConnection) -> None:
    text = f"{OPENING} {OWN} {OUTLOOK}"
    add_article(con, 1, "T", abstract=text)
    zone, whole, judged, outcome = unit(con)
    assert zone == "body"
    assert len(whole) == len(text)
    assert judged.strip(". ") == OWN.lower().strip(".")
    assert judged.index("we gave") == text.index("We gave")
    assert "scores" not in outcome and len(outcome) == len(text)


@pytest.mark.parametrize(
    ("category", "text", "zone", "judged"),
    [
        ("BACKGROUND", "Trials are randomized.", "objective", ""),
        ("BACKGROUND", "Trials are rare. We did a survey.", "objective", "we did a survey"),
        ("OBJECTIVE", "To compare two teas.", "objective", "to compare two teas"),
        ("METHODS", "A survey was sent.", "methods", "a survey was sent"),
        ("CONCLUSIONS", f"Tea helped. {OUTLOOK}", "conclusions", "tea helped"),
    ],
)
def test_sections(
    con: duckdb.DuckDBPyConnection, category: str, text: str, zone: str, judged: str
) -> None:
    add_article(con, 1, "T", abstract=[(category, text)])
    found = unit(con)
    assert found[0] == zone
    assert found[2].strip(". ") == judged


def test_one_sentence_is_judged(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "T", abstract="A 39-year-old man took kratom.")
    assert unit(con)[2].startswith("a 39-year-old man")
