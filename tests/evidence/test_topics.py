"""Searches: PubMed's query and the local match come from one definition."""

from __future__ import annotations

import re

import duckdb
import pytest
from pipeline.evidence.topic_matching import match

from pipeline.evidence.topics import Topics, load_topics
from tests.evidence.conftest import REFERENCE, add_article


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics(REFERENCE / "topics.toml")


def levels(con: duckdb.DuckDBPyConnection, topics: Topics) -> dict[tuple[int, str], str]:
    match(con, topics, "core")
    rows = con.execute("SELECT pmid, topic, level FROM topic_hits").fetchall()
    return {(pmid, topic): level for pmid, topic, level in rows}


def test_query_turns_automatic_term_mapping_off(topics: Topics) -> None:
    for search in topics.searches:
        query = topics.pubmed_query(search.name)
        assert query.count("(") == query.count(")")
        term = r'(?:"[^"]+"|[a-z0-9]+\*?)\[(?:mesh:noexp|nm|tw|tiab)\]'
        rest = re.sub(term, "", query)
        assert set(re.findall(r"[^\s()]+", rest)) <= {"AND", "OR", "NOT"}


def test_kratom_pain_is_both_blocks(topics: Topics) -> None:
    kratom, pain = topics.pubmed_query("kratom"), topics.pubmed_query("pain")
    assert topics.pubmed_query("kratom_pain") == f"{kratom} AND {pain}"
    assert '"Mitragyna"[mesh:noexp]' in kratom
    assert '"mitragynine"[nm]' in kratom
    assert "(corynantheidin*[tw] AND (opioid*[tw] OR rubiaceae[tw]))" in kratom
    assert "Analgesics, Opioid" not in pain
    with pytest.raises(KeyError):
        topics.pubmed_query("opium")


def test_levels(con: duckdb.DuckDBPyConnection, topics: Topics) -> None:
    structured = [("BACKGROUND", "Kratom is a tree."), ("RESULTS", "Users of KRATOM slept.")]
    add_article(con, 1, "Kratom and sleep")
    add_article(con, 2, "Sleep in tea drinkers", abstract=structured)
    add_article(con, 3, "Sleep", abstract=[("BACKGROUND", "Kratom is a tree.")])
    add_article(con, 4, "Sleep", keywords=["Kratom"])
    add_article(con, 5, "Sleep", mesh=[("Mitragyna", True)])
    add_article(con, 6, "Sleep", mesh=[("Mitragyna", False)])
    add_article(con, 7, "Sleep", substances=["mitragynine"])
    add_article(con, 8, "Sleep", mesh=[("Analgesics", True)])
    add_article(con, 9, None, vernacular_title="Der Kratom")
    add_article(con, 10, "Sleep")
    assert levels(con, topics) == {
        (1, "kratom"): "focus",
        (2, "kratom"): "outcome",
        (3, "kratom"): "mention",
        (4, "kratom"): "mention",
        (5, "kratom"): "focus",
        (6, "kratom"): "mention",
        (7, "kratom"): "mention",
        (8, "pain"): "mention",
        (9, "kratom"): "focus",
    }


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Ketum tea", True),
        ("Ketumine tea", False),
        ("7\u2010Hydroxymitragynine in the gut", True),
        ("Biak\u2011Biak leaves", True),
        ("Corynantheidine at opioid receptors", True),
        ("Corynantheidine in roots", False),
        ("A herbal blend called Krypton", True),
        ("Krypton gas", False),
        ("Kutum fish and thang soup", False),
    ],
)
def test_kratom_words(
    con: duckdb.DuckDBPyConnection, topics: Topics, title: str, found: bool
) -> None:
    add_article(con, 1, title)
    assert ((1, "kratom") in levels(con, topics)) is found


@pytest.mark.parametrize(
    ("title", "mesh", "found"),
    [
        ("Low back pain", (), True),
        ("House paint and painters", (), False),
        ("Latency on the hot-plate", (), True),
        ("Prescribing trends", [("Analgesics, Opioid", True)], False),
        ("Prescribing trends", [("Low Back Pain", False)], True),
        ("Analgesics, Opioid: trends", (), True),  # the word, as PubMed's [tiab] finds it
    ],
)
def test_pain(
    con: duckdb.DuckDBPyConnection, topics: Topics, title: str, mesh: list, found: bool
) -> None:
    add_article(con, 1, title, mesh=mesh)
    assert ((1, "pain") in levels(con, topics)) is found


def test_local_hits_and_proofs(con: duckdb.DuckDBPyConnection, topics: Topics) -> None:
    add_article(con, 1, "The \u201cKRATOM\u201d tree and pain")
    add_article(con, 2, "Pain alone", mesh=[("Pain", True)])
    match(con, topics, "core")
    hits = con.execute("SELECT * FROM local_hits ORDER BY ALL").fetchall()
    assert hits == [("kratom", 1), ("kratom_pain", 1), ("pain", 1), ("pain", 2)]
    proofs = con.execute(
        "SELECT pmid, rule_id, source, field, matched_text, char_start, char_end "
        "FROM topic_proofs ORDER BY ALL"
    ).fetchall()
    assert proofs == [
        (1, "kratom*[tw]", "text", "title", "KRATOM", 5, 11),
        (1, "pain[tiab]", "text", "title", "pain", 22, 26),
        (2, '"Pain"[mesh:noexp]', "nlm_mesh_major", "mesh_headings", "Pain", None, None),
        (2, "pain[tiab]", "text", "title", "Pain", 0, 4),
    ]


def test_reads_any_schema_that_presents_core(
    con: duckdb.DuckDBPyConnection, topics: Topics
) -> None:
    add_article(con, 7, "Kratom")
    con.execute("ATTACH ':memory:' AS staging; CREATE SCHEMA staging.keyed")
    for (table,) in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'core'"
    ).fetchall():
        con.execute(
            f"CREATE TABLE staging.keyed.{table} AS SELECT * REPLACE (pmid + 100 AS pmid) "
            f"FROM core.{table}"
            if table not in ("journals",)
            else "SELECT 1"
        )
    match(con, topics, "staging.keyed")
    assert con.execute("SELECT * FROM local_hits").fetchall() == [("kratom", 107)]
    with pytest.raises(ValueError, match="not a schema"):
        match(con, topics, "core; DROP")
