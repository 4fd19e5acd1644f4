"""How PubMed read a query, compared with how it read the same query last time.

PubMed drops words and fields it does not know and still answers (QueryTranslation shows
what was left), and a MeSH year adds narrower headings. The first must stop a run; the
second makes a search grow.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

FIRST, SAME, GROWN, ACCEPTED = "first", "same", "grown", "accepted"
"""How an answer stands to the last one to the same query (ops.searches.translation_status)."""

_TERM = re.compile(r'"[^"]*"(?:\[[^\]]*\])?|[^\s()"\[\]]+(?:\s*\[[^\]]*\])?')
_OPERATORS = frozenset(("AND", "OR", "NOT"))
_NO_LOSS = ("OutputMessage: Restrictions achieved", "OutputMessage: No items found")
"""Notices of paging and of an empty answer: they change nothing about the query."""


@dataclass(frozen=True)
class Comparison:
    """Two translations of one query.

    Attributes:
        dropped: terms with their fields that are no longer there.
        added: terms with their fields that are new.
        is_restructured: other ANDs or NOTs hold the terms together.
    """

    dropped: tuple[str, ...]
    added: tuple[str, ...]
    is_restructured: bool

    @property
    def is_same(self) -> bool:
        return not (self.dropped or self.added or self.is_restructured)

    @property
    def has_only_grown(self) -> bool:
        return bool(self.added) and not (self.dropped or self.is_restructured)


def compare(before: str, after: str) -> Comparison:
    """What changed from one QueryTranslation to another; case, brackets, order do not count."""
    old, new = _terms(before), _terms(after)
    return Comparison(
        tuple(sorted(old.keys() - new.keys() - _OPERATORS)),
        tuple(sorted(new.keys() - old.keys() - _OPERATORS)),
        any(old[operator] != new[operator] for operator in ("AND", "NOT")),
    )


def lost_words(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """The warnings of an answer that say a word, phrase or field was left out or changed."""
    return tuple(text for text in warnings if not text.startswith(_NO_LOSS))


def _terms(translation: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for match in _TERM.findall(translation):
        found[match if match in _OPERATORS else re.sub(r"\s+", " ", match).lower()] += 1
    return found
