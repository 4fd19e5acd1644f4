"""Run the rules over labelled records and compare: one result a set, part and reader."""

# SQL here is made of schema names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from typing import Any

import duckdb

from pipeline.evidence.assigning import assign
from pipeline.evidence.evaluation.figures import Answer, scheme_figures
from pipeline.evidence.evaluation.mapping import LabelMapping
from pipeline.evidence.evaluation.records import SCHEMA
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.zones import build_units


def evaluate(
    con: duckdb.DuckDBPyConnection,
    labels: dict[int, tuple[str, ...]],
    mapping: LabelMapping,
    part: str,
    study_types: StudyTypes,
) -> dict[str, Any]:
    """Judge the records of `records.SCHEMA` and compare their primary types with the labels.

    Args:
        con: a connection as `records` gives it.
        labels: labels by PMID.
        mapping: the set's classes.
        part: the part of the set, for the result.
        study_types: the rules.

    Returns:
        The result: set, part, by, rules_version, n, schemes (see `figures`).
    """
    build_units(con, SCHEMA)
    assign(con, study_types, SCHEMA)
    answers = [
        Answer(labels[pmid], study_type, confidence, has_abstract)
        for pmid, study_type, confidence, has_abstract in con.execute(
            f"SELECT pmid, study_type, confidence, pmid IN (SELECT pmid FROM "
            f"{SCHEMA}.abstract_sections) FROM type_labels WHERE is_primary ORDER BY pmid"
        ).fetchall()
        if pmid in labels
    ]
    return {
        "set": mapping.set_name,
        "part": part,
        "by": "rules",
        "rules_version": study_types.version,
        "rules_sha256": study_types.sha256,
        "n": len(answers),
        "schemes": [scheme_figures(scheme, answers) for scheme in mapping.schemes],
    }
