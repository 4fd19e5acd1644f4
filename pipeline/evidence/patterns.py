"""Patterns of the rule files: what they may contain, and how they become regular expressions.

A pattern is written against folded text (see `folding`), in the part of the language that
RE2 (DuckDB) and Python's `re` share and read alike. A space or hyphen outside brackets
stands for any run of spaces and hyphens: `hot plate` also finds "hot-plate", and
`meta-?analys[ei]s` finds "meta-analysis", "meta analysis" and "metaanalysis".
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.evidence.folding import fold

_FORBIDDEN = {
    r"\(\?(?!:)": "groups other than (?:...): RE2 and Python differ there, or RE2 has none",
    r"[*+?}]\+": "possessive quantifiers: RE2 has none",
    r"\$": "$: it means different ends of text; match on words instead",
}
_FORBIDDEN_ESCAPES = r"\\[1-9AZzGQEpPCuUNx]"
_ANY_SEPARATOR = "[ -]"


class PatternError(ValueError):
    """A pattern that both engines could not be trusted to read alike."""


@lru_cache(maxsize=4096)
def regular_expression(pattern: str) -> str:
    """The regular expression, for RE2 and Python alike, that a pattern stands for.

    Args:
        pattern: as written in a rule file.

    Raises:
        PatternError: the pattern uses what is not shared, cannot match folded text, matches
            the empty text, or does not compile.
    """
    literal = re.sub(r"\\.", "_", pattern)  # in place: `?\d+` is no possessive ?+
    for forbidden, why in _FORBIDDEN.items():
        if re.search(forbidden, literal):
            raise PatternError(f"pattern {pattern!r} uses {why}")
    if other := re.search(_FORBIDDEN_ESCAPES, pattern):
        raise PatternError(f"pattern {pattern!r} uses {other[0]}: RE2 and Python differ there")
    if fold(literal) != literal:
        raise PatternError(
            f"pattern {pattern!r} can never match: text is folded (lower case, plain hyphens)"
        )
    expression = _with_separators(pattern)
    try:
        twin = re.compile(expression, re.ASCII)
    except re.error as error:
        raise PatternError(f"pattern {pattern!r} does not compile: {error}") from error
    if twin.search("") or twin.search("\u4e00"):
        raise PatternError(f"pattern {pattern!r} matches without any word of its own")
    return expression


def _with_separators(pattern: str) -> str:
    """Every space or hyphen outside brackets and escapes becomes a run of either."""
    out: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            out.append(pattern[position : position + 2])
            position += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in " -":
            quantified = pattern[position + 1 : position + 2] in {"?", "*", "+", "{"}
            out.append(_ANY_SEPARATOR if quantified else _ANY_SEPARATOR + "+")
            position += 1
            continue
        out.append(character)
        position += 1
    return "".join(out)
