"""Changes of the primary type are noted with before, after and cause."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.evidence import type_changes
from pipeline.evidence.judge import judge
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article

FIRST, SECOND = datetime(2026, 11, 22), datetime(2026, 11, 23)


@pytest.fixture
def held(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute((ROOT / "sql" / "schema" / "ops.sql").read_text())
    add_article(con, 1, "Kratom tea in mice")
    add_article(con, 2, "Kratom tea: thoughts")
    judge(con, REFERENCE)
    assert type_changes.note(con, FIRST) == 0
    return con


def changes(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    return con.execute(
        "SELECT pmid, before, after, cause FROM ops.study_type_changes ORDER BY ALL"
    ).fetchall()


def test_a_record_that_gained_a_tag(held: duckdb.DuckDBPyConnection) -> None:
    held.execute("INSERT INTO core.publication_types VALUES (2, 1, NULL, 'Case Reports')")
    held.execute(
        "INSERT INTO ops.article_changes VALUES (2, ?, 'publication_types', NULL, 'Case Reports')",
        [SECOND],
    )
    judge(held, REFERENCE)
    assert type_changes.note(held, SECOND) == 1
    assert changes(held) == [(2, "OTHER", "CASE", "record: publication_types")]


def test_rules_and_a_decision(held: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in (
        "topics.toml", "study_types.toml", "facets.toml", "registries.toml", "claims.toml",
        "claim_evidence.csv",
    ):  # fmt: skip
        shutil.copy(REFERENCE / name, tmp_path)
    (tmp_path / "overrides.toml").write_text(
        'version = "1"\n[[override]]\npmid = 2\nfield = "study_type"\nvalue = "QUAL"\n'
        'expect = "OTHER"\nwho = "A. Reader"\nwhen = 2026-11-22\nwhy = "Read in full."\n'
    )
    rules = tmp_path / "study_types.toml"
    text = rules.read_text().replace('id = "animal.title"\ncode = "ANIMAL"', 'id = "animal.title"\ncode = "INVITRO"')  # fmt: skip  # noqa: E501
    version = next(line for line in text.splitlines() if line.startswith("version"))
    rules.write_text(text.replace(version, 'version = "other"'))
    judge(held, tmp_path)
    type_changes.note(held, SECOND)
    old = version.split('"')[1]
    assert changes(held) == [
        (1, "ANIMAL", "INVITRO", f"rules {old} to other"),
        (2, "OTHER", "QUAL", f"a person's decision; rules {old} to other"),
    ]


def test_confirming_counts_as_checked_and_keeps_the_label(
    held: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name in (
        "topics.toml", "study_types.toml", "facets.toml", "registries.toml", "claims.toml",
        "claim_evidence.csv",
    ):  # fmt: skip
        shutil.copy(REFERENCE / name, tmp_path)
    (tmp_path / "overrides.toml").write_text(
        'version = "1"\n[[override]]\npmid = 1\nfield = "study_type"\nconfirm = "ANIMAL"\n'
        'who = "A. Reader"\nwhen = 2026-11-22\nwhy = "Mice."\n'
    )
    judge(held, tmp_path)
    assert type_changes.note(held, SECOND) == 0
    assert held.execute(
        "SELECT study_type, assigned_by FROM evidence.article_study_types "
        "WHERE pmid = 1 AND is_primary"
    ).fetchall() == [("ANIMAL", "override")]
    assert held.execute("SELECT is_expectation_met FROM evidence.overrides").fetchall() == [(True,)]
