"""Countries: how they and their people are named in texts, headings and addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import Rule, Signal
from pipeline.evidence.words import check_pattern, with_words
from pipeline.evidence.zones import ABSTRACT_ZONES

_COUNTRY_KEYS = {"name", "places", "people", "headings", "addresses"}
_COUNTRY_ZONES = tuple(z for z in ("title", *ABSTRACT_ZONES) if z != "background")


@dataclass(frozen=True)
class Country:
    """A country: patterns of its places and people, and what addresses end in."""

    name: str
    places: str
    people: str | None
    headings: tuple[str, ...]
    addresses: tuple[str, ...]


def country(file: RuleFile, table: Mapping[str, Any]) -> Country:
    """One `[[country]]` of a rule file."""
    near = f"name = {json.dumps(table.get('name'), ensure_ascii=False)}"
    file.require(table, near, name=str, places=str)
    file.allow(table, near, _COUNTRY_KEYS)
    check_pattern(file, table["places"], near)
    return Country(
        table["name"],
        table["places"],
        table.get("people"),
        tuple(table.get("headings", ())),
        tuple(table.get("addresses", (table["name"].lower(),))),
    )


def country_rules(
    file: RuleFile, facet: str, countries: tuple[Country, ...], words: Mapping[str, str]
) -> list[Rule]:
    """Two rules a country: by its words and by NLM's geographic headings."""
    rules: list[Rule] = []
    for one in countries:
        code = f"{facet}.{one.name}"
        patterns = [rf"\b(?:{one.places})\b"]
        if one.people:
            people = rf"\b(?:{one.people}) {{residents}}\b"
            patterns.append(with_words(file, people, words, "[words]"))
        texts = tuple(Signal("text", pattern, zones=_COUNTRY_ZONES) for pattern in patterns)
        names = dict.fromkeys((one.name, *one.headings))
        headings = tuple(Signal("mesh", name) for name in names)
        rules.append(Rule(f"{code}.text", code, "medium", texts))
        rules.append(Rule(f"{code}.heading", code, "high", headings))
    return rules
