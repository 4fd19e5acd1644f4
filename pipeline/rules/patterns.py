"""Patterns of the rule files: what they may contain, and how they become regular expressions.

A pattern is written against folded text (see `fold`), in RE2's syntax. A space or hyphen
outside brackets stands for any run of spaces and hyphens: `hot plate` also finds "hot-plate",
and `meta-?analys[ei]s` finds "meta-analysis", "meta analysis" and "metaanalysis". `{word}`
stands for what `[words]` of the file says once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import re2

from pipeline.rules.file import RuleFile
from pipeline.rules.fold import fold

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
    return options


OPTIONS = _options()
"""How every pattern is compiled; matching goes over UTF-8 bytes. Who compiles one holds it: the
cache of `re2` has room for 128."""


class PatternError(ValueError):
    """A pattern that a rule cannot use."""


@lru_cache(maxsize=4096)
def regular_expression(pattern: str) -> str:
    """The regular expression that a pattern stands for.

    Args:
        pattern: as written in a rule file, with its words filled in.

    Raises:
        PatternError: the pattern uses what rules do without, cannot match folded text, matches
            the empty text, or does not compile.
    """
    literal = re.sub(r"\\.", "_", pattern)  # in place: `?\d+` is no possessive ?+
    for forbidden, why in _FORBIDDEN.items():
        if re.search(forbidden, literal):
            raise PatternError(f"pattern {pattern!r} uses {why}")
    if other := re.search(_FORBIDDEN_ESCAPES, pattern):
        raise PatternError(f"pattern {pattern!r} uses {other[0]}: rules do without it")
    if fold(literal) != literal:
        raise PatternError(
            f"pattern {pattern!r} can never match: text is folded (lower case, plain hyphens)"
        )
    expression = _with_separators(pattern)
    try:
        compiled = re2.compile(expression, OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise PatternError(f"pattern {pattern!r} does not compile: {reason}") from error
    if compiled.search(b"") or compiled.search("\u4e00".encode()):
        raise PatternError(f"pattern {pattern!r} matches without any word of its own")
    return expression


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
        filled = [self.fill(one, one) for one in found]
        for one, pattern in zip(found, filled, strict=True):
            checked(self.file, pattern, one)
        return f"(?:{'|'.join(filled)})"

    def fill(self, pattern: str, near: str) -> str:
        """A pattern with every word in it replaced.

        Raises:
            ConfigurationError: an unknown word; the line is that of `near`.
        """

        def word(place: re.Match[str]) -> str:
            if place[1] not in self.known:
                raise self.file.error(near, f"unknown word `{place[0]}` (see [words])")
            return self.known[place[1]]

        return _WORD.sub(word, pattern)


def checked(file: RuleFile, pattern: str, near: str) -> str:
    """The regular expression of a pattern whose words are filled in.

    Raises:
        ConfigurationError: it cannot be used; the line is that of `near`.
    """
    try:
        return regular_expression(pattern)
    except PatternError as error:
        raise file.error(near, str(error)) from error


_PART = re.compile(
    r"(?P<kept>\\.?|\[(?:\\.|[^\]\\])*\]?)|[ -](?P<is_quantified>(?=[?*+{]))?", re.DOTALL
)
"""What stays as it is, an escape or a class; or a space or hyphen, and whether it is repeated."""


def _with_separators(pattern: str) -> str:
    """Every space or hyphen outside brackets and escapes becomes a run of either."""

    def instead(part: re.Match[str]) -> str:
        if part["kept"] is not None:
            return part["kept"]
        return _ANY_SEPARATOR if part["is_quantified"] is not None else _ANY_SEPARATOR + "+"

    return _PART.sub(instead, pattern)
