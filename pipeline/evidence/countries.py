"""Countries: how they and their people are named in texts, headings and addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import re2
from pydantic import Field

from pipeline.rules.file import RuleFile, Table
from pipeline.rules.fold import fold
from pipeline.rules.model import JUDGED_ABSTRACT, Rule, Signal
from pipeline.rules.patterns import Words, checked

AFFILIATION_RULE = "affiliation.last_part"
# What stands behind the country: electronic addresses, full stops, US postal codes.
_TAIL = r"(?:\s*(?:electronic address|e-?mail)\b.*|\s*\S+@\S+|\s\d{5}(?:-\d{4})?|[\s.;,()]+)+$"
_ZONES = ("title", *JUDGED_ABSTRACT)


class _CountryTable(Table):
    """One `[[country]]` of facets.toml."""

    name: str
    places: str
    people: str | None = None
    headings: list[str] = Field(default_factory=list)
    addresses: list[str] | None = None


@dataclass(frozen=True)
class Country:
    """A country: patterns of its places and people, and what addresses end in."""

    name: str
    places: str
    people: str | None
    headings: tuple[str, ...]
    addresses: tuple[str, ...]


def country(file: RuleFile, table: Mapping[str, Any]) -> Country:
    """One `[[country]]` of a rule file.

    Raises:
        ConfigurationError: naming the line.
    """
    near = f"name = {json.dumps(table.get('name'), ensure_ascii=False)}"
    told = file.read(_CountryTable, table, near)
    checked(file, told.places, near)
    addresses = [told.name.lower()] if told.addresses is None else told.addresses
    return Country(told.name, told.places, told.people, tuple(told.headings), tuple(addresses))


def country_rules(
    file: RuleFile, facet: str, countries: Iterable[Country], words: Words
) -> list[Rule]:
    """Two rules a country: by its words and by NLM's geographic headings.

    Raises:
        ConfigurationError: a pattern cannot be used.
    """
    rules: list[Rule] = []
    for one in countries:
        code = f"{facet}.{one.name}"
        patterns = [rf"\b(?:{one.places})\b"]
        if one.people:
            patterns.append(words.fill(rf"\b(?:{one.people}) {{residents}}\b", "[words]"))
        for pattern in patterns:
            checked(file, pattern, f'name = "{one.name}"')
        texts = tuple(Signal("text", pattern, zones=_ZONES) for pattern in patterns)
        headings = tuple(Signal("mesh", name) for name in dict.fromkeys((one.name, *one.headings)))
        rules.append(Rule(f"{code}.text", code, "medium", texts))
        rules.append(Rule(f"{code}.heading", code, "high", headings))
    return rules


class Addresses:
    """Tells the country of an address from its last part.

    The last part (behind the last comma) is the country, or ends in its name ("Boston MA 02115
    USA", "3000 Leuven Belgium"). An affiliation that holds several addresses is cut at
    semicolons. US states stand among the names; Georgia is left out, as two countries have one.
    """

    def __init__(self, countries: Iterable[Country]) -> None:
        """Compile the names.

        Args:
            countries: what addresses end in.
        """
        self._countries = {name: one.name for one in countries for name in one.addresses}
        longest_first = sorted(self._countries, key=len, reverse=True)
        ends = "|".join(re.escape(name) for name in longest_first)
        options = re2.Options()
        options.dot_nl = True
        self._tail = re2.compile(_TAIL, options)
        self._last = re2.compile(rf"(?:^|[\s.\d-])({ends})$")

    def named(self, affiliations: Iterable[str]) -> dict[tuple[str, str], None]:
        """(Name as found, country) of every address that tells one, each once."""
        found: dict[tuple[str, str], None] = {}
        for affiliation in dict.fromkeys(affiliations):
            for address in fold(affiliation).split(";"):
                whole = address.encode()
                if tail := self._tail.search(whole):
                    whole = whole[: tail.start()]
                if match := self._last.search(whole.rpartition(b",")[2].strip(b" ")):
                    name = match[1].decode()
                    found[name, self._countries[name]] = None
        return found
