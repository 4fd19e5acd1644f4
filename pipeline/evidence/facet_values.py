"""Values read from the words a rule found: numbers and years."""

from __future__ import annotations

import re
from collections.abc import Callable

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_DIGITS = re.compile(r"\d{1,3}(?:[, \u00a0\u2009\u202f]\d{3})+(?!\d)|\d+")
_YEAR = re.compile(r"(?<!\d)(?:19[5-9]\d|20[0-4]\d)(?!\d)")


_IN_A_YEAR = re.compile(
    r"\b(?:in|from|since|during|of) (?:19[5-9]\d|20[0-4]\d)(?![\d,])", re.IGNORECASE
)


def number(text: str) -> str | None:
    """The first number in a text, in digits or English words up to 999, as digits.

    "In 2019 patients ..." names a year.

    Args:
        text: e.g. "a total of 1,204 patients" or "Twenty-six men".

    Returns:
        "1204", "26"; None when there is none, or it is 0.
    """
    text = _IN_A_YEAR.sub(" ", text)
    for match in re.finditer(r"[A-Za-z]+|" + _DIGITS.pattern, text):
        found = match[0]
        if found[0].isdigit():
            value = int(re.sub(r"\D", "", found))
        elif found.lower() in _ONES or found.lower() in _TENS:
            value = _in_words(text[match.start() :])
        else:
            continue
        return str(value) if value else None
    return None


def years(text: str) -> str | None:
    """First and last year in a text, as "2011-2017", or "2019" when there is one.

    Args:
        text: e.g. "between January 2011 and July 2017".

    Returns:
        None when no year from 1950 to 2049 stands in it, or the last is before the first.
    """
    found = [int(year) for year in _YEAR.findall(text)]
    if not found or found[-1] < found[0]:
        return None
    return str(found[0]) if found[0] == found[-1] else f"{found[0]}-{found[-1]}"


READERS: dict[str, Callable[[str], str | None]] = {"number": number, "years": years}
"""What `read` of a facet may be."""


def _in_words(text: str) -> int:
    """The number that a text starts with, in words: "two hundred and forty-one patients"."""
    total = 0
    for word in re.split(r"[\s\-\u2010-\u2015]+", text.lower()):
        if word in _ONES:
            total += _ONES[word]
        elif word in _TENS:
            total += _TENS[word]
        elif word == "hundred":
            total *= 100
        elif word != "and":
            break
    return total
