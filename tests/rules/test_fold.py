"""Folding: spellings made alike, what nobody sees dropped, places kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.patterns import Text, fold, invisible

SEEN_AND_NOT = st.text(st.sampled_from("aB1 \u00e9\u03bc\u2009\U0001f33f\u00ad\u200b\u2060\ufeff-"))


@pytest.mark.parametrize(
    ("stored", "folded"),
    [
        ("Kratom USE", "kratom use"),
        ("hot\u2011plate\u00a0test\n", "hot-plate test "),
        ("10 \u00b5g and 10 \u03bcg", "10 \u03bcg and 10 \u03bcg"),
        ("Crohn\u2019s \u201cpain\u201d", 'crohn\'s "pain"'),
        ("\u0394-OPIOID \u0130", "\u03b4-opioid \u0130"),
        ("mitra\u00adgynine", "mitragynine"),
        ("kra\u200btom", "kratom"),
        ("7-\u200bhydroxy\u200cmitra\u2060gynine\ufeff", "7-hydroxymitragynine"),
    ],
)
def test_makes_spellings_alike(stored: str, folded: str) -> None:
    assert fold(stored) == folded


def test_nothing_but_what_nobody_sees_is_dropped() -> None:
    points = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    text = "".join(map(chr, points))
    dropped = {points[place] for place in invisible(text)}
    assert {0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF} <= dropped
    assert len(dropped) < 60
    assert len(fold(text)) == len(text) - len(dropped)


@given(SEEN_AND_NOT, st.data())
def test_a_place_in_the_folded_text_is_one_in_the_stored_text(
    stored: str, data: st.DataObject
) -> None:
    text = Text(fold(stored), invisible(stored))
    if not text.folded:
        return
    first = data.draw(st.integers(0, len(text.folded) - 1))
    last = data.draw(st.integers(first + 1, len(text.folded)))
    start, end = text.place(len(text.folded[:first].encode()), len(text.folded[:last].encode()))
    assert fold(stored[start:end]) == text.folded[first:last]
    assert start not in invisible(stored)
    assert end - 1 not in invisible(stored)
