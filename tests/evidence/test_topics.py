"""Searches: PubMed's query and the local match come from one definition."""

from __future__ import annotations

import re

import duckdb
import pytest

from pipeline.evidence.record import Proof, Record, read_records
from pipeline.evidence.topics import TopicsOf, found_by, topics_of
from tests.evidence.conftest import SHIPPED, add_article, judged, make_record

TOPICS = SHIPPED.topics


def told(record: Record) -> TopicsOf:
    return topics_of(TOPICS, record.units(SHIPPED.language), record.tags())


def levels(title: str | None, **rest: object) -> dict[str, str]:
    return dict(told(make_record(title, **rest)).hits)  # type: ignore[arg-type]


def test_query_turns_automatic_term_mapping_off() -> None:
    for search in TOPICS.searches:
        query = TOPICS.pubmed_query(search.name)
        assert query.count("(") == query.count(")")
        term = r'(?:"[^"]+"|[a-z0-9]+\*?)\[(?:mesh:noexp|nm|tw|tiab)\]'
        rest = re.sub(term, "", query)
        assert set(re.findall(r"[^\s()]+", rest)) <= {"AND", "OR", "NOT"}


def test_kratom_pain_is_both_blocks() -> None:
    kratom, pain = TOPICS.pubmed_query("kratom"), TOPICS.pubmed_query("pain")
    assert TOPICS.pubmed_query("kratom_pain") == f"{kratom} AND {pain}"
    assert '"Mitragyna"[mesh:noexp]' in kratom
    assert '"mitragynine"[nm]' in kratom
    assert "(corynantheidin*[tw] AND (opioid*[tw] OR rubiaceae[tw]))" in kratom
    assert "Analgesics, Opioid" not in pain
    with pytest.raises(KeyError):
        TOPICS.pubmed_query("opium")


@pytest.mark.parametrize(
    ("title", "rest", "found"),
    [
        ("Kratom and sleep", {}, {"kratom": "focus"}),
        (
            "Sleep in tea drinkers",
            {"abstract": [("BACKGROUND", "Kratom is a tree."), ("RESULTS", "KRATOM users slept.")]},
            {"kratom": "outcome"},
        ),
        ("Sleep", {"abstract": [("BACKGROUND", "Kratom is a tree.")]}, {"kratom": "mention"}),
        ("Sleep", {"keywords": ["Kratom"]}, {"kratom": "mention"}),
        ("Sleep", {"mesh": ["*Mitragyna"]}, {"kratom": "focus"}),
        ("Sleep", {"mesh": ["Mitragyna"]}, {"kratom": "mention"}),
        ("Sleep", {"substances": ["mitragynine"]}, {"kratom": "mention"}),
        ("Sleep", {"mesh": ["*Analgesics"]}, {"pain": "mention"}),
        (None, {"vernacular_title": "Der Kratom"}, {"kratom": "focus"}),
        ("Sleep", {}, {}),
    ],
)
def test_levels(title: str | None, rest: dict[str, object], found: dict[str, str]) -> None:
    assert levels(title, **rest) == found


@pytest.mark.parametrize("title", ["Pharmacology of mitra\u00adgynine", "Leaves of kra\u200btom"])
def test_a_word_with_something_invisible_in_it(title: str) -> None:
    assert levels(title) == {"kratom": "focus"}


def test_proofs_name_the_clause_and_the_place() -> None:
    one = told(make_record("The \u201cKRATOM\u201d tree and pain"))
    assert one.proofs == (
        Proof("topic", "kratom", "kratom*[tw]", "text", "title", None, "KRATOM", 5, 11),
        Proof("topic", "pain", "pain[tiab]", "text", "title", None, "pain", 22, 26),
    )
    two = told(make_record("Sleep alone", mesh=["*Pain"]))
    assert two.proofs == (
        Proof(
            "topic", "pain", '"Pain"[mesh:noexp]', "nlm_mesh_major", "mesh_headings", None, "Pain",
            None, None,
        ),
    )  # fmt: skip


def test_a_search_wants_all_its_topics() -> None:
    records = [
        make_record("The kratom tree and pain", pmid=1),
        make_record("Pain alone", pmid=2),
        make_record("Sleep", pmid=3),
    ]

    def pmids(name: str) -> list[int]:
        searches = [one for one in TOPICS.searches if one.name == name]
        return found_by(searches, TOPICS, SHIPPED.language, records)

    assert (pmids("kratom"), pmids("kratom_pain"), pmids("pain")) == ([1], [1], [1, 2])


def test_reads_any_schema_that_shows_core(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 7, "Kratom", keywords=["Tea", "Mitragyna"], mesh=[("Mice", True)])
    con.execute("ATTACH ':memory:' AS staging; CREATE SCHEMA staging.keyed")
    for (table,) in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'core' "
        "AND table_name <> 'journals'"
    ).fetchall():
        con.execute(
            f"CREATE TABLE staging.keyed.{table} AS "
            f"SELECT * REPLACE (pmid + 100 AS pmid) FROM core.{table}"
        )
    ((record,),) = read_records(con, "staging.keyed")
    typed = make_record("Kratom", pmid=107, keywords=["Tea", "Mitragyna"], mesh=["*Mice"])
    assert record == typed
    assert list(read_records(con, "core", [8])) == [[]]
    with pytest.raises(ValueError, match="not a schema"):
        list(read_records(con, "core; DROP"))


@pytest.mark.parametrize(
    ("title", "abstract", "level"),
    [
        ("Growing pains of the kratom trade", "We asked 40 vendors.", "mention"),
        ("Kratom beside opioid analgesics", "We asked 40 users.", "mention"),
        ("Growing pains of the kratom trade", "It was found that back pain was common.", "outcome"),
        ("Opioid analgesics, kratom and chronic pain", "We asked 40 users.", "focus"),
    ],
)
def test_words_that_mean_something_else_are_a_mention(title, abstract, level):
    """PubMed returns these records for the word, so they are members."""
    hits = {hit.topic: hit.level for hit in judged(title, abstract=abstract).topics}
    assert hits == {"kratom": "focus", "pain": level}
