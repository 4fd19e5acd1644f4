"""Give every article its study types, one of them primary, its aspects and its flags."""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.aspects import aspects_sql
from pipeline.evidence.folding import sql_string
from pipeline.evidence.matching import run_rules
from pipeline.evidence.rules import CONFIDENCES
from pipeline.evidence.study_types import (
    SOURCES,
    UNCLASSIFIED,
    StudyTypes,
    source_of,
)


def assign(con: duckdb.DuckDBPyConnection, study_types: StudyTypes, schema: str) -> None:
    """Judge study types into temporary tables, from text units built already.

    Args:
        con: connection on which `zones.build_units` has run for the same schema.
        study_types: the rules.
        schema: schema that presents the tables of core.

    Creates `type_labels` (pmid, study_type, is_primary, assigned_by, confidence,
    has_conflict, precedence, reason) with one primary per article, OTHER included;
    `type_aspects` (pmid, study_type, aspect, value); `flag_hits` (pmid, flag); and
    `type_proofs` and `flag_proofs` (pmid, study_type or flag, rule_id, source, field,
    section_no, matched_text, char_start, char_end). What proves an aspect stands among the
    proofs of the label it is told of.
    """
    run_rules(con, study_types.rules, schema)
    con.execute(_rules_sql(study_types))
    con.execute(_labels_sql(study_types, schema))
    con.execute(f"CREATE OR REPLACE TEMP TABLE type_aspects AS {aspects_sql(study_types.aspects)}")
    found = """
        found.pmid, {code}, rule.rule_id, found.source, found.field, found.section_no,
        found.matched_text, found.char_start, found.char_end
        FROM evidence_found AS found JOIN type_rules AS rule USING (rule_no)
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE type_proofs AS
        SELECT {found.format(code="rule.study_type")} WHERE rule.study_type IS NOT NULL
        UNION ALL
        SELECT {found.format(code="told.study_type")}
        JOIN (SELECT DISTINCT pmid, study_type, aspect FROM type_aspects) AS told
            ON told.pmid = found.pmid AND told.aspect = split_part(rule.aspect, '.', 1)
        WHERE rule.study_type IS NULL AND rule.aspect IS NOT NULL
        """
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE flag_proofs AS
        SELECT {found.format(code="rule.flag")} WHERE rule.flag IS NOT NULL
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE flag_hits AS SELECT DISTINCT pmid, flag FROM flag_proofs"
    )


def _rules_sql(study_types: StudyTypes) -> str:
    """`type_rules`: what each rule of the set gives, in columns of its own."""
    rows: list[str] = []
    gives: tuple[str | None, str | None, str | None]
    for number, rule in enumerate(study_types.rules.rules):
        if number < study_types.type_count:
            gives = (rule.code, rule.aspect, None)
            source_no = SOURCES.index(source_of(rule))
        elif number < study_types.type_count + study_types.aspect_count:
            gives, source_no = (None, rule.code, None), 0
        else:
            gives, source_no = (None, None, rule.code), 0
        values = ", ".join("NULL" if value is None else sql_string(value) for value in gives)
        rows.append(
            f"({number}, {sql_string(rule.rule_id)}, {values}, "
            f"{CONFIDENCES.index(rule.confidence)}, {source_no})"
        )
    return f"""
        CREATE OR REPLACE TEMP TABLE type_rules AS
        SELECT rule_no, rule_id, study_type::VARCHAR AS study_type, aspect::VARCHAR AS aspect,
            flag::VARCHAR AS flag, confidence_no, source_no
        FROM (VALUES {", ".join(rows)}) AS rule
            (rule_no, rule_id, study_type, aspect, flag, confidence_no, source_no)
    """


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
            SELECT pmid, study_type, confidence_no, source_no, rule_no
            FROM evidence_fired JOIN type_rules USING (rule_no)
            WHERE study_type IS NOT NULL
        ),
        labels AS (
            SELECT pmid, study_type, min(confidence_no) AS confidence_no,
                min(source_no) AS source_no,
                -- two rules that agree are right as often as one of the highest tier
                CASE WHEN min(confidence_no) = 1 AND count(DISTINCT rule_no) > 1 THEN 0
                    ELSE min(confidence_no) END AS shown_no
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
            [{confidences}][label.shown_no + 1] AS confidence,
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
