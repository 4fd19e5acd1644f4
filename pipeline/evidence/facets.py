"""Facets as facets.toml has them: what was tested, in whom, how.

A facet has values; rules give them, with the engine and the proofs of study types. Countries
and words for numbers are written once and put into the patterns here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evidence.countries import Country, country, country_rules
from pipeline.evidence.facet_values import READERS
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import RuleSet, load_rules
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.words import check_pattern, put_words, read_words

NOT_STATED = "not_stated"
AFFILIATIONS = "affiliations"
COUNTRY = "study_country"
_FACET_KEYS = {
    "name", "label", "definition", "values", "types", "topic", "read", "aspect", "source",
    "rest", "not_after", "not_before",
}  # fmt: skip


@dataclass(frozen=True)
class Facet:
    """One facet.

    Attributes:
        name: code, e.g. species.
        label: name shown to readers.
        definition: what it tells.
        values: (value, label) pairs; empty where values are read or come from elsewhere.
        types: study types it is told of; empty for any.
        topic: topic it is told of; None for any.
        read: number or years: how the value is read from the words; None for listed values.
        aspect: the aspect of study types that gives the values; None for rules.
        source: affiliations, or None for rules.
        rest: the value that is kept only where a record has no other one.
        not_after: pattern of words that make a value of the text doubtful before it.
        not_before: pattern of words that make it doubtful right behind it.
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
    not_after: str | None
    not_before: str | None


@dataclass(frozen=True)
class Facets:
    """Everything facets.toml says.

    Attributes:
        no_facets_of: primary study types whose records have facets by topic only.
    """

    version: str
    sha256: str
    no_facets_of: tuple[str, ...]
    facets: tuple[Facet, ...]
    countries: tuple[Country, ...]
    rules: RuleSet

    def named(self, name: str) -> Facet:
        """The facet of a name.

        Raises:
            KeyError: there is none.
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
        if facet.read:
            return READERS[facet.read](value) == value
        return value in {known for known, _ in facet.values}


def load_facets(path: Path, study_types: StudyTypes, topics: Sequence[str]) -> Facets:
    """Read facets.toml.

    Args:
        path: the reference file.
        study_types: types and aspects that facets are told of.
        topics: names of the topics there are.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    countries = tuple(country(file, table) for table in file.tables("country"))
    facets = tuple(
        _facet(file, table, study_types, topics, countries) for table in file.tables("facet")
    )
    codes = [_code(facet.name, value) for facet in facets for value, _ in facet.values]
    codes += [facet.name for facet in facets if facet.read]
    words = read_words(file)
    put_words(file, words)
    rules = load_rules(file, "rule", codes)
    if any(facet.name == COUNTRY for facet in facets):
        rules += tuple(country_rules(file, COUNTRY, countries, words))
    known = study_types.codes()
    unknown = sorted(set(file.data.get("no_facets_of", ())) - set(known))
    if unknown:
        raise file.error("no_facets_of", f"unknown study type `{unknown[0]}`")
    return Facets(
        version,
        file.sha256,
        tuple(file.data.get("no_facets_of", ())),
        facets,
        countries,
        RuleSet("facet", version, rules, columns=("outcome", "judged")),
    )


def _code(facet: str, value: str) -> str:
    return f"{facet}.{value}"


def _facet(
    file: RuleFile,
    table: Mapping[str, Any],
    study_types: StudyTypes,
    topics: Sequence[str],
    countries: tuple[Country, ...],
) -> Facet:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, label=str, definition=str)
    file.allow(table, near, _FACET_KEYS)
    for code in table.get("types", ()):
        if code not in study_types.codes():
            raise file.error(near, f"unknown study type `{code}`")
    if "topic" in table and table["topic"] not in topics:
        raise file.error(near, f"unknown topic `{table['topic']}`")
    if "types" not in table and "topic" not in table:
        raise file.error(near, "`types` or `topic` must say which records it is told of")
    if "read" in table and table["read"] not in READERS:
        raise file.error(near, f"`read` must be one of {', '.join(sorted(READERS))}")
    if "source" in table and table["source"] != AFFILIATIONS:
        raise file.error(near, f"`source` can be {AFFILIATIONS} only")
    for doubt in ("not_after", "not_before"):
        if doubt in table:
            check_pattern(file, table[doubt], near)
    values = _values(file, table, near)
    if "rest" in table and table["rest"] not in dict(values):
        raise file.error(near, f"`rest` names no value: `{table['rest']}`")
    if aspect := table.get("aspect"):
        found = [one for one in study_types.aspects if one.name == aspect]
        if not found:
            raise file.error(near, f"`{aspect}` is no aspect of study_types.toml")
        values = tuple((value, value.replace("_", " ")) for value in found[0].values)
    if "source" in table or table["name"] == COUNTRY:
        values = tuple((one.name, one.name) for one in countries)
    if not values and "read" not in table:
        raise file.error(near, "a facet needs `values`, `read`, `aspect` or `source`")
    return Facet(
        table["name"],
        table["label"],
        table["definition"],
        values,
        tuple(table.get("types", ())),
        table.get("topic"),
        table.get("read"),
        table.get("aspect"),
        table.get("source"),
        table.get("rest"),
        table.get("not_after"),
        table.get("not_before"),
    )


def _values(file: RuleFile, table: Mapping[str, Any], near: str) -> tuple[tuple[str, str], ...]:
    for entry in table.get("values", ()):
        if not isinstance(entry, dict):
            raise file.error(near, '`values` holds { value = "...", label = "..." } entries')
        file.require(entry, near, value=str, label=str)
        file.allow(entry, f'"{entry["value"]}"', {"value", "label"})
    return tuple((entry["value"], entry["label"]) for entry in table.get("values", ()))
