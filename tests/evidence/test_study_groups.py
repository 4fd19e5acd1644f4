"""Which records belong to one study: what joins, what only links, and that all leaves a trace."""

from __future__ import annotations

import duckdb

from pipeline.evidence.judge import judge
from tests.evidence.conftest import SHIPPED, add_article

TRIAL = "Adults were randomly assigned to tea or placebo. "


def groups(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, str]]:
    judge(con, SHIPPED)
    rows = con.execute("SELECT pmid, study_group, role FROM evidence.study_groups").fetchall()
    return {pmid: (group, role) for pmid, group, role in rows}


def link(con: duckdb.DuckDBPyConnection, pmid: int, kind: str, other: int) -> None:
    con.execute(
        "INSERT INTO core.article_links (pmid, position, ref_type, linked_pmid) "
        "SELECT ?, 1 + (SELECT count(*) FROM core.article_links), ?, ?",
        [pmid, kind, other],
    )


def links(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "SELECT pmid, other_pmid, relation, ground, is_same_study, may_share_cases "
        "FROM evidence.study_links ORDER BY ALL"
    ).fetchall()


def test_reports_of_one_registration_are_one_study_its_protocol_too(con):
    add_article(con, 1, "Tea: study protocol", abstract="Adults will be randomized (NCT00000001).")
    add_article(con, 2, "Tea: a randomized trial", abstract=TRIAL + "NCT00000001.")
    add_article(con, 3, "Tea and sleep: a randomized trial", abstract=TRIAL + "NCT00000001.")
    add_article(con, 4, "Tea in dogs: a randomized trial", abstract=TRIAL + "NCT00000004.")
    assert groups(con) == {
        1: ("NCT00000001", "protocol"),
        2: ("NCT00000001", "report"),
        3: ("NCT00000001", "report"),
        4: ("NCT00000004", "report"),
    }
    assert links(con) == [
        (2, 1, "same_registration", "NCT00000001", True, False),
        (3, 1, "same_registration", "NCT00000001", True, False),
    ]


def test_a_review_that_names_a_trial_is_linked_not_merged(con):
    add_article(con, 1, "Tea: a randomized trial", abstract=TRIAL + "NCT00000001.")
    add_article(con, 2, "Tea: a systematic review", abstract="We searched PubMed; NCT00000001.")
    told = groups(con)
    assert told[1][0] == "NCT00000001"
    assert told[2] == ("PMID 2", "summary")
    assert links(con) == [(2, 1, "same_registration", "NCT00000001", False, False)]


def test_what_pools_many_trials_does_not_join_them(con):
    numbers = [f"NCT0000000{n}" for n in range(1, 5)]
    add_article(con, 9, "Tea: pooled randomized trial", abstract=TRIAL + ", ".join(numbers))
    for pmid, number in enumerate(numbers, 1):
        add_article(con, pmid, "Tea: a randomized trial", abstract=TRIAL + number)
    told = groups(con)
    assert {told[pmid][0] for pmid in range(1, 5)} == set(numbers)
    assert told[9][0] == "PMID 9"
    assert [one[:3] for one in links(con)] == [(9, n, "same_registration") for n in range(1, 5)]


def test_comment_reply_and_erratum_follow_their_article(con):
    add_article(con, 5, "Tea: a randomized trial", abstract=TRIAL)
    add_article(con, 2, "Tea and what it does not do", publication_types=["Comment", "Letter"])
    add_article(con, 3, "Reply", publication_types=["Comment", "Letter"])
    add_article(con, 4, "Erratum: Tea", publication_types=["Published Erratum"])
    link(con, 2, "CommentOn", 5)
    link(con, 5, "CommentIn", 2)
    link(con, 3, "CommentOn", 2)
    link(con, 4, "ErratumFor", 5)
    assert groups(con) == {
        5: ("PMID 5", "report"),
        2: ("PMID 5", "comment"),
        3: ("PMID 5", "comment"),
        4: ("PMID 5", "notice"),
    }
    assert (2, 5, "comment", "CommentIn, CommentOn", False, False) in links(con)


def test_a_comment_on_two_studies_joins_neither(con):
    add_article(con, 1, "Tea: a randomized trial", abstract=TRIAL)
    add_article(con, 2, "Coffee: a randomized trial", abstract=TRIAL)
    add_article(con, 3, "Tea or coffee", publication_types=["Comment", "Editorial"])
    link(con, 3, "CommentOn", 1)
    link(con, 3, "CommentOn", 2)
    assert {group for group, _ in groups(con).values()} == {"PMID 1", "PMID 2", "PMID 3"}
    assert len(links(con)) == 2


def test_updates_are_one_study(con):
    add_article(con, 1, "Tea for pain: a systematic review", abstract="We searched PubMed.")
    add_article(con, 2, "Tea for pain: a systematic review", abstract="We searched PubMed.")
    link(con, 2, "UpdateOf", 1)
    assert groups(con)[2][0] == "PMID 1"


def test_letters_that_update_each_other_are_no_study(con):
    add_article(con, 1, "Tea: a cross-sectional survey", abstract="We surveyed 90 adults.")
    add_article(con, 2, "Tea: a letter", publication_types=["Letter", "Comment"])
    add_article(con, 3, "Reply on tea", publication_types=["Letter", "Comment"])
    link(con, 2, "CommentOn", 1)
    link(con, 3, "UpdateOf", 2)
    assert groups(con) == {
        1: ("PMID 1", "report"),
        2: ("PMID 1", "comment"),
        3: ("PMID 1", "comment"),
    }
    assert not any(is_same for *_, is_same, _ in links(con))


def test_reports_of_no_named_source_share_no_cases(con):
    years = "We read surveillance data on kratom between 2011 and 2017."
    add_article(con, 1, "Kratom: surveillance data of one state", abstract=years)
    add_article(con, 2, "Kratom: surveillance data of a hospital", abstract=years)
    judge(con, SHIPPED)
    assert con.execute(
        "SELECT count(*) FROM evidence.article_facets WHERE value = 'other_surveillance'"
    ).fetchone() == (2,)
    assert links(con) == []


def test_same_source_and_overlapping_years_may_share_cases(con):
    calls = "Calls to poison centers in the United States from {} to {} about kratom were read."
    for pmid, years in ((1, (2010, 2015)), (2, (2014, 2019)), (3, (2016, 2020))):
        add_article(
            con, pmid, "Kratom exposures reported to poison centers", abstract=calls.format(*years)
        )
    add_article(
        con,
        4,
        "Kratom deaths: coroner reports",
        abstract="Coroner reports from 2010 to 2020 about kratom were read.",
    )
    add_article(
        con,
        5,
        "Kratom exposures reported to poison centers in Thailand",
        abstract="Calls about kratom from 2010 to 2020 were read.",
    )
    told = groups(con)
    assert [one[:4] for one in links(con)] == [
        (2, 1, "overlapping_data", "poison_centre, 2014-2015"),
        (3, 2, "overlapping_data", "poison_centre, 2016-2019"),
    ]
    assert len({group for group, _ in told.values()}) == 5
    flagged = con.execute("SELECT pmid FROM evidence.study_groups WHERE may_share_cases").fetchall()
    assert sorted(flagged) == [(1,), (2,), (3,)]
