"""Dates as PubMed prints them: their words, and what can safely be derived from them.

The shapes come from the PubMed DTD (PubDate, ArticleDate, PubMedPubDate) and from NLM's
"MEDLINE/PubMed XML Element Descriptions": a PubDate has Year with Month, Day or Season, or
a MedlineDate in free words (`1998 Dec-1999 Jan`, `2000 Spring`, `2021 3rd Quarter`).
Nothing here raises: a date that cannot be read as one keeps its words and has a lower precision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

Part = tuple[str, str]
"""One child of a date element: its tag and its text, e.g. ("Month", "Jun")."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
MONTH_NUMBER = {
    name: number for number, month in enumerate(_MONTHS, 1) for name in (month, month[:3])
}
MONTH_NUMBER["sept"] = 9
# NLM sorts a season by a fixed month (MedlineDate in the element descriptions).
SEASON_MONTH = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_ORDINALS = {"1st": 1, "2nd": 2, "2d": 2, "3rd": 3, "3d": 3, "4th": 4}
_ORDINALS |= {"first": 1, "second": 2, "third": 3, "fourth": 4}

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[-\u2010-\u2015/&]", re.ASCII)
_ORDINAL = r"(1st|2n?d|3r?d|4th|first|second|third|fourth)"
_QUARTER = re.compile(
    rf"\b{_ORDINAL}(?:\s?[-/&]\s?{_ORDINAL})?\s+quart(?:er)?s?\b", re.IGNORECASE | re.ASCII
)
_NUMERIC = re.compile(r"(\d{4})(?:([-/ .])(\d{1,2}))(?:\2(\d{1,2}))?", re.ASCII)
_YEARS_ABBREVIATED = re.compile(r"(\d{4})\s?[-\u2010-\u2015/]\s?\d{1,2}(?!\d)", re.ASCII)
_JOINERS = frozenset({"-", "/", "&", "to", "and", *map(chr, range(0x2010, 0x2016))})


class PartialDate(NamedTuple):
    """A date as far as it can be read.

    Attributes:
        precision: day, month, season, year, range or unreadable.
        verbatim: the words it was read from, unchanged.
    """

    year: int | None
    month: int | None
    day: int | None
    precision: str
    verbatim: str


@lru_cache(maxsize=4096)
def partial_date(parts: tuple[Part, ...]) -> PartialDate:
    """Read a PubDate, ArticleDate or any other element of Year, Month, Day, Season, MedlineDate.

    Args:
        parts: the children in document order, as (tag, text).

    Returns:
        The first day, month or season of what is said: a range counts where it begins.
    """
    verbatim = " ".join(text for _, text in parts if text)
    named = " ".join(_month_name(text) if tag == "Month" else text for tag, text in parts if text)
    return read_words(named)._replace(verbatim=verbatim)


def _month_name(text: str) -> str:
    """Numbers of months as names: only the Month element says that a number is a month."""
    number = small_number(text.strip())
    if number is not None and 1 <= number <= 12:
        return _MONTHS[number - 1]
    return text


@lru_cache(maxsize=4096)
def read_words(text: str) -> PartialDate:
    """Read a date in free words (MedlineDate, or DP of a MEDLINE text export).

    Returns:
        A PartialDate whose verbatim is `text`; precision is `unreadable` without a year.
    """
    numeric = _NUMERIC.fullmatch(text.strip())
    if numeric and (numeric[4] or numeric[2] != "-"):  # `2001-02` is a range of years
        year, month, day = int(numeric[1]), int(numeric[3]), int(numeric[4] or 0)
        if _is_year(year) and 1 <= month <= 12:
            return _checked(year, month, day or None, "month", False, text)
    quarter = _QUARTER.search(text)
    plain = _QUARTER.sub(" ", text) if quarter else text
    tokens = [token.lower() for token in _TOKEN.findall(plain)]
    year = next((int(token) for token in tokens if _is_year_token(token)), 0)
    if not year:
        return PartialDate(None, None, None, "unreadable", text)
    months = [i for i, token in enumerate(tokens) if token in MONTH_NUMBER]
    seasons = [i for i, token in enumerate(tokens) if token in SEASON_MONTH]
    is_range = _is_range(tokens, months, seasons, plain) or bool(quarter and quarter[2])
    if months:
        return _checked(
            year,
            MONTH_NUMBER[tokens[months[0]]],
            _day_beside(tokens, months[0]),
            "month",
            is_range,
            text,
        )
    if seasons:
        return _checked(year, SEASON_MONTH[tokens[seasons[0]]], None, "season", is_range, text)
    if quarter:
        month = 3 * _ORDINALS[quarter[1].lower()] - 2
        return _checked(year, month, None, "season", is_range, text)
    return _checked(year, None, None, "year", is_range, text)


def _is_range(tokens: list[str], months: list[int], seasons: list[int], text: str) -> bool:
    """More than one year, month or season, or two days with a joiner between."""
    if len(months) > 1 or len(seasons) > 1 or _YEARS_ABBREVIATED.search(text):
        return True
    if len({token for token in tokens if _is_year_token(token)}) > 1:
        return True
    return any(
        _is_day(before) and joiner in _JOINERS and _is_day(after)
        for before, joiner, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )


def _day_beside(tokens: list[str], at: int) -> int | None:
    """The day after the first month (`Dec 24-31`), else the one before it (`24 Dec 1998`)."""
    following = tokens[at + 1 : at + 2]
    if following and _is_day(following[0]):
        return int(following[0])
    if at and _is_day(tokens[at - 1]):
        first = at - 1  # `24-31 Dec`: the first of the two days counts
        if at >= 3 and tokens[at - 2] in _JOINERS and _is_day(tokens[at - 3]):
            first = at - 3
        return int(tokens[first])
    return None


def _checked(
    year: int, month: int | None, day: int | None, precision: str, is_range: bool, text: str
) -> PartialDate:
    """A day that its month does not have is dropped; the month stands."""
    if month and day:
        if real_date(year, month, day) is None:
            day = None
        else:
            precision = "day"
    return PartialDate(year, month, day, "range" if is_range else precision, text)


def _is_year(number: int) -> bool:
    return 1000 <= number <= 2999


def _is_year_token(token: str) -> bool:
    return len(token) == 4 and token.isdigit() and token.isascii() and _is_year(int(token))


def _is_day(token: str) -> bool:
    return len(token) <= 2 and token.isdigit() and token.isascii() and 1 <= int(token) <= 31


def small_number(text: str) -> int | None:
    """Up to nine ASCII digits as a number; anything else is None (`int` would take `1_0`)."""
    return int(text) if text.isdigit() and text.isascii() and len(text) <= 9 else None


def real_date(year: int, month: int, day: int) -> date | None:
    """The date, or None when the calendar does not have it."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _numbers(parts: Iterable[Part]) -> dict[str, int | None]:
    """The first of each part as a number; month names count."""
    found: dict[str, int | None] = {}
    for tag, text in parts:
        plain = text.strip()
        number = small_number(plain)
        if number is None and tag == "Month":
            number = MONTH_NUMBER.get(plain.lower())
        found.setdefault(tag, number)
    return found


@lru_cache(maxsize=4096)
def whole_date(parts: tuple[Part, ...]) -> date | None:
    """DateCompleted, DateRevised: Year, Month and Day as a date, or None if they are not a date."""
    found = _numbers(parts)
    year, month, day = found.get("Year"), found.get("Month"), found.get("Day")
    return real_date(year, month, day) if year and month and day else None


def moment(parts: Iterable[Part]) -> datetime | None:
    """PubMedPubDate (DTD: Year, Month, Day, (Hour, (Minute, Second?)?)?) as a moment.

    Returns:
        None when a part is not a number or the calendar or clock does not have it; hours,
        minutes and seconds that are not said are 0.
    """
    found = _numbers(parts)
    for tag in ("Hour", "Minute", "Second"):
        found.setdefault(tag, 0)
    numbers = [found.get(tag) for tag in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
    year, month, day, hour, minute, second = numbers
    if year is None or month is None or day is None:
        return None
    if hour is None or minute is None or second is None:
        return None
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone is said
    except (ValueError, OverflowError):
        return None
