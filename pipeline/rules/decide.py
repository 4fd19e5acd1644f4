"""Run the rules of a set over records: which rules hold in each, and by which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.rules.finding import Lines, Pattern, Place, Sieve, Tag, TagFinder, Zones
from pipeline.rules.model import RuleSet, Signal
from pipeline.rules.patterns import regular_expression
from pipeline.rules.text import Unit

# What a rule requires is a condition, not a proof: "patients" does not prove a trial. Of its own
# signals that a rule rests on, each unit gives the first place.

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


class Asked(NamedTuple):
    """What rules are asked of: a record.

    Attributes:
        units: its texts; each has the forms of the set.
        tags: what it carries beside them, each once.
        wanted: places of the only rules that are asked for; None for all.
    """

    units: Sequence[Unit]
    tags: Sequence[Tag]
    wanted: Set[int] | None = None


class Matcher:
    """A set of rules, compiled; the same for any number of records."""

    def __init__(self, rules: RuleSet) -> None:
        """Compile rules whose patterns are checked already."""
        self.rules = rules
        numbers = rules.signals()
        texts = [signal for signal in numbers if signal.kind == "text"]
        self._zones = {zone for signal in texts for zone in signal.zones}
        expressions = dict.fromkeys(regular_expression(signal.value) for signal in texts)
        place = {expression: number for number, expression in enumerate(expressions)}
        self._sieve = Sieve(list(expressions))
        self._tags = TagFinder(numbers)
        compiled: dict[Signal, _Signal] = {}
        for signal, number in numbers.items():
            if signal.kind == "text":
                key = place[regular_expression(signal.value)]
                pattern = self._sieve.patterns[key]
                compiled[signal] = _Signal(key, pattern, Zones(signal.zones))
            else:
                compiled[signal] = _Signal(_key(number))

        def group(signals: Sequence[Signal]) -> _Group:
            return tuple(compiled[one] for one in dict.fromkeys(signals))

        self._rules = [
            _Rule(
                group(rule.signals),
                tuple(group(one) for one in (rule.signals, *rule.requires)),
                tuple((group(against), group(but)) for against, but in rule.unless),
            )
            for rule in rules.rules
        ]

        self._rules_by: dict[int, list[int]] = {}
        for rule_no, rule in enumerate(self._rules):
            for key in {signal.key for signal in rule.own}:
                self._rules_by.setdefault(key, []).append(rule_no)

    def __reduce__(self) -> tuple[type[Matcher], tuple[RuleSet]]:
        return Matcher, (self.rules,)

    def run(self, units: Sequence[Unit], tags: Sequence[Tag]) -> Outcome:
        """Run the rules over one record, see `Asked`."""
        if not self.rules.by_unit:
            return self.run_all([Asked(units, tags)])[0]
        parts = [*(Asked([unit], ()) for unit in units), Asked((), tags)]
        fired: list[tuple[int | None, int]] = []
        found: list[Found] = []
        for part, index in zip(self.run_all(parts), (*range(len(units)), None), strict=True):
            fired += [(index, rule_no) for _, rule_no in part.fired]
            found += [one._replace(unit_index=index) for one in part.found]
        return Outcome(fired, found)

    def run_all(self, records: Sequence[Asked]) -> list[Outcome]:
        """Run the rules over many records, each as a whole: much faster than one by one."""
        looked = self._look(records)
        outcomes = [Outcome([], []) for _ in records]
        for rule_no in sorted(
            {no for key in looked.may_stand for no in self._rules_by.get(key, ())}
        ):
            rule = self._rules[rule_no]
            asked = {
                index
                for index in looked.possible(rule.own)
                if (wanted := records[index].wanted) is None or rule_no in wanted
            }
            holding = _holding(rule, looked, asked) if asked else asked
            if not holding:
                continue
            for signal in rule.own:
                looked.standing(signal, holding)
            for index in holding:
                outcomes[index].fired.append((None, rule_no))
                found = self._found(rule_no, rule, records[index].units, looked, index)
                outcomes[index].found.extend(dict.fromkeys(found))
        return outcomes

    def _look(self, records: Sequence[Asked]) -> _Looked:
        """Which signals may stand in which record."""
        lines = Lines((one.units for one in records), self.rules.forms[-1], self._zones)
        looked = _Looked(lines)
        for index, (raw, asked) in enumerate(zip(lines.of_record, records, strict=True)):
            for key in self._sieve.possible(raw) if raw else ():
                looked.may_stand[key].add(index)
            for number, tag in self._tags.find(asked.tags):
                looked.may_stand[_key(number)].add(index)
                looked.tags.setdefault((_key(number), index), []).append(tag)
        return looked

    def _found(
        self, rule_no: int, rule: _Rule, units: Sequence[Unit], looked: _Looked, index: int
    ) -> Iterator[Found]:
        """The words and tags that a rule which holds in a record rests on."""
        for signal in rule.own:
            for place in sorted(looked.places[signal].get(index, ())):
                unit = units[place.unit_index]
                yield _found_text(rule_no, place.unit_index, unit, self._place(unit, signal, place))
            for tag in looked.tags.get((signal.key, index), ()):
                yield _found_tag(rule_no, tag)

    def _place(self, unit: Unit, signal: _Signal, place: Place) -> _Place:
        """Where a signal that stands in a unit does so first, in the first form that has it."""
        *others, last = self.rules.forms
        for form in others:
            text = unit.forms[form]
            if text is unit.forms[last]:
                return _Place(form, *text.place(place.start, place.end))
            if signal.pattern and text.raw and (match := signal.pattern.exact.search(text.raw)):
                return _Place(form, *text.place(*match.span()))
        return _Place(last, *unit.forms[last].place(place.start, place.end))


def _holding(rule: _Rule, looked: _Looked, records: set[int]) -> set[int]:
    """Those of some records in which a rule holds; nothing is looked for that cannot change it."""
    for group in rule.groups:
        records = records & looked.possible(group)
    for group in rule.groups:
        if not records:
            return records
        records = looked.any_of(group, records)
    for against, but in rule.unless:
        if not records:
            return records
        speaking = looked.any_of(against, records)
        records = records - (speaking - looked.any_of(but, speaking))
    return records


@dataclass(frozen=True, slots=True, eq=False)
class _Signal:
    """A signal: what it may stand by, and of a text its pattern and zones."""

    key: int
    pattern: Pattern | None = None
    zones: Zones | None = None


_Group = tuple[_Signal, ...]


class _Rule(NamedTuple):
    """A rule: the groups of signals it needs one of each, its own first; and `unless`."""

    own: _Group
    groups: tuple[_Group, ...]
    unless: tuple[tuple[_Group, _Group], ...]


def _key(number: int) -> int:
    """What stands for the tags of a signal; patterns go by their place in the sieve, from 0."""
    return -1 - number


class _Looked:
    """What is known of the signals in some records: each is looked for once, and where asked.

    Attributes:
        may_stand: by key, the records in which a signal may stand.
        tags: by key and record, the tags that a signal stands in.
        places: by signal and record, each text in which it was found, and where first.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.may_stand: defaultdict[int, set[int]] = defaultdict(set)
        self.tags: dict[tuple[int, int], list[Tag]] = {}
        self.places: defaultdict[_Signal, dict[int, list[Place]]] = defaultdict(dict)
        self._tried: defaultdict[_Signal, set[int]] = defaultdict(set)

    def possible(self, group: _Group) -> set[int]:
        """The records in which any of some signals may stand."""
        may = self.may_stand
        return set().union(*(may[signal.key] for signal in group if signal.key in may))

    def any_of(self, group: _Group, records: set[int]) -> set[int]:
        """Those of some records in which any of some signals stands."""
        standing: set[int] = set()
        for signal in group:
            if signal.key in self.may_stand and (left := records - standing):
                standing |= self.standing(signal, left)
        return standing

    def standing(self, signal: _Signal, records: set[int]) -> set[int]:
        """Those of some records in which a signal stands."""
        records = records & self.may_stand.get(signal.key, _NONE)
        if not records or signal.pattern is None or signal.zones is None:
            return records
        places, tried = self.places[signal], self._tried[signal]
        if new := records - tried:
            tried |= new
            places |= self._lines.places(signal.pattern, signal.zones, sorted(new))
        return records & places.keys()


_NONE: frozenset[int] = frozenset()


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
