"""Run the rules of a set over one record: which of them hold, and the words behind each.

What a rule requires is a condition and no proof: "patients" proves no trial. Of each signal of
its own that a rule rests on, the first place in every unit is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from pipeline.rules.match import Tag, TagFinder, TextFinder
from pipeline.rules.model import RuleSet
from pipeline.rules.text import Unit

TEXT = "text"
"""Source of a proof by words of a text."""


class Found(NamedTuple):
    """A signal of its own that a rule rests on, and where it stands.

    Attributes:
        rule_no: the rule's place in its set.
        unit_index: the unit among those of the record; None for a tag.
        source: `text`, or the source of the tag.
        field: field of the unit, or table of the tag.
        section_no: see `Unit`; None for a tag, as are zone, start, end and form.
        zone: zone of the unit.
        text: the words as stored, or the tag's name.
        start: first character in the stored text, in code points.
        end: one past the last.
        form: the first form of the text that has the words.
    """

    rule_no: int
    unit_index: int | None
    source: str
    field: str
    section_no: int | None
    zone: str | None
    text: str
    start: int | None
    end: int | None
    form: str | None


class Outcome(NamedTuple):
    """What the rules of a set say of a record.

    Attributes:
        fired: unit and rule of each rule that holds, in the order of the set; the unit is None
            unless rules hold within a unit, and where one holds among the tags.
        found: the words and tags behind them.
    """

    fired: list[tuple[int | None, int]]
    found: list[Found]


class Matcher:
    """A set of rules, compiled; the same for any number of records."""

    def __init__(self, rules: RuleSet) -> None:
        """Compile the rules.

        Args:
            rules: the rules; their patterns are checked already.
        """
        self.rules = rules
        signals = rules.signals()
        self._texts = TextFinder(signals, rules.forms[-1])
        self._tags = TagFinder(signals)
        self._own: list[tuple[int, ...]] = []
        self._requires: list[tuple[frozenset[int], ...]] = []
        self._unless: list[frozenset[int]] = []
        self._owners: list[list[int]] = [[] for _ in signals]
        for rule_no, rule in enumerate(rules.rules):
            self._own.append(tuple(dict.fromkeys(signals[one] for one in rule.signals)))
            self._requires.append(
                tuple(frozenset(signals[one] for one in group) for group in rule.requires)
            )
            self._unless.append(frozenset(signals[one] for one in rule.unless))
            for number in self._own[-1]:
                self._owners[number].append(rule_no)

    def run(self, units: Sequence[Unit], tags: Sequence[Tag]) -> Outcome:
        """Run the rules over one record.

        Args:
            units: its texts; each has the forms of the set.
            tags: what it carries beside them, each once.
        """
        hits: dict[int, list[int | Tag]] = {}
        for index, unit in enumerate(units):
            for number in self._texts.find(unit):
                hits.setdefault(number, []).append(index)
        for number, tag in self._tags.find(tags):
            hits.setdefault(number, []).append(tag)
        fired = list(self._fire(hits))
        places: dict[tuple[int, int], _Place] = {}
        found: dict[Found, None] = {}
        for fired_in, rule_no in fired:
            for number in self._own[rule_no]:
                for hit in hits.get(number, ()):
                    if isinstance(hit, Tag):
                        if fired_in is None:
                            found[_found_tag(rule_no, hit)] = None
                    elif not self.rules.by_unit or hit == fired_in:
                        place = places.get((hit, number))
                        if place is None:
                            place = places[hit, number] = self._place(units[hit], number)
                        found[_found_text(rule_no, hit, units[hit], place)] = None
        return Outcome(fired, list(found))

    def _fire(self, hits: dict[int, list[int | Tag]]) -> Iterator[tuple[int | None, int]]:
        """Unit and rule of the rules that hold."""
        if not self.rules.by_unit:
            for rule_no in self._holding(hits.keys()):
                yield None, rule_no
            return
        in_unit: dict[int | None, set[int]] = {}
        for number, places in hits.items():
            for place in places:
                unit = place if isinstance(place, int) else None
                in_unit.setdefault(unit, set()).add(number)
        for unit, numbers in in_unit.items():
            for rule_no in self._holding(numbers):
                yield unit, rule_no

    def _holding(self, found: Set[int]) -> Iterator[int]:
        """The rules that hold where these signals are found, in their order."""
        for rule_no in sorted({rule_no for number in found for rule_no in self._owners[number]}):
            if self._unless[rule_no].isdisjoint(found) and not any(
                group.isdisjoint(found) for group in self._requires[rule_no]
            ):
                yield rule_no

    def _place(self, unit: Unit, number: int) -> _Place:
        """Where a signal stands first, in the first form of the text that has it."""
        for form in self.rules.forms:
            text = unit.forms[form]
            if span := self._texts.span(number, text.raw):
                return _Place(form, *text.place(*span))
        raise AssertionError(f"signal {number} was found and cannot be placed")


class _Place(NamedTuple):
    form: str
    start: int
    end: int


def _found_text(rule_no: int, index: int, unit: Unit, place: _Place) -> Found:
    words = unit.stored[place.start : place.end]
    return Found(
        rule_no, index, TEXT, unit.field, unit.section_no, unit.zone, words, place.start,
        place.end, place.form,
    )  # fmt: skip


def _found_tag(rule_no: int, tag: Tag) -> Found:
    return Found(rule_no, None, tag.source, tag.table, None, None, tag.name, None, None, None)
