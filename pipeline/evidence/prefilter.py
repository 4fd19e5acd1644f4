"""Find pieces of words a pattern cannot do without, so that most texts skip most patterns.

For each pattern we take a set of literals one of which must stand in any match, each within one
word; only texts with a word that holds one of them see the pattern itself (see `scanning`). The
idea is RE2's own FilteredRE2; DuckDB does not offer it.
"""

from __future__ import annotations

import re
from functools import lru_cache

# The parser behind `re`: no public one exists, and the language here is small (see `patterns`).
from re import _constants, _parser  # type: ignore[attr-defined]
from string import ascii_lowercase, digits
from typing import Any

from pipeline.evidence.patterns import regular_expression

_SHORTEST = 3
"""Shorter literals stand in nearly every text."""
WORD = f"[a-z0-9]{{{_SHORTEST},}}"
"""A word as the texts are cut into: what a literal must lie within."""
_OF_A_WORD = frozenset(ascii_lowercase + digits)


@lru_cache(maxsize=4096)
def required_literals(pattern: str) -> frozenset[str] | None:
    """Literals one of which stands in every match of a pattern; None if there are no good ones.

    Args:
        pattern: as written in a rule file.
    """
    found = _of_sequence(_parser.parse(regular_expression(pattern), re.ASCII))
    return found if found and min(map(len, found)) >= _SHORTEST else None


def _of_sequence(items: Any) -> frozenset[str] | None:
    """The best set over the parts of a sequence: its shortest literal is the longest."""
    candidates: list[frozenset[str]] = []
    run = ""
    for operation, argument in items:
        if operation is _constants.LITERAL and chr(argument) in _OF_A_WORD:
            run += chr(argument)
            continue
        if run:
            candidates.append(frozenset({run}))
            run = ""
        if (inner := _of_part(operation, argument)) is not None:
            candidates.append(inner)
    if run:
        candidates.append(frozenset({run}))
    return max(candidates, key=lambda one: (min(map(len, one)), sorted(one)), default=None)


def _of_part(operation: Any, argument: Any) -> frozenset[str] | None:
    """Literals of one part that is not a plain character."""
    if operation is _constants.SUBPATTERN:
        return _of_sequence(argument[3])
    if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        at_least, _, inner = argument
        return _of_sequence(inner) if at_least > 0 else None
    if operation is _constants.BRANCH:
        branches = [_of_sequence(branch) for branch in argument[1]]
        if all(branches):
            return frozenset(literal for branch in branches if branch for literal in branch)
    return None
