"""Judging fills all evidence tables, with proofs at the stated place, the same every time."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.evidence.judge import judge
from pipeline.evidence.record import read_records
from tests.evidence.conftest import SHIPPED, add_article, decided, judge_record, judged

TABLES = (
    "rule_sets", "study_types", "topics", "searches", "article_topics", "article_study_types",
    "article_type_aspects", "article_flags", "article_facets", "article_ties", "registrations",
    "article_claims", "proofs", "overrides", "study_groups", "study_links",
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
                "a double\u2011blind tri\u200bal in patients.",
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


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: con.execute(f"FROM evidence.{table} ORDER BY ALL").fetchall() for table in TABLES
    }


def test_fills_everything(filled: duckdb.DuckDBPyConnection) -> None:
    counts = judge(filled, SHIPPED)
    assert (counts["judged"], counts["judged_again"]) == (6, 6)
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
    for record in next(read_records(filled, "core")):
        judgement = judge_record(record, SHIPPED)
        proved = {(proof.kind, proof.code) for proof in judgement.proofs}
        assert {("topic", hit.topic) for hit in judgement.topics} <= proved
        types = {("study_type", label.study_type) for label in judgement.labels}
        assert types - {("study_type", "OTHER")} <= proved
        stored = {("title", None): record.title}
        stored |= {("abstract", one.number): one.text for one in record.sections}
        stored |= {("keywords", number): text for number, text in enumerate(record.keywords, 1)}
        for proof in judgement.proofs:
            if proof.source == "text":
                assert stored[proof.field, proof.section_no][proof.start : proof.end] == proof.text
        if record.pmid == 1:
            texts = {proof.text for proof in judgement.proofs}
            assert {"randomi\u00adsed trial", "Kratom", "tri\u200bal"} & texts


def test_same_input_same_rows(filled: duckdb.DuckDBPyConnection) -> None:
    judge(filled, SHIPPED)
    first = content(filled)
    filled.execute("DELETE FROM ops.judged")
    filled.execute("BEGIN")
    judge(filled, SHIPPED)
    filled.execute("COMMIT")
    assert content(filled) == first
    filled.execute("BEGIN")
    filled.execute("DELETE FROM core.articles WHERE pmid = 2")
    filled.execute("DELETE FROM core.publication_types WHERE pmid = 2")
    judge(filled, SHIPPED)
    filled.execute("ROLLBACK")
    assert content(filled) == first


def test_a_record_typed_by_hand_is_judged_as_one_from_core(
    con: duckdb.DuckDBPyConnection,
) -> None:
    told = {"abstract": "We gave rats tea.", "keywords": ["Pain"]}
    add_article(con, 1, "Kratom tea in rats", mesh=[("Rats", True)], **told)
    ((record,),) = read_records(con, "core")
    assert judge_record(record, SHIPPED) == judged("Kratom tea in rats", mesh=["*Rats"], **told)


def test_overrides(filled: duckdb.DuckDBPyConnection) -> None:
    reference = decided(
        (1, "NRCT", "RCT"), (2, "INVITRO", "CHEM"), (5, "QUAL", "OTHER"), (99, "CASE", "CASE")
    )
    counts = judge(filled, reference)
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
