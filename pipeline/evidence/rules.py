"""Rules as data: what a rule file may say, checked on load with the line at fault.

A rule gives one code (a topic, a study type, a flag, later a facet or a claim) when any of
its own signals is found, each of its `requires` holds, and none of its `unless` does. Own
signals are of one kind, so that a rule has one source. `requires` and `unless` name shared
signals (`[signals.NAME]`), which may mix kinds. `matching` runs the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.evidence.patterns import PatternError, regular_expression
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.zones import ABSTRACT_ZONES, ZONES

CONFIDENCES = ("high", "medium", "low")
TAG_KINDS = {
    "publication_types": "publication_type",
    "mesh": "mesh",
    "mesh_qualifiers": "mesh_qualifier",
    "substances": "substance",
}
"""Keys of a rule that hold NLM terms, each `{ name, ui }`, and the kind of their signals."""
VALUE_KINDS = {"record_kinds": "record_kind", "links": "link"}
"""Keys of a rule that hold plain values."""
_SIGNAL_KEYS = {"text", "in", *TAG_KINDS, *VALUE_KINDS}
_RULE_KEYS = {"id", "code", "confidence", "requires", "unless", "aspect", *_SIGNAL_KEYS}
JUDGED_ABSTRACT = tuple(zone for zone in ABSTRACT_ZONES if zone != "background")
ZONE_SETS = {
    "abstract": JUDGED_ABSTRACT,
    "design": ("title", "objective", "methods", "body"),
    "own": ("title", *JUDGED_ABSTRACT),
    "findings": ("title", "results", "conclusions", "body"),
}
"""Names a rule file may use in `in` for several zones at once."""


@dataclass(frozen=True)
class Signal:
    """One thing that can be found in a record.

    Attributes:
        kind: text, name (text in headings and tags), publication_type, mesh, mesh_qualifier,
            substance, record_kind or link.
        value: the pattern (text, name) or the term's name.
        ui: identifier of the term, when known; a record without UIs is matched by name.
        zones: zones a text signal is looked for in.
    """

    kind: str
    value: str
    ui: str | None = None
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule: `code` if any signal, all of requires (each any of its group), no unless.

    Attributes:
        aspect: what else the rule says of the record it gives a type, as `aspect.value`.
    """

    rule_id: str
    code: str
    confidence: str
    signals: tuple[Signal, ...]
    requires: tuple[tuple[Signal, ...], ...] = ()
    unless: tuple[Signal, ...] = ()
    aspect: str | None = None

    def all_signals(self) -> Iterator[Signal]:
        yield from self.signals
        for group in self.requires:
            yield from group
        yield from self.unless


@dataclass(frozen=True)
class RuleSet:
    """The rules of one kind with their version.

    Attributes:
        kind: topic, study_type or flag; also the kind of the proofs.
        columns: forms of the text (see `zones`) to look in; words are placed in the first
            form that has them.
        by_unit: a rule holds within one text unit (or among the tags of a record), instead of
            within the record.
    """

    kind: str
    version: str
    rules: tuple[Rule, ...]
    columns: tuple[str, ...] = ("judged",)
    by_unit: bool = False

    def signals(self) -> dict[Signal, int]:
        """Every distinct signal with its number, in order of first use."""
        distinct = dict.fromkeys(signal for rule in self.rules for signal in rule.all_signals())
        return {signal: number for number, signal in enumerate(distinct)}


def load_rules(file: RuleFile, key: str, codes: Sequence[str]) -> tuple[Rule, ...]:
    """The rules under `[[key]]` of a file.

    Args:
        file: the parsed file; shared signals stand under `[signals.NAME]`.
        key: name of the array of tables.
        codes: the codes a rule may give.

    Raises:
        ConfigurationError: naming the line.
    """
    shared = {
        name: _signals(file, table, f"[signals.{name}]")
        for name, table in file.data.get("signals", {}).items()
    }
    rules: list[Rule] = []
    seen: set[str] = set()
    for table in file.tables(key):
        near = f'id = "{table.get("id")}"'
        file.require(table, near, id=str, code=str, confidence=str)
        file.allow(table, near, _RULE_KEYS)
        if table["id"] in seen:
            raise file.error(near, f"rule {table['id']} is there twice")
        seen.add(table["id"])
        if table["code"] not in codes:
            raise file.error(near, f"unknown code `{table['code']}`")
        if table["confidence"] not in CONFIDENCES:
            raise file.error(near, f"confidence must be one of {', '.join(CONFIDENCES)}")
        own = _signals(file, table, near)
        if len({signal.kind for signal in own}) != 1:
            raise file.error(near, "a rule's own signals must be of one kind; split the rule")
        for name in (*table.get("requires", ()), *table.get("unless", ())):
            if name not in shared:
                raise file.error(near, f"unknown shared signal `{name}`")
        rules.append(
            Rule(
                rule_id=table["id"],
                code=table["code"],
                confidence=table["confidence"],
                signals=own,
                requires=tuple(shared[name] for name in table.get("requires", ())),
                unless=tuple(s for name in table.get("unless", ()) for s in shared[name]),
                aspect=table.get("aspect"),
            )
        )
    return tuple(rules)


def _signals(file: RuleFile, table: Mapping[str, Any], near: str) -> tuple[Signal, ...]:
    """The signals a rule or a shared signal names itself."""
    if near.startswith("["):
        file.allow(table, near, _SIGNAL_KEYS)
    found: list[Signal] = []
    if patterns := table.get("text"):
        zones = _zones(file, table, near)
        for pattern in patterns:
            try:
                regular_expression(pattern)
            except PatternError as error:
                raise file.error(pattern, str(error)) from error
            found.append(Signal("text", pattern, zones=zones))
    elif "in" in table:
        raise file.error(near, "`in` without `text`")
    for key, kind in TAG_KINDS.items():
        for term in table.get(key, ()):
            if not isinstance(term, dict) or not isinstance(term.get("name"), str):
                raise file.error(near, f'`{key}` holds {{ name = "...", ui = "..." }} terms')
            file.allow(term, f'"{term["name"]}"', {"name", "ui"})
            found.append(Signal(kind, term["name"], ui=term.get("ui")))
    for key, kind in VALUE_KINDS.items():
        found += [Signal(kind, value) for value in table.get(key, ())]
    if not found:
        raise file.error(near, "no signal: text, publication_types, mesh, ... is needed")
    return tuple(found)


def _zones(file: RuleFile, table: Mapping[str, Any], near: str) -> tuple[str, ...]:
    names = table.get("in")
    if not names or not isinstance(names, list):
        raise file.error(near, "`text` needs `in`, a list of zones")
    zones: list[str] = []
    for name in names:
        if name not in ZONE_SETS and (name not in ZONES or name == "background"):
            allowed = ", ".join([*ZONE_SETS, *(zone for zone in ZONES if zone != "background")])
            raise file.error(near, f"unknown or forbidden zone `{name}` (known: {allowed})")
        zones += ZONE_SETS.get(name, (name,))
    return tuple(zone for zone in ZONES if zone in zones)
