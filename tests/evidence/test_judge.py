"""Judging fills all evidence tables, with proofs at the stated place, the same every time."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline.evidence.judge import judge
from tests.evidence.conftest import REFERENCE, add_article

TABLES = (
    "rule_sets", "study_types", "topics", "searches", "article_topics", "article_study_types",
    "article_flags", "proofs", "overrides",
)  # fmt: skip


@pytest.fixture
def filled(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    add_article(
        con, 1, "Kratom\u2019s effect on PAIN: a randomi\u00adsed trial",
        abstract=[
            ("BACKGROUND", "\U0001f33f Case reports exist."),
            (
                "METHODS",
                "\u0391dults \U0001f33f were randomly\u00a0assigned; "
                "a double\u2011blind trial in patients.",
            ),
        ],
        keywords=["Mitragyna speciosa"], publication_types=["Multicenter Study"],
    )  # fmt: skip
    add_article(con, 2, "Kratom in mice", publication_types=["Retracted Publication"])
    add_article(con, 3, "Erratum: Kratom in mice", links=["ErratumFor"])
    add_article(con, 4, "Kratom case report", links=["RetractionIn"])
    add_article(con, 5, "Thoughts", source="sparse", kind="citation")
    add_article(con, 6, "Kratom survey of students", publication_types=["Preprint"])
    return con


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    return {table: con.execute(f"FROM evidence.{table}").fetchall() for table in TABLES}


def test_fills_everything(filled: duckdb.DuckDBPyConnection) -> None:
    counts = judge(filled, REFERENCE)
    assert counts["judged"] == 6
    assert (counts["labelled"], counts["unclassified"]) == (5, 1)
    assert (counts["retracted"], counts["notices"], counts["preprints"]) == (2, 1, 1)
    primaries = dict(
        filled.execute(
            "SELECT pmid, study_type FROM evidence.article_study_types WHERE is_primary"
        ).fetchall()
    )
    assert primaries == {1: "RCT", 2: "ANIMAL", 3: "NOTICE", 4: "CASE", 5: "OTHER", 6: "XSEC"}
    flags = "is_retracted, is_notice, is_preprint, is_veterinary, is_multicenter"
    assert filled.execute(
        f"SELECT pmid, {flags} FROM evidence.article_flags ORDER BY pmid"
    ).fetchall() == [
        (1, False, False, False, False, True),
        (2, True, False, False, False, False),
        (3, False, True, False, False, False),
        (4, True, False, False, False, False),
        (5, False, False, False, False, False),
        (6, False, False, True, False, False),
    ]


def test_every_label_has_a_proof_found_at_its_place(filled: duckdb.DuckDBPyConnection) -> None:
    judge(filled, REFERENCE)
    unproved = filled.execute(
        """
        SELECT pmid, study_type FROM evidence.article_study_types AS label
        WHERE study_type <> 'OTHER' AND NOT EXISTS (
            SELECT 1 FROM evidence.proofs AS proof WHERE proof.pmid = label.pmid
                AND kind = 'study_type' AND code = label.study_type)
        UNION ALL
        SELECT pmid, topic FROM evidence.article_topics AS label
        WHERE NOT EXISTS (
            SELECT 1 FROM evidence.proofs AS proof WHERE proof.pmid = label.pmid
                AND kind = 'topic' AND code = label.topic)
        """
    ).fetchall()
    assert unproved == []
    stored = {
        (pmid, field, number): text
        for pmid, field, number, text in filled.execute(
            "SELECT pmid, 'title', NULL, title FROM core.articles UNION ALL "
            "SELECT pmid, 'abstract', section_no, text FROM core.abstract_sections UNION ALL "
            "SELECT pmid, 'keywords', position, keyword FROM core.keywords"
        ).fetchall()
    }
    proofs = filled.execute(
        "SELECT pmid, field, section_no, matched_text, char_start, char_end "
        "FROM evidence.proofs WHERE source = 'text'"
    ).fetchall()
    assert len(proofs) > 10
    for pmid, field, number, text, start, end in proofs:
        assert stored[pmid, field, number][start:end] == text


def test_same_input_same_rows(filled: duckdb.DuckDBPyConnection) -> None:
    judge(filled, REFERENCE)
    first = content(filled)
    filled.execute("BEGIN")
    judge(filled, REFERENCE)
    filled.execute("COMMIT")
    assert content(filled) == first
    filled.execute("BEGIN")
    filled.execute("DELETE FROM core.articles WHERE pmid = 2")
    filled.execute("DELETE FROM core.publication_types WHERE pmid = 2")
    judge(filled, REFERENCE)
    filled.execute("ROLLBACK")
    assert content(filled) == first


def test_leaves_the_connection_as_it_was(filled: duckdb.DuckDBPyConnection) -> None:
    setting = "SELECT current_setting('preserve_insertion_order')"
    before = filled.execute(setting).fetchone()
    judge(filled, REFERENCE)
    assert filled.execute(setting).fetchone() == before


def test_overrides(filled: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in (
        "topics.toml", "study_types.toml", "facets.toml", "registries.toml", "claims.toml",
        "claim_evidence.csv",
    ):  # fmt: skip
        shutil.copy(REFERENCE / name, tmp_path)
    decision = (
        '[[override]]\npmid = {}\nfield = "study_type"\nvalue = "{}"\nexpect = "{}"\n'
        'who = "A. Reader"\nwhen = 2026-11-22\nwhy = "Read in full."\n'
    )
    (tmp_path / "overrides.toml").write_text(
        'version = "1"\n'
        + decision.format(1, "NRCT", "RCT")
        + decision.format(2, "INVITRO", "CHEM")
        + decision.format(5, "QUAL", "OTHER")
        + decision.format(99, "CASE", "CASE")
    )
    counts = judge(filled, tmp_path)
    assert (counts["overrides"], counts["overrides_unmet"], counts["overrides_not_held"]) == (
        4,
        1,
        1,
    )
    assert filled.execute(
        "SELECT pmid, study_type, is_primary, assigned_by FROM evidence.article_study_types "
        "WHERE pmid IN (1, 2, 5) AND study_type IN "
        "('NRCT', 'RCT', 'INVITRO', 'ANIMAL', 'QUAL', 'OTHER') ORDER BY ALL"
    ).fetchall() == [
        (1, "NRCT", True, "override"),
        (1, "RCT", False, "text_rule"),
        (2, "ANIMAL", False, "text_rule"),
        (2, "INVITRO", True, "override"),
        (5, "QUAL", True, "override"),
    ]
    assert filled.execute(
        "SELECT pmid, automatic_value, is_expectation_met FROM evidence.overrides ORDER BY 1"
    ).fetchall() == [(1, "RCT", True), (2, "ANIMAL", False), (5, "OTHER", True), (99, None, None)]
    assert filled.execute(
        "SELECT code, matched_text FROM evidence.proofs WHERE source = 'override' ORDER BY pmid"
    ).fetchall() == [(c, "Read in full.") for c in ("NRCT", "INVITRO", "QUAL")]
