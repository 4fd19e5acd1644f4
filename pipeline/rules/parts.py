"""Rules in parts: only those are tried that can say something of a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace
from functools import cached_property
from operator import attrgetter

from pipeline.rules.decide import Found, Matcher, Tag
from pipeline.rules.model import RuleSet
from pipeline.rules.text import Unit


class MatcherInParts:
    """A set of rules of which a record asks for some."""

    def __init__(self, rules: RuleSet, parts: Iterable[Collection[int]]) -> None:
        """Take the rules apart; each part is compiled when it is first asked for.

        Args:
            rules: the rules.
            parts: places of the rules that are mostly asked for together.
        """
        self._parts = [_Part(rules, sorted(part)) for part in parts]

    def find(self, wanted: Set[int], units: Sequence[Unit], tags: Sequence[Tag]) -> list[Found]:
        """What some rules find in a record, in the order of the rules.

        Args:
            wanted: places of the rules.
            units: texts of the record, see `Matcher.run`.
            tags: what it carries beside them.
        """
        found = [
            one._replace(rule_no=part.places[one.rule_no])
            for part in self._parts
            if not wanted.isdisjoint(part.places)
            for one in part.matcher.run(units, tags).found
        ]
        return sorted((one for one in found if one.rule_no in wanted), key=attrgetter("rule_no"))


class _Part:
    """Some rules of a set, and their places there."""

    def __init__(self, rules: RuleSet, places: Sequence[int]) -> None:
        self.places = places
        self._rules = replace(rules, rules=tuple(rules.rules[place] for place in places))

    @cached_property
    def matcher(self) -> Matcher:
        return Matcher(self._rules)
