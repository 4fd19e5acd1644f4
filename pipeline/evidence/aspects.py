"""Aspects: what is said about a label beside its code, such as where the data come from.

An aspect belongs to some study types and has a list of values. A rule that gives the type may
state a value (`aspect = "data_source.poison_centre"`); rules under `[[aspect_rule]]` state one
without giving a type, and count only where the label is there.
"""

# SQL here is made of constants and texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.evidence.folding import sql_string
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import Rule

_KEYS = {"name", "label", "definition", "types", "values", "required", "several", "otherwise"}


@dataclass(frozen=True)
class Aspect:
    """One aspect.

    Attributes:
        name: code, e.g. data_source.
        label: name shown to readers.
        definition: what it tells.
        types: study types it is told of.
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


def aspects_sql(aspects: tuple[Aspect, ...]) -> str:
    """SELECT of (pmid, study_type, aspect, value) from the temporary tables of `assigning`."""
    told = ", ".join(
        f"({sql_string(one.name)}, {sql_string(type_)}, {sql_string(one.several or '')}, "
        f"{sql_string(one.otherwise or '')})"
        for one in aspects
        for type_ in one.types
    )
    return f"""
        WITH told AS (
            SELECT * FROM (VALUES {told}) AS told (aspect, study_type, several, otherwise)
        ),
        stated AS (
            SELECT DISTINCT label.pmid, label.study_type, told.aspect, told.several,
                told.otherwise, split_part(rule.aspect, '.', 2) AS value
            FROM type_labels AS label
            JOIN told USING (study_type)
            LEFT JOIN (
                SELECT fired.pmid, rule.aspect, rule.study_type
                FROM evidence_fired AS fired JOIN type_rules AS rule USING (rule_no)
                WHERE rule.aspect IS NOT NULL
            ) AS rule
                ON rule.pmid = label.pmid AND split_part(rule.aspect, '.', 1) = told.aspect
                AND coalesce(rule.study_type, label.study_type) = label.study_type
        ),
        counted AS (
            SELECT *, count(value) OVER (PARTITION BY pmid, study_type, aspect) AS value_count
            FROM stated
        )
        SELECT DISTINCT pmid, study_type, aspect, CASE
            WHEN value_count = 0 THEN otherwise
            WHEN value_count > 1 AND several <> '' THEN several
            ELSE value END AS value
        FROM counted
        WHERE value_count > 0 OR otherwise <> ''
    """


def _aspect(file: RuleFile, table: Mapping[str, Any], codes: Sequence[str]) -> Aspect:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, label=str, definition=str, types=list, values=list)
    file.allow(table, near, _KEYS)
    for code in table["types"]:
        if code not in codes:
            raise file.error(near, f"unknown code `{code}`")
    return Aspect(
        table["name"],
        table["label"],
        table["definition"],
        tuple(table["types"]),
        tuple(table["values"]),
        table.get("required", False),
        table.get("several"),
        table.get("otherwise"),
    )
