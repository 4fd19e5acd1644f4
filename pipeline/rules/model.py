"""Rules as data: what a rule file may say, checked on load with the line at fault.

A rule gives one code (a topic, a study type, a flag, a facet value, a claim) when any of its own
signals is found, each of its `requires` holds, and none of its `unless` does. Own signals are of
one kind, so that a rule has one source. `requires` and `unless` name shared signals
(`[signals.NAME]`), which may mix kinds. `decide` finds the signals and runs the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any

from pydantic import Field

from pipeline.rules.file import RuleFile, Table
from pipeline.rules.patterns import Words
from pipeline.rules.text import ABSTRACT_ZONES, ZONES

CONFIDENCES = ("high", "medium", "low")
TAG_KINDS = {
    "publication_types": "publication_type",
    "mesh": "mesh",
    "mesh_qualifiers": "mesh_qualifier",
    "substances": "substance",
}
"""Keys of a rule that hold terms, each `{ name, ui }`, and the kind of their signals."""
VALUE_KINDS = {"record_kinds": "record_kind", "links": "link"}
"""Keys of a rule that hold plain values."""
JUDGED_ABSTRACT = tuple(zone for zone in ABSTRACT_ZONES if zone != "background")
ZONE_SETS = {
    "abstract": JUDGED_ABSTRACT,
    "design": ("title", "objective", "methods", "body"),
    "own": ("title", *JUDGED_ABSTRACT),
    "told": ("title", "objective", "results", "conclusions", "body"),
}
"""Names a rule file may use in `in` for several zones at once."""


class Term(Table):
    """A term of a vocabulary, in a rule file."""

    name: str
    ui: str | None = None


Texts = Annotated[list[str], Field(default_factory=list)]
Terms = Annotated[list[Term], Field(default_factory=list)]


class SignalTable(Table):
    """What a rule or a shared signal (`[signals.NAME]`) may look for."""

    text: Texts
    zones: list[str] = Field(default_factory=list, alias="in")
    publication_types: Terms
    mesh: Terms
    mesh_qualifiers: Terms
    substances: Terms
    record_kinds: Texts
    links: Texts


class RuleTable(SignalTable):
    """One rule of a rule file."""

    named_by = "id"

    id: str
    code: str
    confidence: str
    requires: Texts
    unless: Texts
    aspect: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that can be found in a record.

    Attributes:
        kind: text, name (text in the names of tags), publication_type, mesh, mesh_qualifier,
            substance, record_kind or link.
        value: the pattern (text, name) or the term's name.
        ui: identifier of the term, when known; a record without UIs is matched by name.
        zones: zones a text signal is looked for in.
    """

    kind: str
    value: str
    ui: str | None = None
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `code` if any signal, all of requires (each any of its group), nothing of unless.

    Attributes:
        unless: pairs of groups; the first speaks against the rule where nothing of the second, if
            there is any, is found.
        aspect: what else the rule says of the record it gives a type, as `aspect.value`.
    """

    rule_id: str
    code: str
    confidence: str
    signals: tuple[Signal, ...]
    requires: tuple[tuple[Signal, ...], ...] = ()
    unless: tuple[tuple[tuple[Signal, ...], tuple[Signal, ...]], ...] = ()
    aspect: str | None = None

    def all_signals(self) -> Iterator[Signal]:
        """Its own signals, those it requires, and those that speak against it."""
        yield from self.signals
        for group in self.requires:
            yield from group
        for against, but in self.unless:
            yield from against
            yield from but


@dataclass(frozen=True)
class RuleSet:
    """The rules of one kind with their version.

    Attributes:
        kind: topic, study_type, facet or claim.
        forms: forms of the text (see `text`) to look in. A signal is found in the last of them
            and placed in the first that has it, which says something of the place.
        by_unit: a rule holds within one text unit (or among the tags of a record), instead of
            within the record.
    """

    kind: str
    version: str
    rules: tuple[Rule, ...]
    forms: tuple[str, ...] = ("judged",)
    by_unit: bool = False

    def signals(self) -> dict[Signal, int]:
        """Every distinct signal with its number, in order of first use."""
        distinct = dict.fromkeys(signal for rule in self.rules for signal in rule.all_signals())
        return {signal: number for number, signal in enumerate(distinct)}


def load_rules(
    file: RuleFile,
    key: str,
    codes: Sequence[str],
    *,
    words: Words | None = None,
    tables: Sequence[Mapping[str, Any]] | None = None,
    signals: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Rule, ...]:
    """The rules under `[[key]]` of a file.

    Args:
        file: the parsed file; shared signals stand under `[signals.NAME]`.
        key: name of the array of tables.
        codes: the codes a rule may give.
        words: what `{word}` stands for; by default what the file says under `[words]`.
        tables: rules that were spelled out already, in place of those under the key.
        signals: shared signals besides those of the file.

    Raises:
        ConfigurationError: naming the line.
    """
    words = words or Words(file)
    shared: dict[str, tuple[Signal, ...]] = {}
    for name, table in {**file.data.get("signals", {}), **(signals or {})}.items():
        near = f"[signals.{name}]"
        shared[name] = _signals(file, file.read(SignalTable, table, near), near, words)
    rules: dict[str, Rule] = {}
    for table in file.tables(key) if tables is None else tables:
        given = file.read(RuleTable, table)
        near = given.line
        if given.id in rules:
            raise file.error(near, f"rule {given.id} is there twice")
        file.require(near, "code", [given.code], codes)
        if given.confidence not in CONFIDENCES:
            raise file.error(near, f"confidence must be one of {', '.join(CONFIDENCES)}")
        own = _signals(file, given, near, words)
        if len({signal.kind for signal in own}) != 1:
            raise file.error(near, "a rule's own signals must be of one kind; split the rule")
        required = [entry.split(" | ") for entry in given.requires]
        excluded = list(map(_excluded, given.unless))
        file.require(near, "shared signal", chain(*required, *chain(*excluded)), shared)
        rules[given.id] = Rule(
            rule_id=given.id,
            code=given.code,
            confidence=given.confidence,
            signals=own,
            requires=tuple(_any_of(shared, names) for names in required),
            unless=tuple(
                (_any_of(shared, against), _any_of(shared, but)) for against, but in excluded
            ),
            aspect=given.aspect,
        )
    return tuple(rules.values())


def _excluded(entry: str) -> tuple[list[str], list[str]]:
    """An entry of `unless`, such as "a | b without c", as the names on its two sides."""
    against, without, but = entry.partition(" without ")
    return against.split(" | "), but.split(" | ") if without else []


def _any_of(shared: Mapping[str, tuple[Signal, ...]], names: Sequence[str]) -> tuple[Signal, ...]:
    return tuple(signal for name in names for signal in shared[name])


def _signals(file: RuleFile, table: SignalTable, near: str, words: Words) -> tuple[Signal, ...]:
    """The signals a rule or a shared signal names itself."""
    found: list[Signal] = []
    if table.text:
        zones = _zones(file, table, near)
        found += [Signal("text", words.pattern(written), zones=zones) for written in table.text]
    elif table.zones:
        raise file.error(near, "`in` without `text`")
    for key, kind in TAG_KINDS.items():
        found += [Signal(kind, term.name, ui=term.ui) for term in getattr(table, key)]
    for key, kind in VALUE_KINDS.items():
        found += [Signal(kind, value) for value in getattr(table, key)]
    if not found:
        raise file.error(near, "no signal: text, publication_types, mesh, ... is needed")
    return tuple(found)


def _zones(file: RuleFile, table: SignalTable, near: str) -> tuple[str, ...]:
    if not table.zones:
        raise file.error(near, "`text` needs `in`, a list of zones")
    zones: list[str] = []
    for name in table.zones:
        if name not in ZONE_SETS and (name not in ZONES or name == "background"):
            allowed = ", ".join([*ZONE_SETS, *(zone for zone in ZONES if zone != "background")])
            raise file.error(near, f"unknown or forbidden zone `{name}` (known: {allowed})")
        zones += ZONE_SETS.get(name, (name,))
    return tuple(zone for zone in ZONES if zone in zones)
