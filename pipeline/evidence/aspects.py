"""Aspects: what is said about a label beside its code, such as where the data come from.

An aspect belongs to some study types and has a list of values. A rule that gives the type may
state a value (`aspect = "data_source.poison_centre"`); rules under `[[aspect_rule]]` state one
without giving a type, and count only where the label is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.evidence.judgement import AspectValue
from pipeline.rules.file import RuleFile, Table
from pipeline.rules.model import Rule


class _AspectTable(Table):
    """One `[[aspect]]` of a rule file."""

    name: str
    label: str
    definition: str
    types: list[str]
    values: list[str]
    required: bool = False
    several: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True)
class Aspect:
    """One aspect.

    Attributes:
        name: code, e.g. data_source.
        label: name shown to readers.
        definition: what it tells.
        types: study types it applies to.
        values: what it can be.
        required: every rule that gives one of its types must state a value.
        several: value in place of two or more; None to keep them all.
        otherwise: value where no rule states one; None for no row.
    """

    name: str
    label: str
    definition: str
    types: tuple[str, ...]
    values: tuple[str, ...]
    required: bool = False
    several: str | None = None
    otherwise: str | None = None

    def codes(self) -> list[str]:
        """The values as rules name them: `aspect.value`."""
        return [f"{self.name}.{value}" for value in self.values]


def load_aspects(file: RuleFile, codes: Sequence[str]) -> tuple[Aspect, ...]:
    """The aspects of a rule file.

    Raises:
        ConfigurationError: naming the line.
    """
    return tuple(_aspect(file, table, codes) for table in file.tables("aspect"))


def check_aspects(file: RuleFile, aspects: tuple[Aspect, ...], rules: tuple[Rule, ...]) -> None:
    """See that rules state known values of aspects of their own type, and all they must."""
    known = {(code, type_) for one in aspects for code in one.codes() for type_ in one.types}
    required = {type_: one for one in aspects if one.required for type_ in one.types}
    for rule in rules:
        near = f'id = "{rule.rule_id}"'
        if rule.aspect is not None and (rule.aspect, rule.code) not in known:
            raise file.error(near, f"`{rule.aspect}` is no aspect of {rule.code}")
        wanted = required.get(rule.code)
        if wanted and (rule.aspect is None or rule.aspect not in wanted.codes()):
            raise file.error(near, f"a rule for {rule.code} must state its `{wanted.name}`")


def aspects_of(
    aspects: Sequence[Aspect], types: Iterable[str], stated: Iterable[tuple[str, str | None]]
) -> tuple[AspectValue, ...]:
    """What is told about the labels of a record.

    Args:
        aspects: the aspects there are.
        types: study types of the record.
        stated: `aspect.value` of each rule that holds and states one, with the study type it is
            stated of; None for any type that has the aspect.
    """
    stated = list(stated)
    found: list[AspectValue] = []
    for study_type in types:
        for aspect in aspects:
            if study_type not in aspect.types:
                continue
            values = {
                value
                for name, _, value in (
                    code.partition(".") for code, of in stated if of in (None, study_type)
                )
                if name == aspect.name
            }
            if not values and aspect.otherwise:
                values = {aspect.otherwise}
            elif len(values) > 1 and aspect.several:
                values = {aspect.several}
            found += [AspectValue(study_type, aspect.name, value) for value in sorted(values)]
    return tuple(found)


def _aspect(file: RuleFile, table: Mapping[str, Any], codes: Sequence[str]) -> Aspect:
    near = f'name = "{table.get("name")}"'
    given = file.read(_AspectTable, table, near)
    for code in given.types:
        if code not in codes:
            raise file.error(near, f"unknown code `{code}`")
    return Aspect(
        given.name,
        given.label,
        given.definition,
        tuple(given.types),
        tuple(given.values),
        given.required,
        given.several,
        given.otherwise,
    )
