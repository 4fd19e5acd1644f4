"""Full-text search: what counts as a word, and who comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.warehouse.database import write_copy
from tools.data_dictionary import empty_database

TEXTS = {
    1: ("7-Hydroxymitragynine at the \u00b5-opioid receptor", "Nothing else."),
    2: ("Kratom tea", "M\u00fcller saw withdrawal, withdrawal and pain."),
    3: ("Withdrawal from kratom", "Ten people."),
    4: ("Painting with kratom leaves", "Colours."),
}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for readers with four articles, one of them indexed."""
    path = tmp_path_factory.mktemp("words") / "ketum.duckdb"
    with empty_database() as con:
        con.execute("DROP TABLE IF EXISTS run_parameters")
        for pmid, (title, abstract) in TEXTS.items():
            con.execute(
                "INSERT INTO core.articles BY NAME SELECT ?::INTEGER AS pmid, 1 AS pmid_version, "
                "'article' AS record_kind, 'pubmed_xml' AS record_source, ? AS title, "
                "[] AS languages, [] AS citation_subsets, [] AS gene_symbols, "
                "[] AS space_flight_missions, [] AS general_notes, '' AS record_sha256, "
                "'' AS source_stamp, TIMESTAMP '2026-11-22' AS first_seen_at, "
                "TIMESTAMP '2026-11-22' AS changed_at",
                [pmid, title],
            )
            con.execute(
                "INSERT INTO core.abstract_sections BY NAME SELECT ?::INTEGER AS pmid, "
                "1 AS section_no, 'main' AS abstract_type, ? AS text",
                [pmid, abstract],
            )
        con.execute(
            "INSERT INTO core.mesh_headings BY NAME SELECT 1 AS pmid, 1 AS heading_no, "
            "0 AS qualifier_no, 'Receptors, Opioid, mu' AS descriptor, "
            "false AS is_major_descriptor"
        )
        write_copy(con, path)
    return path


@pytest.fixture
def con(held: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(held), read_only=True) as connection:
        yield connection


def find(con: duckdb.DuckDBPyConnection, words: str) -> list[int]:
    return [row[0] for row in con.execute("FROM core.find_articles(?)", [words]).fetchall()]


@pytest.mark.parametrize(
    ("words", "pmids"),
    [
        ("muller", [2]),
        ("MÜLLER", [2]),
        ("\u03bc", [1]),  # asked with the Greek letter, printed with the micro sign
        ("7-hydroxymitragynine", [1]),
        ("hydroxymitragynine", [1]),
        ("pain", [2]),  # never painting
        ("pain*", [4, 2]),
        ("receptors", [1]),  # stands in MeSH only
        ("nowhere", []),
        ("", []),
        ("*", []),
        ("'; DROP TABLE core.articles; --", []),
    ],
)
def test_what_is_found(words, pmids, con):
    assert find(con, words) == pmids


def test_more_of_the_words_go_before_better_places(con):
    """2 has both words, one of them in the abstract only; 3 has one, in its title."""
    assert find(con, "kratom withdrawal tea")[:2] == [2, 3]
    assert find(con, "withdrawal") == [3, 2]


def test_the_answer_says_where_the_words_stand(con):
    row = con.execute("SELECT * FROM core.find_articles('opioid receptor*')").fetchone()
    assert row == (1, 2, 14, ["mesh", "title"], TEXTS[1][0])


def test_the_view_answers_in_an_attached_file(held):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{held}' AS other (READ_ONLY)")
        found = con.execute(
            "SELECT pmid, occurrence_count FROM other.core.article_words "
            "WHERE word = 'withdrawal' AND field = 'abstract'"
        ).fetchall()
    assert found == [(2, 2)]


def test_the_macro_says_what_it_is(con):
    (comment,) = con.execute(
        "SELECT comment FROM duckdb_functions() WHERE function_name = 'find_articles'"
    ).fetchone()
    assert "full-text search" in comment
