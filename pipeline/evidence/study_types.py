"""Study types: the taxonomy, its rules, and how one of several labels becomes the primary.

Everything is data in study_types.toml: groups and types in one neutral display order (no
rank), rules that give labels, flags, and the precedence. The precedence is a list of steps;
the first step that any fired rule of an article satisfies decides its primary label.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.folding import sql_string
from pipeline.evidence.matching import run_rules
from pipeline.evidence.rules import CONFIDENCES, Rule, RuleFile, RuleSet, load_rules

UNCLASSIFIED = "OTHER"
FLAGS = ("is_retracted", "is_preprint", "is_veterinary", "is_multicenter")
SOURCES = ("nlm_pt", "nlm_mesh", "record_kind", "text_rule")
"""What a rule can rest on, strongest first; `override` stands before all of them."""
_SOURCE_OF_KIND = {
    "publication_type": "nlm_pt",
    "mesh": "nlm_mesh",
    "mesh_qualifier": "nlm_mesh",
    "substance": "nlm_mesh",
    "record_kind": "record_kind",
    "link": "record_kind",
    "text": "text_rule",
}


@dataclass(frozen=True)
class StudyType:
    """A study type as readers see it."""

    code: str
    label: str
    group: str
    definition: str


@dataclass(frozen=True)
class Group:
    """A group of study types; the order is for display and is no rank."""

    name: str
    is_summary: bool


@dataclass(frozen=True)
class Step:
    """One step of the precedence: the first of `codes` with a rule of this kind is primary."""

    name: str
    codes: tuple[str, ...]
    confidences: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class StudyTypes:
    """Everything study_types.toml says."""

    version: str
    sha256: str
    groups: tuple[Group, ...]
    types: tuple[StudyType, ...]
    rules: RuleSet
    flags: RuleSet
    steps: tuple[Step, ...]
    compatible: frozenset[tuple[str, str]]

    def codes(self) -> tuple[str, ...]:
        return tuple(study_type.code for study_type in self.types)


def source_of(rule: Rule) -> str:
    """What the rule's own signals rest on."""
    return _SOURCE_OF_KIND[rule.signals[0].kind]


def load_study_types(path: Path) -> StudyTypes:
    """Read study_types.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    groups = tuple(_group(file, table) for table in file.tables("group"))
    types = tuple(_study_type(file, table, groups) for table in file.tables("study_type"))
    codes = [study_type.code for study_type in types]
    if UNCLASSIFIED not in codes:
        raise file.error("study_type", f"the type {UNCLASSIFIED} is needed")
    assignable = [code for code in codes if code != UNCLASSIFIED]
    rules = load_rules(file, "rule", assignable)
    steps = tuple(_step(file, table, assignable) for table in file.tables("precedence"))
    _check_every_label_can_win(file, rules, steps)
    return StudyTypes(
        version=version,
        sha256=file.sha256,
        groups=groups,
        types=types,
        rules=RuleSet("study_type", version, rules),
        flags=RuleSet("flag", version, load_rules(file, "flag_rule", FLAGS)),
        steps=steps,
        compatible=_compatible(file, assignable),
    )


def assign(con: duckdb.DuckDBPyConnection, study_types: StudyTypes, schema: str) -> None:
    """Judge study types into temporary tables, from text units built already.

    Args:
        con: connection on which `zones.build_units` has run for the same schema.
        study_types: the rules.
        schema: schema that presents the tables of core.

    Creates `type_labels` (pmid, study_type, is_primary, assigned_by, confidence,
    has_conflict, precedence, reason) with one primary per article, OTHER included, and
    `type_proofs` (pmid, study_type, rule_id, source, field, section_no, matched_text,
    char_start, char_end).
    """
    run_rules(con, study_types.rules, schema)
    rules = ", ".join(
        f"({number}, {sql_string(rule.rule_id)}, {sql_string(rule.code)}, "
        f"{CONFIDENCES.index(rule.confidence)}, {SOURCES.index(source_of(rule))})"
        for number, rule in enumerate(study_types.rules.rules)
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE type_rules AS
        SELECT * FROM (VALUES {rules})
            AS rule (rule_no, rule_id, study_type, confidence_no, source_no)
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE type_proofs AS
        SELECT found.pmid, rule.study_type, rule.rule_id, found.source, found.field,
            found.section_no, found.matched_text, found.char_start, found.char_end
        FROM evidence_found AS found
        JOIN type_rules AS rule USING (rule_no)
        """
    )
    con.execute(_labels_sql(study_types, schema))


def _labels_sql(study_types: StudyTypes, schema: str) -> str:
    """Labels from fired rules: best tier and source each, one primary by the precedence."""
    steps = ", ".join(
        f"({number * 100 + place}, {sql_string(step.name)}, {sql_string(code)}, "
        f"{[CONFIDENCES.index(c) for c in step.confidences]}, "
        f"{[SOURCES.index(s) for s in step.sources]})"
        for number, step in enumerate(study_types.steps)
        for place, code in enumerate(step.codes)
    )
    groups = ", ".join(
        f"({sql_string(study_type.code)}, {sql_string(study_type.group)})"
        for study_type in study_types.types
    )
    compatible = ", ".join(
        f"({sql_string(one)}, {sql_string(other)})" for one, other in sorted(study_types.compatible)
    )
    confidences = ", ".join(map(sql_string, CONFIDENCES))
    sources = ", ".join(map(sql_string, SOURCES))
    return f"""
        CREATE OR REPLACE TEMP TABLE type_labels AS
        WITH steps AS (
            SELECT * FROM (VALUES {steps})
                AS step (step_no, step_name, study_type, confidence_nos, source_nos)
        ),
        types AS (SELECT * FROM (VALUES {groups}) AS type (study_type, evidence_group)),
        compatible AS (SELECT * FROM (VALUES {compatible}) AS pair (one, other)),
        fired AS (
            SELECT pmid, study_type, confidence_no, source_no
            FROM evidence_fired JOIN type_rules USING (rule_no)
        ),
        labels AS (
            SELECT pmid, study_type, min(confidence_no) AS confidence_no,
                min(source_no) AS source_no
            FROM fired GROUP BY pmid, study_type
        ),
        winners AS (
            SELECT fired.pmid, min_by(fired.study_type, step.step_no) AS study_type,
                min_by(step.step_name, step.step_no) AS step_name
            FROM fired
            JOIN steps AS step ON step.study_type = fired.study_type
                AND list_contains(step.confidence_nos, fired.confidence_no)
                AND list_contains(step.source_nos, fired.source_no)
            GROUP BY fired.pmid
        ),
        decisive AS (
            SELECT label.pmid, label.study_type, type.evidence_group
            FROM labels AS label JOIN types AS type USING (study_type)
            WHERE label.confidence_no = 0
        ),
        conflicts AS (
            SELECT DISTINCT winner.pmid, other.study_type AS other_type
            FROM winners AS winner
            JOIN types AS type ON type.study_type = winner.study_type
            JOIN decisive AS other ON other.pmid = winner.pmid
                AND other.evidence_group <> type.evidence_group
            WHERE NOT EXISTS (
                SELECT 1 FROM compatible AS pair
                WHERE pair.one = winner.study_type AND pair.other = other.study_type
            )
        ),
        in_conflict AS (
            SELECT pmid, other_type AS study_type FROM conflicts
            UNION
            SELECT pmid, study_type FROM winners SEMI JOIN conflicts USING (pmid)
        )
        SELECT label.pmid, label.study_type, winner.study_type IS NOT NULL AS is_primary,
            [{sources}][label.source_no + 1] AS assigned_by,
            [{confidences}][label.confidence_no + 1] AS confidence,
            conflict.pmid IS NOT NULL AS has_conflict,
            winner.step_name AS precedence, NULL::VARCHAR AS reason
        FROM labels AS label
        LEFT JOIN winners AS winner
            ON winner.pmid = label.pmid AND winner.study_type = label.study_type
        LEFT JOIN in_conflict AS conflict
            ON conflict.pmid = label.pmid AND conflict.study_type = label.study_type
        UNION ALL
        SELECT article.pmid, '{UNCLASSIFIED}', true, 'none', 'low', false, NULL,
            CASE
                WHEN section.pmid IS NOT NULL THEN 'no signal'
                WHEN article.record_source = 'sparse' THEN 'title only'
                ELSE 'no abstract and no informative tag'
            END
        FROM {schema}.articles AS article
        LEFT JOIN (SELECT DISTINCT pmid FROM {schema}.abstract_sections) AS section
            ON section.pmid = article.pmid
        WHERE NOT EXISTS (SELECT 1 FROM labels WHERE labels.pmid = article.pmid)
    """


def assign_flags(con: duckdb.DuckDBPyConnection, study_types: StudyTypes, schema: str) -> None:
    """Judge flags into the temporary tables `flag_hits` (pmid, flag) and `flag_proofs`.

    Call after `assign`: both use the same temporary tables of the engine.
    """
    run_rules(con, study_types.flags, schema)
    rules = ", ".join(
        f"({number}, {sql_string(rule.rule_id)}, {sql_string(rule.code)})"
        for number, rule in enumerate(study_types.flags.rules)
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE flag_proofs AS
        SELECT found.pmid, rule.flag, rule.rule_id, found.source, found.field,
            found.section_no, found.matched_text, found.char_start, found.char_end
        FROM evidence_found AS found
        JOIN (VALUES {rules}) AS rule (rule_no, rule_id, flag) USING (rule_no)
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE flag_hits AS SELECT DISTINCT pmid, flag FROM flag_proofs"
    )


def _group(file: RuleFile, table: Mapping[str, Any]) -> Group:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, is_summary=bool)
    file.allow(table, near, {"name", "is_summary"})
    return Group(table["name"], table["is_summary"])


def _study_type(file: RuleFile, table: Mapping[str, Any], groups: tuple[Group, ...]) -> StudyType:
    near = f'code = "{table.get("code")}"'
    file.require(table, near, code=str, label=str, group=str, definition=str)
    file.allow(table, near, {"code", "label", "group", "definition"})
    if table["group"] not in {group.name for group in groups}:
        raise file.error(near, f"unknown group `{table['group']}`")
    return StudyType(table["code"], table["label"], table["group"], table["definition"])


def _step(file: RuleFile, table: Mapping[str, Any], codes: list[str]) -> Step:
    near = f'step = "{table.get("step")}"'
    file.require(table, near, step=str, codes=list)
    file.allow(table, near, {"step", "codes", "confidence", "source"})
    confidences = table.get("confidence", list(CONFIDENCES))
    sources = table.get("source", list(SOURCES))
    for values, allowed in (
        (table["codes"], codes),
        (confidences, CONFIDENCES),
        (sources, SOURCES),
    ):
        for value in values:
            if value not in allowed:
                raise file.error(near, f"unknown `{value}` (known: {', '.join(allowed)})")
    return Step(table["step"], tuple(table["codes"]), tuple(confidences), tuple(sources))


def _check_every_label_can_win(
    file: RuleFile, rules: tuple[Rule, ...], steps: tuple[Step, ...]
) -> None:
    """A rule no step covers would leave an article with labels and no primary."""
    for rule in rules:
        if not any(
            rule.code in step.codes
            and rule.confidence in step.confidences
            and source_of(rule) in step.sources
            for step in steps
        ):
            raise file.error(
                f'id = "{rule.rule_id}"', f"no step of [[precedence]] covers rule {rule.rule_id}"
            )


def _compatible(file: RuleFile, codes: list[str]) -> frozenset[tuple[str, str]]:
    """Pairs (primary, other) of types that go together although their groups differ."""
    pairs: set[tuple[str, str]] = set()
    for table in file.tables("compatible"):
        near = f'primary = "{table.get("primary")}"'
        file.require(table, near, primary=str)
        file.require(table, near, **{"with": list})
        for code in (table["primary"], *table["with"]):
            if code not in codes:
                raise file.error(near, f"unknown code `{code}`")
        pairs |= {(table["primary"], other) for other in table["with"]}
    return frozenset(pairs)
