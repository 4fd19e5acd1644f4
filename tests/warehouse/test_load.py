"""Which copy of a record wins, and that the order of loading does not matter."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from typing import NamedTuple

import duckdb
import pytest

from pipeline.outputs.receipt import older_texts
from pipeline.warehouse import load, stage
from tests.corpus import article, article_set
from tests.in_memory import Warehouse, begin_staging

WHEN = datetime(2026, 11, 22, 12)


@pytest.fixture
def con(memory: Warehouse) -> duckdb.DuckDBPyConnection:
    return memory.con


def take(
    con: duckdb.DuckDBPyConnection, stamp: str, *records: str, deleted=(), when: datetime = WHEN
) -> dict[str, int]:
    begin_staging(con)
    body = article_set(*records, deleted=deleted).encode()
    stage.stage_file(con, body, raw_file=f"{stamp}.xml", stamp=stamp, first_record_no=1)
    return load.merge(con, when)


def take_all(con, bodies):
    """Load several files in one run."""
    begin_staging(con)
    number = 1
    for stamp, body in bodies.items():
        counts = stage.stage_file(con, body, raw_file=stamp, stamp=stamp, first_record_no=number)
        number = counts.next_record_no
    return load.merge(con, WHEN)


def titles(con: duckdb.DuckDBPyConnection):
    return con.execute("SELECT pmid, title FROM core.articles ORDER BY pmid").fetchall()


class Copy(NamedTuple):
    """What a file says of a record: a text of it, or that it is deleted."""

    stamp: str
    title: str | None
    revised: str = "2026-01-05"
    version: int = 1


def take_in_all_orders(con: duckdb.DuckDBPyConnection, *copies: Copy) -> list[tuple[object, ...]]:
    """Load copies of one record in every order, each order under a PMID of its own.

    Returns:
        what is held in the end without PMIDs: one row, if the order does not matter.
    """
    orders = list(enumerate(permutations(copies), 1))
    for place in range(len(copies)):
        told = {copy.stamp: [] for copy in copies}
        for pmid, order in orders:
            told[order[place].stamp].append((pmid, order[place]))
        bodies = {}
        for stamp, found in told.items():
            records = [
                article(pmid, copy.title, revised=copy.revised, version=copy.version)
                for pmid, copy in found
                if copy.title
            ]
            gone = tuple(pmid for pmid, copy in found if not copy.title)
            bodies[stamp] = article_set(*records, deleted=gone).encode()
        take_all(con, bodies)
    held = con.execute(
        "SELECT a.title, v.title AS other, (SELECT count(*) FROM core.article_revisions AS r "
        "WHERE r.pmid = a.pmid) FROM core.articles AS a LEFT JOIN core.article_versions AS v "
        "USING (pmid)"
    ).fetchall()
    assert len(held) == len(orders)
    return sorted(set(held), key=str)


def test_the_highest_version_wins_in_any_order(con):
    held = take_in_all_orders(
        con,
        Copy("pubmed26n0001", "first", revised="2026-01-01"),
        Copy("pubmed26n0002", "revised", revised="2026-03-01"),
        Copy("pubmed26n0003", "second version", revised="2026-02-01", version=2),
    )
    assert held == [("second version", "revised", 3)]


def test_equal_copies_are_ordered_by_file(con):
    """The same body comes back in a later file: it wins again, whatever was loaded first."""
    held = take_in_all_orders(con, Copy("a", "old"), Copy("b", "between"), Copy("c", "old"))
    assert {title for title, _, _ in held} == {"old"}


def test_a_deletion_applies_to_copies_no_newer_than_its_file(con):
    """The first copy is deleted by a later file; the third brings the record back after that."""
    held = take_in_all_orders(
        con,
        Copy("pubmed26n0001", "from pubmed26n0001"),
        Copy("pubmed26n0002", None),
        Copy("pubmed26n0003", "from pubmed26n0003"),
    )
    assert {title for title, _, _ in held} == {"from pubmed26n0003"}


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


def older(con):
    return con.execute("SELECT pmid, delivered, held FROM older_copies").fetchall()


def test_a_text_older_by_its_own_date_stays_a_revision_and_is_said(con):
    take(con, "20261101T120000Z", article(1, "revised", revised="2026-03-01"))
    counts = take(con, "20261102T120000Z", article(1, "first", revised="2026-01-01"))
    assert counts["older"] == 1
    assert older(con) == [(1, "version 1 of 2026-01-01", "version 1 of 2026-03-01")]
    assert titles(con) == [(1, "revised")]
    assert con.execute("SELECT count(*) FROM core.article_revisions").fetchall() == [(2,)]
    (told,) = older_texts(con)
    assert "1 record(s) came with a text older" in told
    assert "PMID 1: version 1 of 2026-01-01, held is version 1 of 2026-03-01" in told


def test_what_is_not_older_is_not_said_to_be(con):
    held = "2026-03-01"
    take(con, "20261101T120000Z", *(article(n, "revised", revised=held) for n in (1, 2, 3, 4)))
    counts = take(
        con,
        "20261102T120000Z",
        article(1, "revised", revised=held),  # the very text
        article(2, "other words", revised=held),  # of the same day: the later one wins
        article(3, "newer", revised="2026-04-01"),
        article(4, "first", revised="2026-01-01"),  # with the one that is held
        article(4, "revised", revised=held),
        article(5, "another", revised="2026-01-01"),
    )
    assert (counts["older"], older(con), older_texts(con)) == (0, [], [])


def test_another_text_of_the_same_date_in_no_later_file_is_said(con):
    """As of a file of NLM's that was corrected and kept its number, or a second export."""
    take(con, "pubmed26n0002", article(1, "held", revised="2026-03-01"))
    for stamp in ("pubmed26n0002", "pubmed26n0001"):
        counts = take(con, stamp, article(1, "corrected", revised="2026-03-01"))
        assert (counts["changed"], counts["older"]) == (0, 1)
        assert titles(con) == [(1, "held")]
        (told,) = older_texts(con)
        assert "1 record(s) came with another text of the same date as the one held" in told
        assert "PMID 1: version 1 of 2026-03-01" in told
    assert take(con, "pubmed26n0003", article(1, "corrected", revised="2026-03-01"))["changed"] == 1


LISTED = b"pmid,doi,year,title\n,https://doi.org/10.9999/LEAF.1,2024,Kratom leaf\n"
RECORD = article(1, "Kratom leaf", doi="10.9999/leaf.1")


def test_two_dois_that_nobody_can_read_are_not_the_same(con):
    take_all(con, {"a.csv": LISTED})
    con.execute("UPDATE core.articles SET doi = 'NA'")
    take_all(con, {"b.xml": article_set(article(1, "Kratom", doi="S0-1")).encode()})
    assert len(titles(con)) == 2


@pytest.mark.parametrize("order", ["together", "list first", "record first"])
def test_a_citation_is_the_record_that_has_its_doi(con, order):
    files = {"a.csv": LISTED, "b.xml": article_set(RECORD).encode()}
    if order == "together":
        take_all(con, files)
    for name in [] if order == "together" else sorted(files, reverse=order == "record first"):
        take_all(con, {name: files[name]})
    assert titles(con) == [(1, "Kratom leaf")]
    assert con.execute("SELECT DISTINCT pmid FROM core.article_identifiers").fetchall() == [(1,)]
    assert con.execute("SELECT count(*) FROM core.article_versions").fetchall() == [(0,)]
    logged = con.execute("SELECT field, after FROM ops.article_changes").fetchall()
    assert logged == ([("record", "held as PMID 1")] if order == "list first" else [])
