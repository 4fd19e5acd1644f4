"""Changes of the primary type are noted with before, after and cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import duckdb
import pytest

from pipeline.evidence.judge import judge
from pipeline.evidence.reference import Reference
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.type_changes import note_type_changes
from tests.evidence.conftest import SHIPPED, add_article, decided

FIRST, SECOND = datetime(2026, 11, 22), datetime(2026, 11, 23)


@pytest.fixture
def held(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    add_article(con, 1, "Kratom tea in mice")
    add_article(con, 2, "Kratom tea: thoughts")
    judge(con, SHIPPED)
    assert note_type_changes(con, FIRST) == 0
    return con


def changes(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "SELECT pmid, before, after, cause FROM ops.study_type_changes ORDER BY ALL"
    ).fetchall()


def other_rules(reference: Reference, **told: str) -> Reference:
    """Rules that take animals for cells: another version of study_types.toml, or of the program.

    Args:
        reference: the rules to change.
        told: what the rules say of themselves: version and sha256.
    """
    types = reference.study_types
    rules = tuple(
        replace(rule, code="INVITRO") if rule.rule_id == "animal.title" else rule
        for rule in types.rules.rules
    )
    changed: StudyTypes = replace(types, rules=replace(types.rules, rules=rules), **told)
    reference = replace(reference, study_types=changed)
    reference.__dict__["sha256"] = "another"  # as a change of the files or of the code makes it
    return reference


def test_a_record_that_gained_a_tag(held: duckdb.DuckDBPyConnection) -> None:
    held.execute("INSERT INTO core.publication_types VALUES (2, 1, NULL, 'Case Reports')")
    held.execute(
        "INSERT INTO ops.article_changes VALUES (2, ?, 'publication_types', NULL, 'Case Reports')",
        [SECOND],
    )
    judge(held, SHIPPED)
    assert note_type_changes(held, SECOND) == 1
    assert changes(held) == [(2, "OTHER", "CASE", "record: publication_types")]


def test_rules_and_a_decision(held: duckdb.DuckDBPyConnection) -> None:
    old = SHIPPED.study_types.version
    judge(held, other_rules(decided((2, "QUAL", "OTHER")), version="other", sha256="y"))
    note_type_changes(held, SECOND)
    assert changes(held) == [
        (1, "ANIMAL", "INVITRO", f"rules {old} to other"),
        (2, "OTHER", "QUAL", f"a person's decision; rules {old} to other"),
    ]


def test_the_program_alone(held: duckdb.DuckDBPyConnection) -> None:
    judge(held, other_rules(SHIPPED))
    note_type_changes(held, SECOND)
    assert changes(held) == [(1, "ANIMAL", "INVITRO", "program")]


def test_what_no_field_in_the_log_tells(held: duckdb.DuckDBPyConnection) -> None:
    held.execute("UPDATE core.articles SET record_kind = 'book' WHERE pmid = 2")
    judge(held, SHIPPED)
    note_type_changes(held, SECOND)
    assert changes(held) == [(2, "OTHER", "REFWORK", "record")]


def test_confirming_counts_as_checked_and_keeps_the_label(held: duckdb.DuckDBPyConnection) -> None:
    judge(held, decided((1, "ANIMAL", "ANIMAL")))
    assert note_type_changes(held, SECOND) == 0
    assert held.execute(
        "SELECT study_type, assigned_by FROM evidence.article_study_types "
        "WHERE pmid = 1 AND is_primary"
    ).fetchall() == [("ANIMAL", "override")]
    assert held.execute("SELECT is_expectation_met FROM evidence.overrides").fetchall() == [(True,)]
