"""Files of which only the set's name and date move: taken over exactly, or not at all."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.outputs import redated
from pipeline.outputs.manifest import Manifest, StatedFile

CSV, FEED = "tables/marts.grid.csv", "feeds/search/kratom.atom"


def stated(body: bytes, rows: int | None = None) -> StatedFile:
    return StatedFile(hashlib.sha256(body).hexdigest(), len(body), rows)


def before(files: dict[str, StatedFile]) -> Manifest:
    as_of = datetime(2026, 11, 21, 12)
    return Manifest("2026-11-21-a", "pubmed", "run", as_of, "", 2, {}, files)


@pytest.fixture
def sets(tmp_path) -> tuple[Path, Path]:
    for name in ("old/tables", "old/feeds/search", "new/tables"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "old", tmp_path / "new"


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(
            "CREATE TABLE marts.grid AS SELECT * FROM (VALUES ('one'), ('two')) AS t (label), "
            "(SELECT DATE '2026-11-22' AS as_of_date, '2026-11-22-a' AS set_id)"
        )
        yield con


OLD = b"label,as_of_date,set_id\none,2026-11-21,2026-11-21-a\ntwo,2026-11-21,2026-11-21-a\n"


def csv_of(con, sets, body: bytes, told: StatedFile | None = None) -> bytes | None:
    old, new = sets
    (old / CSV).write_bytes(body)
    redated.csv(con, old, new, before({CSV: told or stated(body, 2)}), "marts.grid")
    return (new / CSV).read_bytes() if (new / CSV).exists() else None


def test_a_table_has_the_new_date_in_each_line(con, sets):
    assert csv_of(con, sets, OLD) == OLD.replace(b"2026-11-21", b"2026-11-22")


@pytest.mark.parametrize(
    "body",
    [
        OLD.replace(b"two,2026-11-21,", b"two,2026-11-20,"),
        OLD.replace(b"one", b'"one,2026-11-21,2026-11-21-a\n"'),
        OLD + b"three,2026-11-21,2026-11-21-a\n",
    ],
    ids=["another date", "a text that looks like the end of a line", "a row more"],
)
def test_where_the_date_cannot_be_told_the_table_is_left_to_be_written(con, sets, body):
    assert csv_of(con, sets, body) is None


def test_so_it_is_where_the_table_before_is_not_as_stated(con, sets):
    assert csv_of(con, sets, OLD.replace(b"one", b"ten"), stated(OLD, 2)) is None


def test_and_where_rows_are_not_as_many_now(con, sets):
    con.execute("DELETE FROM marts.grid WHERE label = 'two'")
    assert csv_of(con, sets, OLD) is None


def test_and_where_other_columns_are_last(con, sets):
    con.execute("ALTER TABLE marts.grid ADD COLUMN other INTEGER")
    assert csv_of(con, sets, OLD) is None


def feed_of(sets, body: bytes, told: StatedFile | None = None) -> bytes | None:
    old, new = sets
    (old / FEED).write_bytes(body)
    taken = redated.feeds(old, new, before({FEED: told or stated(body)}), "2026-11-22-a")
    assert taken == (new / FEED).exists()
    return (new / FEED).read_bytes() if taken else None


ATOM = b"<feed><subtitle>Set 2026-11-21-a. Text.</subtitle><title>2026-11-21-a</title></feed>"


def test_a_feed_has_the_name_of_the_new_set(sets):
    assert feed_of(sets, ATOM) == ATOM.replace(b"Set 2026-11-21-a", b"Set 2026-11-22-a")


def test_a_feed_that_is_not_as_stated_or_names_another_set_is_made_anew(sets):
    assert feed_of(sets, ATOM, stated(b"other")) is None
    assert feed_of(sets, ATOM.replace(b"Set ", b"set ")) is None
    assert not redated.feeds(*sets, before({}), "2026-11-22-a")
