"""Staging: the tables of core in memory, one file a transaction, the warehouse untouched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import SourceError
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.warehouse.stage import (
    SCHEMA_FILE,
    column_types,
    create_staging,
    empty_staging,
    stage_file,
)
from tests.pubmed.test_records import article, file_of

GONE = '<DeleteCitation><PMID Version="1">9</PMID></DeleteCitation>'


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        create_staging(connection)
        yield connection


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM staging.core.{table}").fetchall()[0][0])


def test_the_parser_gives_every_column_of_core() -> None:
    """The schema is the contract: a column added there must be parsed, or added by the loader."""
    added = {"raw_file", "source_stamp", "first_seen_at", "changed_at"}
    not_parsed = {"journals", "article_versions", "article_revisions", "deleted_citations"}
    types = column_types(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert set(types) - not_parsed == set(PARSED_COLUMNS)
    for table, columns in PARSED_COLUMNS.items():
        wanted = [column for column in types[table] if table == "articles" or column != "pmid"]
        if table == "articles":
            wanted = [column for column in wanted if column not in added]
        assert list(columns) == ["record_no", *wanted], table


def test_types_of_columns_are_those_that_the_schema_makes(
    con: duckdb.DuckDBPyConnection,
) -> None:
    schema = SCHEMA_FILE.read_text(encoding="utf-8")
    con.execute(schema)
    made = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'warehouse' ORDER BY ALL"
    ).fetchall()
    read = [(table, *pair) for table, own in column_types(schema).items() for pair in own.items()]
    assert made == sorted(read)


def test_a_file_is_staged_with_its_origin(con: duckdb.DuckDBPyConnection) -> None:
    broken = "<PubmedArticle>x</PubmedArticle>"
    inner = "<ArticleTitle>T</ArticleTitle><Language>eng</Language>"
    data = file_of(article(inner, pmid="8"), broken, article(pmid="9"), GONE)
    counts = stage_file(con, data, raw_file="objects/ab", stamp="f1", first_record_no=5)
    assert (counts.records, counts.deletions, counts.unreadable) == (2, 1, 1)
    assert counts.next_record_no == 8
    assert con.execute(
        "SELECT record_no, pmid, title, languages, raw_file, source_stamp"
        " FROM staging.core.articles ORDER BY record_no"
    ).fetchall() == [
        (5, 8, "T", ["eng"], "objects/ab", "f1:00000005"),
        (7, 9, None, [], "objects/ab", "f1:00000007"),
    ]
    assert con.execute("SELECT * FROM staging.core.deletions").fetchall() == [
        (9, 1, "objects/ab", "f1")
    ]
    odd = con.execute(
        "SELECT record_no, record_bytes, reason, raw_offset FROM staging.core.unreadable"
    )
    ((number, raw, reason, offset),) = odd.fetchall()
    assert (number, bytes(raw)) == (6, broken.encode())
    assert data[offset:].startswith(broken.encode())
    assert "no PMID" in reason


def test_keyed_views_let_sql_of_core_run_on_staging(con: duckdb.DuckDBPyConnection) -> None:
    keyword = '<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">kratom</Keyword></KeywordList>'
    stage_file(con, file_of(article(after=keyword)), raw_file=None, stamp="f", first_record_no=3)
    found = con.execute(
        "SELECT a.pmid, k.keyword FROM staging.keyed.articles AS a"
        " JOIN staging.keyed.keywords AS k USING (pmid)"
    ).fetchall()
    assert found == [(3, "kratom")]
    for table in PARSED_COLUMNS:
        assert con.execute(f"SELECT pmid FROM staging.keyed.{table}").description[0][0] == "pmid"


def test_all_of_a_file_or_nothing(con: duckdb.DuckDBPyConnection) -> None:
    many = [article(pmid=str(number)) for number in range(1, 1500)]
    with pytest.raises(SourceError):
        stage_file(con, file_of(*many)[:-40], raw_file=None, stamp="f")
    assert count(con, "articles") == 0
    assert stage_file(con, file_of(*many), raw_file=None, stamp="f").records == 1499
    assert count(con, "articles") == 1499


def test_an_open_transaction_stays_the_callers(con: duckdb.DuckDBPyConnection) -> None:
    con.begin()
    stage_file(con, file_of(article()), raw_file=None, stamp="f")
    con.rollback()
    assert count(con, "articles") == 0


def test_any_kind_of_file_can_be_staged(con: duckdb.DuckDBPyConnection) -> None:
    stage_file(con, b"PMID- 7\nTI  - T\n", raw_file=None, stamp="e")
    counts = stage_file(
        con,
        b"pmid,doi,year,title\n,10.1000/a,1999,T\n",
        raw_file=None,
        stamp="l",
        first_record_no=2,
    )
    assert counts.next_record_no == 3
    found = con.execute("SELECT record_source FROM staging.core.articles ORDER BY record_no")
    assert found.fetchall() == [("nbib",), ("sparse",)]


def test_staging_can_be_emptied_and_made_anew(con: duckdb.DuckDBPyConnection) -> None:
    stage_file(con, file_of(article(), GONE), raw_file=None, stamp="f")
    empty_staging(con)
    assert count(con, "articles") == count(con, "deletions") == 0
    stage_file(con, file_of(article()), raw_file=None, stamp="f")
    create_staging(con)
    assert count(con, "articles") == 0


def test_an_emptied_staging_gives_its_memory_back() -> None:
    held = "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()"
    with duckdb.connect() as con:
        create_staging(con)
        [(before,)] = con.execute(held).fetchall()
        stage_file(con, file_of(*[article()] * 50), raw_file=None, stamp="f")
        [(full,)] = con.execute(held).fetchall()
        empty_staging(con)
        [(after,)] = con.execute(held).fetchall()
    assert after <= before < full


def test_the_warehouse_file_is_not_written(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def sizes() -> dict[str, int]:
        return {path.name: path.stat().st_size for path in tmp_path.iterdir()}

    before = sizes()
    con.begin()
    stage_file(con, file_of(article()), raw_file=None, stamp="f")
    con.commit()
    assert sizes() == before
