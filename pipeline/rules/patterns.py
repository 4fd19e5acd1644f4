"""Folded text, and the patterns of the rule files that are matched against it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from pipeline.rules.file import RuleFile

# -- One form of text for every rule: case, spaces, hyphens, quotes and mu made alike
#
# Folding replaces single code points by single code points and drops those that nobody sees (soft
# hyphens, zero-width spaces and joiners), so that a word cut by one is found. A `Text` keeps where
# every folded character stands in the stored text: proofs point there.
#
# The map is explicit on purpose: Python's `lower()` turns some single characters into two.

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


# -- Patterns of the rule files: what they may contain, and how they become regular expressions
#
# A pattern is written against folded text, in RE2's syntax. A space or hyphen outside
# brackets stands for any run of spaces and hyphens: `hot plate` also finds "hot-plate", and
# `meta-?analys[ei]s` finds "meta-analysis", "meta analysis" and "metaanalysis". `{word}` stands for
# what `[words]` of the file says once.

_FORBIDDEN = {
    r"\(\?(?!:)": "groups other than (?:...): text is folded, and RE2 looks at nothing around",
    r"[*+?}]\+": "possessive quantifiers: RE2 has none",
    r"\$": "$: sentences are cut and blotted, so ends of text say nothing; match on words",
}
_FORBIDDEN_ESCAPES = r"\\[1-9AZzGQEpPCuUNx]"
_ANY_SEPARATOR = "[ -]"
_WORD = re.compile(r"\{([a-z_]+)\}")


def _options() -> re2.Options:
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    options.never_nl = True  # texts are matched many at once, each in a line (`finding.Lines`)
    options.max_mem = 1_000_000  # of eight by default: thousands of patterns fill what they may
    return options


OPTIONS = _options()
"""How every pattern is compiled; matching goes over UTF-8 bytes. Who compiles one holds it: the
cache of `re2` has room for 128."""


class PatternError(ValueError):
    """A pattern that a rule cannot use."""


@cache
def check(pattern: str) -> None:
    """See that rules can use a pattern.

    Args:
        pattern: as written in a rule file, with its words filled in.

    Raises:
        PatternError: the pattern uses what rules do without, cannot match folded text, matches
            the empty text, or does not compile.
    """
    literal = re.sub(r"\\.", "_", pattern)  # in place: `?\d+` is not a possessive ?+
    for forbidden, why in _FORBIDDEN.items():
        if re.search(forbidden, literal):
            raise PatternError(f"pattern {pattern!r} uses {why}")
    if other := re.search(_FORBIDDEN_ESCAPES, pattern):
        raise PatternError(f"pattern {pattern!r} uses {other[0]}: rules do without it")
    if fold(literal) != literal:
        raise PatternError(
            f"pattern {pattern!r} can never match: text is folded (lower case, plain hyphens)"
        )
    try:
        compiled = re2.compile(regular_expression(pattern), OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise PatternError(f"pattern {pattern!r} does not compile: {reason}") from error
    if compiled.search(b"") or compiled.search("\u4e00".encode()):
        raise PatternError(f"pattern {pattern!r} matches without any word of its own")


@cache
def regular_expression(pattern: str) -> str:
    """The regular expression that a pattern stands for, which was checked.

    Every space or hyphen outside brackets and escapes becomes a run of either.
    """

    def instead(part: re.Match[str]) -> str:
        if part["kept"] is not None:
            return part["kept"]
        return _ANY_SEPARATOR if part["is_quantified"] is not None else _ANY_SEPARATOR + "+"

    return _PART.sub(instead, pattern)


_PART = re.compile(
    r"(?P<kept>\\.?|\[(?:\\.|[^\]\\])*\]?)|[ -](?P<is_quantified>(?=[?*+{]))?", re.DOTALL
)
"""What stays as it is, an escape or a class; or a space or hyphen, and whether it is repeated."""


class Words:
    """What `{name}` stands for in the patterns of a file: its table `[words]`.

    A word is a pattern, or a list of names, any of which may stand there. A word may use those
    written before it.
    """

    def __init__(self, file: RuleFile, instead: Mapping[str, Sequence[str]] | None = None) -> None:
        """Read the words of a file.

        Args:
            file: the parsed file.
            instead: lists that take the place of those of the file (for measuring).

        Raises:
            ConfigurationError: a word cannot be used, with its line.
        """
        self.file = file
        self.known: dict[str, str] = {}
        for name, found in {**file.data.get("words", {}), **(instead or {})}.items():
            self.known[name] = self._read(name, found)

    def _read(self, name: str, found: str | Sequence[str]) -> str:
        if isinstance(found, str):
            return self.fill(found, f"{name} = ")
        return f"(?:{'|'.join(map(self.pattern, found))})"

    def pattern(self, written: str) -> str:
        """A pattern of the file with every word in it replaced, which rules can use.

        Raises:
            ConfigurationError: it cannot be used, with its line.
        """
        filled = self.fill(written, written)
        checked(self.file, filled, written)  # with words filled in, it is in no line of the file
        return filled

    def fill(self, pattern: str, near: str) -> str:
        """A pattern with every word in it replaced, unchecked.

        Raises:
            ConfigurationError: an unknown word; the line is that of `near`.
        """

        def word(place: re.Match[str]) -> str:
            if place[1] not in self.known:
                raise self.file.error(near, f"unknown word `{place[0]}` (see [words])")
            return self.known[place[1]]

        return _WORD.sub(word, pattern)


_are_good = ContextVar("_are_good", default=False)


@contextmanager
def taken_as_good() -> Iterator[None]:
    """Check no pattern: for files that this very program found good before.

    Checking compiles thousands of patterns, which takes more than half of loading.
    """
    token = _are_good.set(True)
    try:
        yield
    finally:
        _are_good.reset(token)


def checked(file: RuleFile, pattern: str, near: str) -> str:
    """The regular expression of a pattern whose words are filled in.

    Raises:
        ConfigurationError: it cannot be used; the line is that of `near`.
    """
    if not _are_good.get():
        try:
            check(pattern)
        except PatternError as error:
            raise file.error(near, str(error)) from error
    return regular_expression(pattern)


_COUNTED = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\{(\d+)(?:,\d*)?\}")
"""What stays as it is, an escape or a class; or how often something is repeated, at least."""


def loosened(expression: str) -> str:
    """A regular expression that counts nothing and finds whatever the given one does."""
    return _COUNTED.sub(lambda part: part[1] or ("*" if part[2] == "0" else "+"), expression)
