"""Folding: one to one, and the same in SQL and Python."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.evidence.folding import fold, fold_sql

CONNECTION = duckdb.connect()


@pytest.mark.parametrize(
    ("stored", "folded"),
    [
        ("Kratom USE", "kratom use"),
        ("hot\u2011plate\u00a0test\n", "hot-plate test "),
        ("10 \u00b5g and 10 \u03bcg", "10 \u03bcg and 10 \u03bcg"),
        ("Crohn\u2019s \u201cpain\u201d", 'crohn\'s "pain"'),
        ("\u0394-OPIOID \u0130", "\u03b4-opioid \u0130"),
    ],
)
def test_makes_spellings_alike(stored: str, folded: str) -> None:
    assert fold(stored) == folded


def test_sql_twin_agrees_on_every_code_point() -> None:
    points = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
    text = "".join(map(chr, points))
    assert fold(text) == CONNECTION.execute(f"SELECT {fold_sql('$1')}", [text]).fetchone()[0]
    assert len(fold(text)) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_sql_twin_agrees_on_any_text(text: str) -> None:
    folded = CONNECTION.execute(f"SELECT {fold_sql('$1')}", [text]).fetchone()[0]
    assert folded == fold(text)
    assert len(folded) == len(text)
