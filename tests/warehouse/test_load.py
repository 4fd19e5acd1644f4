"""Which copy of a record wins, and that the order of loading does not matter."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

import duckdb
import pytest

from pipeline.settings import Settings
from pipeline.warehouse import database, load, stage
from tests.corpus import article, article_set

WHEN = datetime(2026, 11, 22, 12)


@pytest.fixture
def con(settings: Settings):
    with duckdb.connect() as connection:
        for path in database.schema_files(settings.sql):
            database.run_script(connection, path)
        yield connection


def take(
    con: duckdb.DuckDBPyConnection, stamp: str, *records: str, deleted=(), when: datetime = WHEN
) -> dict[str, int]:
    stage.create_staging(con)
    body = article_set(*records, deleted=deleted).encode()
    stage.stage_file(con, body, raw_file=f"{stamp}.xml", stamp=stamp, first_record_no=1)
    return load.merge(con, when)


def titles(con: duckdb.DuckDBPyConnection):
    return con.execute("SELECT pmid, title FROM core.articles ORDER BY pmid").fetchall()


COPIES = {
    "pubmed26n0001": article(1, "first", revised="2026-01-01"),
    "pubmed26n0002": article(1, "revised", revised="2026-03-01"),
    "pubmed26n0003": article(1, "second version", revised="2026-02-01", version=2),
}


@pytest.mark.parametrize("order", list(permutations(COPIES)))
def test_the_highest_version_wins_in_any_order(con, order):
    for stamp in order:
        take(con, stamp, COPIES[stamp])
    assert titles(con) == [(1, "second version")]
    assert con.execute("SELECT pmid_version, title FROM core.article_versions").fetchall() == [
        (1, "revised")
    ]
    assert con.execute("SELECT count(*) FROM core.article_revisions").fetchall() == [(3,)]


@pytest.mark.parametrize("order", list(permutations(["a", "b", "c"])))
def test_equal_copies_are_ordered_by_file(con, order):
    """The same body comes back in a later file: it wins again, whatever was loaded first."""
    bodies = {"a": "old", "b": "between", "c": "old"}
    for stamp in order:
        take(con, stamp, article(1, bodies[stamp]))
    assert titles(con) == [(1, "old")]


@pytest.mark.parametrize("order", list(permutations(["pubmed26n0001", "gone", "pubmed26n0003"])))
def test_a_deletion_applies_to_copies_no_newer_than_its_file(con, order):
    """The first copy is deleted by a later file; the third brings the record back after that."""
    for stamp in order:
        if stamp == "gone":
            take(con, "pubmed26n0002", article(5, "beside"), deleted=(1,))
        else:
            take(con, stamp, article(1, f"from {stamp}"))
    assert titles(con) == [(1, "from pubmed26n0003"), (5, "beside")]


def test_a_deleted_record_leaves_no_row_behind(con):
    take(con, "pubmed26n0001", article(1, "soon gone", mesh=(("D1", "Pain"),)))
    counts = take(con, "pubmed26n0002", article(5, "beside"), deleted=(1, 77))
    assert counts["deleted"] == 1
    assert titles(con) == [(5, "beside")]
    assert con.execute("SELECT count(*) FROM core.mesh_headings").fetchall() == [(0,)]
    assert con.execute(
        "SELECT field, after FROM ops.article_changes WHERE pmid = 1"
    ).fetchall() == [("record", "deleted")]


def test_a_change_is_logged_field_by_field_and_nothing_else(con):
    take(con, "pubmed26n0001", article(1, "old title", mesh=(("D1", "Pain"),)))
    take(con, "pubmed26n0002", article(1, "new title", mesh=(("D2", "Nociception"),)))
    changes = con.execute(
        "SELECT field, before, after FROM ops.article_changes ORDER BY field"
    ).fetchall()
    assert [change[0] for change in changes] == ["mesh_headings", "title"]
    assert changes[1][1:] == ("old title", "new title")
    assert "Pain" in changes[0][1] and "Nociception" in changes[0][2]


def test_first_seen_stays_and_changed_moves(con):
    take(con, "pubmed26n0001", article(1, "old"))
    con.execute("UPDATE core.articles SET first_seen_at = '2020-01-01', changed_at = '2020-01-01'")
    take(con, "pubmed26n0002", article(1, "new"))
    assert con.execute("SELECT first_seen_at, changed_at FROM core.articles").fetchall() == [
        (datetime(2020, 1, 1), WHEN)
    ]


def test_several_versions_in_one_file(con):
    take(con, "pubmed26n0001", article(1, "one"), article(1, "two", version=2))
    assert titles(con) == [(1, "two")]
    assert con.execute("SELECT pmid_version, title FROM core.article_versions").fetchall() == [
        (1, "one")
    ]


def test_a_deletion_of_a_file_without_an_order_spares_other_files(con):
    take(con, "my-export", article(1, "kept"))
    take(con, "zz-deletions", article(5, "beside"), deleted=(1,))
    assert titles(con) == [(1, "kept"), (5, "beside")]


def test_an_older_version_says_when_it_was_first_seen(con):
    """Not when a newer one took its place, nor when it came again."""
    first = article(1, "one")
    for day, record in enumerate((first, article(1, "two", version=2), first), 1):
        take(con, f"pubmed26n000{day}", record, when=WHEN.replace(day=day))
    assert con.execute("SELECT title, seen_at FROM core.article_versions").fetchall() == [
        ("one", WHEN.replace(day=1))
    ]
