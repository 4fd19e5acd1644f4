"""Facets as facets.toml has them: what was tested, in whom, how.

A facet has values; rules give them, with the engine and the proofs of study types. Countries
and words for numbers are written once and put into the patterns here. `facet_finding` gives a
record its facets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import re2
from pydantic import Field

from pipeline.evidence.doses import Dosed, load_dosed
from pipeline.evidence.facet_values import (
    COUNTRY,
    DOSES,
    READERS,
    Addresses,
    Country,
    country_rules,
)
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.topics import LEVELS
from pipeline.rules.decide import Asked, Found, Matcher
from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.finding import Tag
from pipeline.rules.model import RuleSet, load_rules
from pipeline.rules.patterns import OPTIONS, Words, checked, regular_expression
from pipeline.rules.text import ZONES, Unit

NOT_STATED = "not_stated"
AFFILIATIONS = "affiliations"
STATEMENTS = "statements"


class Value(Table):
    """One of `values` of a facet."""

    value: str
    label: str


class Aside(Table):
    """One of `set_aside` of a facet: phrases of a sentence that speak of something else.

    Attributes:
        text: patterns of the phrases.
        zones: the zones in which they do; none for all.
        of: the values they take back; none for all.
    """

    text: Names
    zones: Names = Field(default=(), alias="in")
    of: Names = ()

    @cached_property
    def phrases(self) -> Any:
        """Finds the phrases."""
        return _any_of(self.text)


class Row(Table):
    """One `[[row]]`: facets whose values belong together where a sentence says so.

    Attributes:
        name: code, e.g. preclinical.
        facets: the facets that make a row.
        types: study types whose records have such rows.
        may_lack: the facet that rows with one of some values can do without, or None.
        lacking: these values, as facet.value; no neighbouring sentence lends them that facet.
    """

    name: str
    facets: Names
    types: Names
    may_lack: str | None = None
    lacking: Names = ()


class Facet(Table):
    """One `[[facet]]` of facets.toml.

    Attributes:
        name: code, e.g. species.
        label: name shown to readers.
        definition: what it says.
        values: what it can be; empty where values are read.
        types: study types it applies to.
        topic: the topic it applies to, whatever the type; None for none.
        read: number, years, schedule or doses: how the value is read from the words; None for
            listed values.
        aspect: the aspect of study types that gives the values; None for rules.
        source: affiliations: countries of the addresses; statements: rules that look at what the
            record states of funders, conflicts and addresses too; None for rules.
        rest: the value that is kept only where a record has no other one.
        not_after: pattern of words that make a value behind them doubtful.
        not_before: pattern of words that make a value before them doubtful.
        set_aside: phrases of a sentence that speak of something else.
        least_level: values found at a lower level only are left out.
        happened: patterns of words that make a sentence of an unlabelled abstract an outcome.
    """

    name: str
    label: str
    definition: str
    values: Annotated[tuple[Value, ...], Field(strict=False)] = ()
    types: Names = ()
    topic: str | None = None
    read: str | None = None
    aspect: str | None = None
    source: str | None = None
    rest: str | None = None
    not_after: str | None = None
    not_before: str | None = None
    set_aside: Annotated[tuple[Aside, ...], Field(strict=False)] = ()
    least_level: str = LEVELS[-1]
    happened: Names = ()

    @cached_property
    def doubt_before(self) -> Any:
        """Finds, at the end of a text, words that make a value behind them doubtful."""
        return _compiled(self.not_after, "(?:{})[^.]*$")

    @cached_property
    def doubt_behind(self) -> Any:
        """Finds, at the start of a text, words that make a value before them doubtful."""
        return _compiled(self.not_before, "^[ ,-]*(?:{})")

    @cached_property
    def happening(self) -> Any:
        """Finds what makes a sentence of an unlabelled abstract an outcome."""
        return _any_of(self.happened)


@dataclass(frozen=True)
class Facets:
    """Everything facets.toml says, ready to be used.

    Attributes:
        no_facets_of: primary study types whose records have facets by topic only.
        stating: per aspect and value the rules of study types that state it.
        dosed: what doses can be of.
        addresses: finds the country of an address.
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
        """What the rules of some facets are asked of."""
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
        return value in {known.value for known in facet.values}


def load_facets(path: Path, study_types: StudyTypes, topics: Sequence[str]) -> Facets:
    """Read facets.toml.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    countries = file.read_all("country", Country)
    for one in countries:
        checked(file, one.places, one.line)
    words = Words(file)
    facets = tuple(
        _checked(file, facet, study_types, topics, countries, words)
        for facet in file.read_all("facet", Facet)
    )
    codes = [f"{facet.name}.{one.value}" for facet in facets for one in facet.values]
    codes += [facet.name for facet in facets if facet.read]
    rules = load_rules(file, "rule", codes, words=words)
    if any(facet.name == COUNTRY for facet in facets):
        rules += tuple(country_rules(file, countries, words))
    left_out = frozenset(file.data.get("no_facets_of", ()))
    file.require("no_facets_of", "study type", sorted(left_out), study_types.codes())
    return Facets(
        version,
        file.sha256,
        left_out,
        facets,
        _rows(file, facets, study_types),
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


def _checked(
    file: RuleFile,
    given: Facet,
    study_types: StudyTypes,
    topics: Sequence[str],
    countries: tuple[Country, ...],
    words: Words,
) -> Facet:
    """A facet with its values, and with the words of its patterns filled in."""
    near = given.line
    file.require(near, "study type", given.types, study_types.codes())
    file.require(near, "topic", [given.topic] if given.topic is not None else [], topics)
    if not given.types and given.topic is None:
        raise file.error(near, "`types` or `topic` must say which records it applies to")
    if given.read not in (None, DOSES, *READERS):
        raise file.error(near, f"`read` must be one of {', '.join(sorted((DOSES, *READERS)))}")
    if given.source not in (None, AFFILIATIONS, STATEMENTS):
        raise file.error(near, f"`source` must be {AFFILIATIONS} or {STATEMENTS}")
    for doubt in (given.not_after, given.not_before):
        if doubt is not None:
            checked(file, doubt, near)
    file.require(near, "zone", (zone for one in given.set_aside for zone in one.zones), ZONES)
    if given.least_level not in LEVELS:
        raise file.error(near, f"`least_level` must be one of {', '.join(LEVELS)}")
    return given.model_copy(
        update={
            "values": _values(file, given, study_types, countries),
            "set_aside": tuple(
                one.model_copy(update={"text": tuple(map(words.pattern, one.text))})
                for one in given.set_aside
            ),
            "happened": tuple(map(words.pattern, given.happened)),
        }
    )


def _rows(file: RuleFile, facets: Sequence[Facet], study_types: StudyTypes) -> tuple[Row, ...]:
    rows = file.read_all("row", Row)
    for row in rows:
        file.require(row.line, "facet", sorted(row.facets), [facet.name for facet in facets])
        file.require(row.line, "study type", sorted(row.types), study_types.codes())
        if row.may_lack not in (None, *row.facets):
            raise file.error(row.line, f"`may_lack` names no facet of the row: `{row.may_lack}`")
    return rows


def _values(
    file: RuleFile, given: Facet, study_types: StudyTypes, countries: tuple[Country, ...]
) -> tuple[Value, ...]:
    """The values of a facet, listed or from where they come."""
    if given.rest is not None and given.rest not in {one.value for one in given.values}:
        raise file.error(given.line, f"`rest` names no value: `{given.rest}`")
    values = given.values
    if given.aspect:
        found = [one for one in study_types.aspects if one.name == given.aspect]
        if not found:
            raise file.error(given.line, f"`{given.aspect}` is not an aspect of study_types.toml")
        values = tuple(Value(value=one, label=one.replace("_", " ")) for one in found[0].values)
    if given.source == AFFILIATIONS or given.name == COUNTRY:
        values = tuple(Value(value=one.name, label=one.name) for one in countries)
    if not values and given.read is None:
        raise file.error(given.line, "a facet needs `values`, `read`, `aspect` or `source`")
    return values


def _compiled(pattern: str | None, place: str) -> Any:
    """A pattern bound to one end of a text; None for no pattern."""
    if pattern is None:
        return None
    return re2.compile(place.format(regular_expression(pattern)), OPTIONS)


def _any_of(patterns: Sequence[str]) -> Any:
    """Patterns as one; None for none."""
    if not patterns:
        return None
    return re2.compile("|".join(f"(?:{regular_expression(one)})" for one in patterns), OPTIONS)
