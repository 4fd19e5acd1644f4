"""One form of text for every rule: case, spaces, hyphens, quotes and mu are made alike.

Folding replaces single code points by single code points and drops those that nobody sees (soft
hyphens, zero-width spaces and joiners), so that a word cut by one is found. A `Text` keeps
where every folded character stands in the stored text: proofs point there.

The map is explicit on purpose: Python's `lower()` turns some single characters into two.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_SPACES = (
    *range(0x09, 0x0E),
    *range(0x1C, 0x20),
    *(0x85, 0xA0, 0x1680),
    *range(0x2000, 0x200B),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)
_HYPHENS = (*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D)
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201B: "'", 0x2032: "'", 0x201C: '"', 0x201D: '"'}
_MICRO_SIGN, _GREEK_MU = 0xB5, "\u03bc"
_CASED_RANGES = ((0x41, 0x5A), (0xC0, 0xDE), (0x100, 0x17F), (0x386, 0x3AB))
"""Basic Latin, Latin-1, Latin Extended-A and Greek: the scripts rules are written in."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff]"
)
"""Characters without a glyph of their own (Unicode's default ignorables, fillers apart)."""


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


def visible(text: str) -> str:
    """A text without the characters that nobody sees; as long as its folded form."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def fold(text: str) -> str:
    """The folded form of a text, comparable with every pattern."""
    return visible(text).translate(_TABLE)


def invisible(text: str) -> tuple[int, ...]:
    """The places of the characters that folding drops, as code points of the stored text."""
    if text.isascii():
        return ()
    return tuple(match.start() for match in _INVISIBLE.finditer(text))


class Text:
    """A folded text, ready to be matched, that knows where its characters stand.

    Attributes:
        folded: the folded text, or one of the same length with parts of it blotted out.
        raw: the same in UTF-8, as patterns read it.
    """

    __slots__ = ("_dropped", "folded", "raw")

    def __init__(self, folded: str, dropped: tuple[int, ...] = ()) -> None:
        """Take a folded text.

        Args:
            folded: what `fold` gave, or the same with characters replaced one by one.
            dropped: what `invisible` gave for the stored text.
        """
        self.folded = folded
        self.raw = folded.encode()
        # of each dropped character: how many folded characters stand before it
        self._dropped = tuple(place - count for count, place in enumerate(dropped))

    def with_characters(self, folded: str) -> Text:
        """The same text with characters replaced one by one.

        Args:
            folded: as long as `folded` of this text.
        """
        made = Text(folded)
        made._dropped = self._dropped
        return made

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where bytes of `raw` stand in the stored text, in code points, half open.

        Args:
            start: first byte.
            end: one past the last byte; after `start`.
        """
        if len(self.raw) != len(self.folded):
            start, end = (len(self.raw[:place].decode()) for place in (start, end))
        return self.stored(start, end)

    def stored(self, start: int, end: int) -> tuple[int, int]:
        """Where characters of `folded` stand in the stored text, in code points, half open.

        Args:
            start: first character.
            end: one past the last; after `start`.
        """
        if self._dropped:
            start += bisect_right(self._dropped, start)
            end += bisect_right(self._dropped, end - 1)
        return start, end
