"""A person's decision is never ignored in silence: what shows in no table is said."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.outputs.receipt import decisions_without_effect
from pipeline.settings import ROOT


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute((ROOT / "sql" / "schema" / "evidence.sql").read_text(encoding="utf-8"))
        connection.execute(
            "CREATE SCHEMA ops; CREATE TABLE ops.warehouse AS SELECT 'pubmed' AS origin;"
            "CREATE SCHEMA marts; CREATE TABLE marts.articles (pmid INTEGER);"
            "CREATE TABLE marts.claim_articles (claim VARCHAR, pmid INTEGER);"
            "INSERT INTO marts.articles VALUES (1), (2);"
            "INSERT INTO marts.claim_articles VALUES ('analgesia', 1)"
        )
        yield connection


def decide(con, pmid, automatic):
    con.execute(
        "INSERT INTO evidence.overrides VALUES "
        "(?, 'study_type', 'RCT', 'RCT', 'A. Reader', current_date, 'Read.', ?, ?)",
        [pmid, automatic, None if automatic is None else automatic == "RCT"],
    )


def read(con, pmid, stale):
    con.execute(
        "INSERT INTO evidence.claim_evidence VALUES ('analgesia', ?, 'supports', 'animal', NULL, "
        "NULL, 'words', 'title', NULL, 'A. Reader', current_date, ?)",
        [pmid, stale],
    )


def test_what_has_an_effect_needs_no_word(con):
    decide(con, 1, "RCT")
    decide(con, 2, "CASE")  # unmet expectations are said elsewhere
    read(con, 1, None)
    assert decisions_without_effect(con) == []


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda con: decide(con, 9, None), "about records not held here"),
        (lambda con: decide(con, 9, "RCT"), "about records that no search finds now"),
        (lambda con: read(con, 1, "text changed"), "no longer hold"),
        (lambda con: read(con, 1, "retracted"), "no longer hold"),
        (lambda con: read(con, 2, None), "that the rules do not find for the claim"),
    ],
)
def test_what_has_none_is_said_with_its_pmid(con, add, said):
    add(con)
    (sentence,) = decisions_without_effect(con)
    assert sentence.startswith("1 ") and said in sentence and "(PMID " in sentence


def test_files_need_not_hold_what_the_shipped_decisions_are_about(con):
    con.execute("UPDATE ops.warehouse SET origin = 'files'")
    decide(con, 9, None)
    assert decisions_without_effect(con) == []
