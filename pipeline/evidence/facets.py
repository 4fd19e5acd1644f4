"""Facets as facets.toml has them: what was tested, in whom, how.

A facet has values; rules give them, with the engine and the proofs of study types. Countries
and words for numbers are written once and put into the patterns here. `faceting` gives a record
its facets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import re2
from pydantic import Field

from pipeline.evidence.doses import Dosed, load_dosed
from pipeline.evidence.facet_values import (
    DOSES,
    READERS,
    Addresses,
    Country,
    country,
    country_rules,
)
from pipeline.evidence.study_types import StudyTypes
from pipeline.rules.decide import Asked, Found, Matcher
from pipeline.rules.file import RuleFile, Table
from pipeline.rules.finding import Tag
from pipeline.rules.model import RuleSet, load_rules
from pipeline.rules.patterns import OPTIONS, Words, checked, regular_expression
from pipeline.rules.text import ZONES, Unit

NOT_STATED = "not_stated"
LEVELS = ("focus", "outcome", "mention")
AFFILIATIONS = "affiliations"
STATEMENTS = "statements"
COUNTRY = "study_country"


class _ValueTable(Table):
    """One of `values` of a facet."""

    value: str
    label: str


class _AsideTable(Table):
    """One of `set_aside` of a facet."""

    text: list[str]
    zones: list[str] = Field(default_factory=list, alias="in")
    of: list[str] = Field(default_factory=list)


class _FacetTable(Table):
    """One `[[facet]]` of facets.toml."""

    name: str
    label: str
    definition: str
    values: list[_ValueTable] = Field(default_factory=list)
    types: list[str] | None = None
    topic: str | None = None
    read: str | None = None
    aspect: str | None = None
    source: str | None = None
    rest: str | None = None
    not_after: str | None = None
    not_before: str | None = None
    set_aside: list[_AsideTable] = Field(default_factory=list)
    least_level: str | None = None
    happened: list[str] = Field(default_factory=list)


class _RowTable(Table):
    """One `[[row]]` of facets.toml."""

    name: str
    facets: list[str]
    types: list[str]
    may_lack: str | None = None
    lacking: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """Facets whose values belong together where a sentence says so.

    Attributes:
        name: code, e.g. preclinical.
        facets: the facets that make a row.
        types: study types whose records have such rows.
        may_lack: the facet that rows with one of some values can do without, or None.
        lacking: these values, as facet.value; no neighbouring sentence lends them that facet.
    """

    name: str
    facets: tuple[str, ...]
    types: frozenset[str]
    may_lack: str | None
    lacking: frozenset[str]


@dataclass(frozen=True)
class Facet:
    """One facet.

    Attributes:
        name: code, e.g. species.
        label: name shown to readers.
        definition: what it tells.
        values: (value, label) pairs; empty where values are read or come from elsewhere.
        types: study types it applies to; empty for any.
        topic: topic it applies to; None for any.
        read: number, years, schedule or doses: how the value is read from the words; None for
            listed values.
        aspect: the aspect of study types that gives the values; None for rules.
        source: affiliations: countries of the addresses; statements: rules that look at what the
            record states of funders, conflicts and addresses too; None for rules.
        rest: the value that is kept only where a record has no other one.
        not_after: finds, at the end of a text, words that make a value behind them doubtful.
        not_before: finds, at the start of a text, words that make a value before them doubtful.
        set_aside: what finds phrases of a sentence that speak of something else, each with the
            zones in which they do and the values they take back; empty for all.
        least_level: values found at a lower level only are left out.
        happened: finds, in a sentence of an unlabelled abstract, words that make it an outcome.
    """

    name: str
    label: str
    definition: str
    values: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    topic: str | None
    read: str | None
    aspect: str | None
    source: str | None
    rest: str | None
    not_after: Any
    not_before: Any
    set_aside: tuple[tuple[Any, frozenset[str], frozenset[str]], ...]
    least_level: str
    happened: Any


@dataclass(frozen=True)
class Facets:
    """Everything facets.toml says, ready to be used.

    Attributes:
        no_facets_of: primary study types whose records have facets by topic only.
        stating: per aspect and value the rules of study types that state it.
        dosed: what doses can be of.
        addresses: tells the country of an address.
    """

    version: str
    sha256: str
    no_facets_of: frozenset[str]
    facets: tuple[Facet, ...]
    rows: tuple[Row, ...]
    countries: tuple[Country, ...]
    dosed: Dosed
    rules: RuleSet
    stating: Mapping[tuple[str, str], frozenset[str]]

    @cached_property
    def _places(self) -> Mapping[str, frozenset[int]]:
        """The places of the rules of each facet."""
        places: dict[str, set[int]] = {facet.name: set() for facet in self.facets}
        for place, rule in enumerate(self.rules.rules):
            places[rule.code.partition(".")[0]].add(place)
        return {name: frozenset(held) for name, held in places.items()}

    @cached_property
    def matcher(self) -> Matcher:
        """The rules, compiled; a record is asked for some of them, see `asked`."""
        return Matcher(self.rules)

    def asked(self, names: Collection[str], units: Sequence[Unit], tags: Sequence[Tag]) -> Asked:
        """What the rules of some facets are asked of.

        Args:
            names: the facets.
            units: texts of the record.
            tags: what it carries beside them.
        """
        return Asked(units, tags, frozenset().union(*(self._places[name] for name in names)))

    def find(
        self, names: Collection[str], units: Sequence[Unit], tags: Sequence[Tag]
    ) -> list[Found]:
        """What the rules of some facets find in a record, in the order of the rules."""
        return self.matcher.run_all([self.asked(names, units, tags)])[0].found

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self.countries)

    def named(self, name: str) -> Facet:
        """The facet of a name.

        Raises:
            KeyError: no facet has this name.
        """
        for facet in self.facets:
            if facet.name == name:
                return facet
        raise KeyError(name)

    def allows(self, name: str, value: str) -> bool:
        """Whether a facet can have a value: what a person may decide."""
        facet = self.named(name)
        if value == NOT_STATED:
            return True
        if facet.read == DOSES:
            return self.dosed.is_dose(value)
        if facet.read:
            return READERS[facet.read](value) == value
        return value in {known for known, _ in facet.values}


def load_facets(path: Path, study_types: StudyTypes, topics: Sequence[str]) -> Facets:
    """Read facets.toml.

    Args:
        path: the reference file.
        study_types: types and aspects that facets apply to.
        topics: names of the topics there are.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    countries = tuple(country(file, table) for table in file.tables("country"))
    words = Words(file)
    facets = tuple(
        _facet(file, table, study_types, topics, countries, words) for table in file.tables("facet")
    )
    codes = [f"{facet.name}.{value}" for facet in facets for value, _ in facet.values]
    codes += [facet.name for facet in facets if facet.read]
    rules = load_rules(file, "rule", codes, words=words)
    if any(facet.name == COUNTRY for facet in facets):
        rules += tuple(country_rules(file, COUNTRY, countries, words))
    left_out = frozenset(file.data.get("no_facets_of", ()))
    if unknown := sorted(left_out - set(study_types.codes())):
        raise file.error("no_facets_of", f"unknown study type `{unknown[0]}`")
    return Facets(
        version,
        file.sha256,
        left_out,
        facets,
        tuple(_row(file, table, facets, study_types) for table in file.tables("row")),
        countries,
        load_dosed(file, words),
        RuleSet("facet", version, rules, forms=("outcome", "judged")),
        _stating(study_types),
    )


def _stating(study_types: StudyTypes) -> dict[tuple[str, str], frozenset[str]]:
    """The rules of study types that state a value of an aspect."""
    stating: dict[tuple[str, str], set[str]] = {}
    for rule in study_types.rules.rules:
        if stated := rule.aspect or ("." in rule.code and rule.code):
            aspect, _, value = stated.partition(".")
            stating.setdefault((aspect, value), set()).add(rule.rule_id)
    return {key: frozenset(rules) for key, rules in stating.items()}


def _facet(
    file: RuleFile,
    table: Mapping[str, Any],
    study_types: StudyTypes,
    topics: Sequence[str],
    countries: tuple[Country, ...],
    words: Words,
) -> Facet:
    near = f'name = "{table.get("name")}"'
    given = file.read(_FacetTable, table, near)
    for code in given.types or ():
        if code not in study_types.codes():
            raise file.error(near, f"unknown study type `{code}`")
    if given.topic is not None and given.topic not in topics:
        raise file.error(near, f"unknown topic `{given.topic}`")
    if given.types is None and given.topic is None:
        raise file.error(near, "`types` or `topic` must say which records it applies to")
    if given.read not in (None, DOSES, *READERS):
        raise file.error(near, f"`read` must be one of {', '.join(sorted((DOSES, *READERS)))}")
    if given.source not in (None, AFFILIATIONS, STATEMENTS):
        raise file.error(near, f"`source` must be {AFFILIATIONS} or {STATEMENTS}")
    for doubt in (given.not_after, given.not_before):
        if doubt is not None:
            checked(file, doubt, near)
    for zone in (zone for one in given.set_aside for zone in one.zones):
        if zone not in ZONES:
            raise file.error(near, f"unknown zone `{zone}`")
    if given.least_level not in (None, *LEVELS):
        raise file.error(near, f"`least_level` must be one of {', '.join(LEVELS)}")
    values = _values(file, given, near, study_types, countries)
    return Facet(
        given.name,
        given.label,
        given.definition,
        values,
        tuple(given.types or ()),
        given.topic,
        given.read,
        given.aspect,
        given.source,
        given.rest,
        _compiled(given.not_after, "(?:{})[^.]*$"),
        _compiled(given.not_before, "^[ ,-]*(?:{})"),
        tuple(
            (_any_of(file, one.text, words), frozenset(one.zones), frozenset(one.of))
            for one in given.set_aside
        ),
        given.least_level or LEVELS[-1],
        _any_of(file, given.happened, words),
    )


def _row(
    file: RuleFile, table: Mapping[str, Any], facets: Sequence[Facet], study_types: StudyTypes
) -> Row:
    near = f'name = "{table.get("name")}"'
    given = file.read(_RowTable, table, near)
    if unknown := sorted(set(given.facets) - {facet.name for facet in facets}):
        raise file.error(near, f"unknown facet `{unknown[0]}`")
    if unknown := sorted(set(given.types) - set(study_types.codes())):
        raise file.error(near, f"unknown study type `{unknown[0]}`")
    if given.may_lack not in (None, *given.facets):
        raise file.error(near, f"`may_lack` names no facet of the row: `{given.may_lack}`")
    return Row(
        given.name,
        tuple(given.facets),
        frozenset(given.types),
        given.may_lack,
        frozenset(given.lacking),
    )


def _values(
    file: RuleFile,
    given: _FacetTable,
    near: str,
    study_types: StudyTypes,
    countries: tuple[Country, ...],
) -> tuple[tuple[str, str], ...]:
    """The values of a facet, listed or from where they come."""
    values = tuple((one.value, one.label) for one in given.values)
    if given.rest is not None and given.rest not in dict(values):
        raise file.error(near, f"`rest` names no value: `{given.rest}`")
    if given.aspect:
        found = [one for one in study_types.aspects if one.name == given.aspect]
        if not found:
            raise file.error(near, f"`{given.aspect}` is no aspect of study_types.toml")
        values = tuple((value, value.replace("_", " ")) for value in found[0].values)
    if given.source == AFFILIATIONS or given.name == COUNTRY:
        values = tuple((one.name, one.name) for one in countries)
    if not values and given.read is None:
        raise file.error(near, "a facet needs `values`, `read`, `aspect` or `source`")
    return values


def _compiled(pattern: str | None, place: str) -> Any:
    """A pattern bound to one end of a text; None for no pattern."""
    if pattern is None:
        return None
    return re2.compile(place.format(regular_expression(pattern)), OPTIONS)


def _any_of(file: RuleFile, patterns: Sequence[str], words: Words) -> Any:
    """Patterns as one; None for none."""
    if not patterns:
        return None
    parts = (checked(file, words.fill(one, one), one) for one in patterns)
    return re2.compile("|".join(f"(?:{one})" for one in parts), OPTIONS)
