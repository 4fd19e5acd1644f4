"""One form of text for every rule: case, spaces, hyphens, quotes and mu are made alike.

Folding replaces single code points by single code points, so a folded text is exactly as
long as the stored one and offsets found in it hold in the stored text. SQL and Python use
the same two constants; `tests/evidence/test_folding.py` proves them equal.

The map is explicit on purpose: `lower()` of DuckDB and of Python follow their own Unicode
tables and may differ, and Python's turns some single characters into two.
"""

from __future__ import annotations

import re

_SPACES = (
    *range(0x09, 0x0E),
    *range(0x1C, 0x20),
    *(0x85, 0xA0, 0x1680),
    *range(0x2000, 0x200C),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)
_HYPHENS = (0xAD, *range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D)
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201B: "'", 0x2032: "'", 0x201C: '"', 0x201D: '"'}
_MICRO_SIGN, _GREEK_MU = 0xB5, "\u03bc"
_CASED_RANGES = ((0x41, 0x5A), (0xC0, 0xDE), (0x100, 0x17F), (0x386, 0x3AB))
"""Basic Latin, Latin-1, Latin Extended-A and Greek: the scripts rules are written in."""


def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for first, last in _CASED_RANGES:
        for code in range(first, last + 1):
            lower = chr(code).lower()
            if len(lower) == 1 and lower != chr(code):
                table[code] = lower
    table.update(dict.fromkeys(_SPACES, " "))
    table.update(dict.fromkeys(_HYPHENS, "-"))
    table.update(_QUOTES)
    table[_MICRO_SIGN] = _GREEK_MU
    return table


_TABLE = _table()
_FROM = "".join(map(chr, _TABLE))
_TO = "".join(_TABLE.values())


def fold(text: str) -> str:
    """The folded form of a text: same length, comparable with every pattern."""
    return text.translate(_TABLE)


def sql_string(text: str) -> str:
    """A text as an SQL string constant (control characters spelt out)."""
    pieces = [
        f"chr({ord(piece)})" if piece < " " else "'" + piece.replace("'", "''") + "'"
        for piece in re.split(r"([\x00-\x1f])", text)
        if piece
    ]
    return " || ".join(pieces) or "''"


def fold_sql(expression: str) -> str:
    """SQL for the folded form of a VARCHAR expression; the twin of `fold`."""
    return f"translate({expression}, {sql_string(_FROM)}, {sql_string(_TO)})"
