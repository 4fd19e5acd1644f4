"""Run the rules of a set over one record: what is found, which rules hold, and by which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import re2

from pipeline.rules.language import ABSTRACT_ZONES
from pipeline.rules.model import VALUE_KINDS, RuleSet, Signal
from pipeline.rules.patterns import OPTIONS, fold, regular_expression
from pipeline.rules.text import ZONES, Unit

# -- Find the signals in texts and tags
#
# An `re2.Filter` holds the patterns: one pass over a text tells which literals stand in it, and
# only patterns that can match are tried, all in C++. Where a pattern stands is asked only of what
# proves a rule.

NAME_KINDS = ("publication_type", "mesh", "substance", "supplementary")
"""Kinds of tags in whose names a `name` signal looks."""
_ALSO_FOUND_AS = {"substance": ("substance", "supplementary")}
"""Kinds of tags that a signal is looked for in, where they are not just its own."""


class Tag(NamedTuple):
    """Something a record carries beside its texts.

    Attributes:
        kind: publication_type, mesh, mesh_qualifier, substance, supplementary, record_kind or
            link.
        table: where it stands, as the field of a proof.
        name: its name, as stored.
        ui: its identifier in its vocabulary, where the record has one.
        source: what a proof by it rests on.
    """

    kind: str
    table: str
    name: str
    ui: str | None
    source: str


class Sieve:
    """Tells which of many patterns stand in a text.

    An `re2.Filter` cannot be copied to another process: each builds its own.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile patterns.

        Args:
            patterns: regular expressions, see `patterns.regular_expression`.
        """
        self._filter = re2.Filter()
        for pattern in patterns:
            self._filter.Add(pattern, OPTIONS)
        self._filter.Compile()
        self._patterns = [self._filter.re(place) for place in range(len(patterns))]

    def find(self, raw: bytes) -> Sequence[int]:
        """Places, in the order they were given, of the patterns that stand in a text."""
        return self._filter.Match(raw) or ()

    def span(self, place: int, raw: bytes) -> tuple[int, int] | None:
        """Where the pattern of a place stands first in a text; None if it does not."""
        match = self._patterns[place].search(raw)
        return match.span() if match else None


class TextFinder:
    """Finds the text signals of a set in units."""

    def __init__(self, signals: Mapping[Signal, int], form: str) -> None:
        """Compile the patterns of a set of signals.

        Args:
            signals: every signal with its number; those of other kinds are passed over.
            form: form of the texts to look in.
        """
        self._form = form
        self._of_zone: dict[str, tuple[Sieve, list[tuple[int, ...]]]] = {}
        self._place_of: dict[int, tuple[Sieve, int]] = {}
        texts = {signal: number for signal, number in signals.items() if signal.kind == "text"}
        for zones in _groups(texts):
            asked = [signal for signal in texts if not zones.isdisjoint(signal.zones)]
            patterns = list(dict.fromkeys(regular_expression(signal.value) for signal in asked))
            place = {pattern: number for number, pattern in enumerate(patterns)}
            sieve = Sieve(patterns)
            of_zone: dict[str, list[list[int]]] = {zone: [[] for _ in patterns] for zone in zones}
            for signal in asked:
                at = place[regular_expression(signal.value)]
                self._place_of.setdefault(texts[signal], (sieve, at))
                for zone in zones.intersection(signal.zones):
                    of_zone[zone][at].append(texts[signal])
            for zone, numbers in of_zone.items():
                if any(numbers):
                    self._of_zone[zone] = (sieve, list(map(tuple, numbers)))

    def find(self, unit: Unit) -> list[int]:
        """Numbers of the signals that stand in a unit."""
        held = self._of_zone.get(unit.zone)
        raw = unit.forms[self._form].raw
        if held is None or not raw:
            return []
        sieve, numbers = held
        return [number for place in sieve.find(raw) for number in numbers[place]]

    def span(self, number: int, raw: bytes) -> tuple[int, int] | None:
        """Where a signal stands first in a text, in bytes; None if it does not."""
        sieve, place = self._place_of[number]
        return sieve.span(place, raw)


def _groups(signals: Iterable[Signal]) -> list[frozenset[str]]:
    """Zones that share a sieve: abstracts and the rest, or all where they ask for much the same.

    With two sieves few patterns are tried in vain; with one each is held only once.
    """
    groups = [frozenset(ABSTRACT_ZONES), frozenset(ZONES).difference(ABSTRACT_ZONES)]
    asked = [
        {signal.value for signal in signals if not zones.isdisjoint(signal.zones)}
        for zones in groups
    ]
    in_both, in_either = asked[0] & asked[1], asked[0] | asked[1]
    return [frozenset(ZONES)] if 3 * len(in_both) > 2 * len(in_either) else groups


class TagFinder:
    """Finds the signals of a set that are no texts: terms, words in their names, values."""

    def __init__(self, signals: Mapping[Signal, int]) -> None:
        """Index a set of signals.

        Args:
            signals: every signal with its number; those on texts are passed over.
        """
        self._by_ui: dict[tuple[str, str], list[int]] = {}
        self._by_name: dict[tuple[str, str], list[tuple[int, bool]]] = {}
        self._by_value: dict[tuple[str, str], list[int]] = {}
        names: dict[str, int] = {}
        for signal, number in signals.items():
            if signal.kind == "name":
                names[regular_expression(signal.value)] = number
            elif signal.kind in VALUE_KINDS.values():
                self._by_value.setdefault((signal.kind, signal.value), []).append(number)
            elif signal.kind != "text":
                for kind in _ALSO_FOUND_AS.get(signal.kind, (signal.kind,)):
                    if signal.ui:
                        self._by_ui.setdefault((kind, signal.ui), []).append(number)
                    self._by_name.setdefault((kind, signal.value.lower()), []).append(
                        (number, signal.ui is not None)
                    )
        self._names = Sieve(tuple(names)) if names else None
        self._name_numbers = list(names.values())

    def find(self, tags: Iterable[Tag]) -> Iterator[tuple[int, Tag]]:
        """Each signal with each tag that it stands in.

        Terms are compared by identifier where the record has one and the signal knows it, else
        by name without regard to case.
        """
        for tag in tags:
            for number in self._by_value.get((tag.kind, tag.name), ()):
                yield number, tag
            if tag.ui is not None:
                for number in self._by_ui.get((tag.kind, tag.ui), ()):
                    yield number, tag
            for number, has_ui in self._by_name.get((tag.kind, tag.name.lower()), ()):
                if tag.ui is None or not has_ui:
                    yield number, tag
            if self._names is not None and tag.kind in NAME_KINDS:
                for place in self._names.find(fold(tag.name).encode()):
                    yield self._name_numbers[place], tag


# -- Decide which rules hold
#
# What a rule requires is a condition and no proof: "patients" proves no trial. Of each signal of
# its own that a rule rests on, the first place in every unit is given.

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
        self._unless: list[tuple[tuple[frozenset[int], frozenset[int]], ...]] = []
        self._owners: list[list[int]] = [[] for _ in signals]
        for rule_no, rule in enumerate(rules.rules):
            self._own.append(tuple(dict.fromkeys(signals[one] for one in rule.signals)))
            self._requires.append(
                tuple(frozenset(signals[one] for one in group) for group in rule.requires)
            )
            self._unless.append(
                tuple(
                    (
                        frozenset(signals[one] for one in against),
                        frozenset(signals[one] for one in but),
                    )
                    for against, but in rule.unless
                )
            )
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
            if not any(group.isdisjoint(found) for group in self._requires[rule_no]) and not any(
                but.isdisjoint(found) and not against.isdisjoint(found)
                for against, but in self._unless[rule_no]
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
