"""Dates as printed: every shape NLM prints, and nothing ever raises."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pubmed.parsing.dates import Part, moment, partial_date, read_words, whole_date


@pytest.mark.parametrize(
    ("words", "year", "month", "day", "precision"),
    [
        ("1998 Dec-1999 Jan", 1998, 12, None, "range"),
        ("2018 May - Jun", 2018, 5, None, "range"),
        ("1999 Jan-Mar", 1999, 1, None, "range"),
        ("2021 Apr-Jun 01", 2021, 4, None, "range"),
        ("2021 Dec 24-31", 2021, 12, 24, "range"),
        ("2000 Oct 30-Nov 2", 2000, 10, 30, "range"),
        ("24-31 December 1998", 1998, 12, 24, "range"),
        ("1944-1945", 1944, None, None, "range"),
        ("1978-79", 1978, None, None, "range"),
        ("2001-02", 2001, None, None, "range"),
        ("1998 Fall-1999 Winter", 1998, 10, None, "range"),
        ("2000 Spring-Summer", 2000, 4, None, "range"),
        ("2021 1st-2nd Quarter", 2021, 1, None, "range"),
        ("2000 Spring", 2000, 4, None, "season"),
        ("Autumn 1987", 1987, 10, None, "season"),
        ("2021 3rd Quarter", 2021, 7, None, "season"),
        ("1983 2d Quart", 1983, 4, None, "season"),
        ("2019", 2019, None, None, "year"),
        ("1969 Christmas", 1969, None, None, "year"),
        ("2021 Jun 15", 2021, 6, 15, "day"),
        ("15 Sept 1999", 1999, 9, 15, "day"),
        ("2021-06-15", 2021, 6, 15, "day"),
        ("2021/06", 2021, 6, None, "month"),
        ("July 1998", 1998, 7, None, "month"),
        ("Feb 30 2021", 2021, 2, None, "month"),
        ("2021 13 45", 2021, None, None, "year"),
        ("no date", None, None, None, "unreadable"),
        ("", None, None, None, "unreadable"),
        ("0000", None, None, None, "unreadable"),
    ],
)
def test_free_words(
    words: str, year: int | None, month: int | None, day: int | None, precision: str
) -> None:
    assert read_words(words) == (year, month, day, precision, words)
    assert partial_date((("MedlineDate", words),)) == (year, month, day, precision, words)


@pytest.mark.parametrize(
    ("said", "year", "month", "day", "precision"),
    [
        ("Year=2021 Month=Jun Day=05", 2021, 6, 5, "day"),
        ("Year=2021 Month=06 Day=5", 2021, 6, 5, "day"),
        ("Year=2021 Month=06", 2021, 6, None, "month"),
        ("Year=2021 Month=Jul-Aug", 2021, 7, None, "range"),
        ("Year=2021 Season=Winter", 2021, 1, None, "season"),
        ("Year=2021 Season=Apr-Jun", 2021, 4, None, "range"),
        ("Year=2021 Season=Winter-Spring", 2021, 1, None, "range"),
        ("Year=2021", 2021, None, None, "year"),
        ("Year=2021 Month=13", 2021, None, None, "year"),
        ("Year=2021 Month=Feb Day=30", 2021, 2, None, "month"),
        ("Year=2020 Month=2 Day=29", 2020, 2, 29, "day"),
        ("Month=Jun", None, None, None, "unreadable"),
    ],
)
def test_parts(
    said: str, year: int | None, month: int | None, day: int | None, precision: str
) -> None:
    pairs = (part.partition("=") for part in said.split(" "))
    parts = tuple((tag, text) for tag, _, text in pairs)
    verbatim = " ".join(text for _, text in parts)
    assert partial_date(parts) == (year, month, day, precision, verbatim)


def parts_of(*texts: str) -> tuple[Part, ...]:
    return tuple(zip(("Year", "Month", "Day", "Hour", "Minute", "Second"), texts, strict=False))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("2021", "6", "7", "12", "41"), datetime(2021, 6, 7, 12, 41)),
        (("2021", "06", "07"), datetime(2021, 6, 7)),
        (("2021", "Jun", "7", "0", "0", "9"), datetime(2021, 6, 7, 0, 0, 9)),
        (("2021", "2", "30"), None),
        (("2021", "2"), None),
        (("2021", "6", "7", "24", "0"), None),
        (("2021", "6", "7", "x"), None),
        (("0", "1", "1"), None),
    ],
)
def test_moments(texts: tuple[str, ...], expected: datetime | None) -> None:
    assert moment(parts_of(*texts)) == expected


def test_whole_dates() -> None:
    assert whole_date(parts_of("2021", "06", "07")) == date(2021, 6, 7)
    assert whole_date(parts_of("2021", "02", "30")) is None
    assert whole_date(parts_of("2021", "02")) is None
    assert whole_date(()) is None


pieces = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "2021",
            "Jun",
            "-",
            " ",
            "1st",
            "Quarter",
            "Winter",
            "31",
            "/",
            "٣",
            "²",
            "00",
            "9999999999",
        ]
    ),
)


@given(st.lists(pieces, max_size=8).map("".join))
def test_no_words_raise_and_none_are_lost(words: str) -> None:
    found = read_words(words)
    assert found.verbatim == words
    assert (found.year is None) == (found.precision == "unreadable")
    if found.day:
        assert found.year and found.month and date(found.year, found.month, found.day)
    assert found.month is None or 1 <= found.month <= 12


tags = st.sampled_from(
    ["Year", "Month", "Day", "Season", "MedlineDate", "Hour", "Minute", "Second", "Odd"]
)


@given(st.lists(st.tuples(tags, pieces), max_size=7).map(tuple))
def test_no_parts_raise(parts: tuple[Part, ...]) -> None:
    assert partial_date(parts).verbatim == " ".join(text for _, text in parts if text)
    assert moment(parts) is None or isinstance(moment(parts), datetime)
    assert whole_date(parts) is None or isinstance(whole_date(parts), date)
