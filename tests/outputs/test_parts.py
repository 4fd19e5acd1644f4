"""Large tables in parts: the same rows in other files, of which unchanged ones are shared."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Thread

import duckdb
import pytest

from pipeline.evidence import writing
from pipeline.outputs import manifest, parts, publish, tables
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.settings import ROOT
from pipeline.warehouse import fingerprint
from tests.corpus import article
from tests.in_memory import Warehouse

SQL = ROOT / "sql"
RECORDS = 60


@pytest.fixture
def con(monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """Sixty records of two keywords each, in a set that counts as large from fifty rows on."""
    monkeypatch.setattr(parts, "LARGE", 50)
    monkeypatch.setattr(parts, "NARROWEST", 10)
    monkeypatch.setattr(parts, "BY_RECORD", {"core.titles"})
    monkeypatch.setattr(parts, "BY_TOUCH", {"core.articles", "core.keywords"})
    with duckdb.connect() as held:
        held.execute(
            f"""
            CREATE SCHEMA core;
            CREATE TABLE core.articles AS
            SELECT n::INTEGER AS pmid, 'Title ' || n AS title, NULL::VARCHAR AS doi
            FROM range(1, {RECORDS + 1}) AS r (n);
            CREATE TABLE core.keywords AS
            SELECT pmid, k::SMALLINT AS position, ['word ' || k] AS words
            FROM core.articles, range(2) AS r (k);
            CREATE VIEW core.titles AS SELECT pmid, upper(title) AS title FROM core.articles;
            CREATE TABLE core.journals AS SELECT 'J' || n AS name FROM range(70) AS r (n);
            """
        )
        yield held


class Sets:
    """Sets of the tables, one after the other, as publishing writes them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, root: Path) -> None:
        self.con = con
        self.root = root
        self.latest: Path | None = None

    def write(self, name: str, *, after: bool = True, touched: list[int] | None = None) -> Path:
        directory = self.root / name
        (directory / "tables").mkdir(parents=True)
        if touched is not None:
            self.con.execute(
                "CREATE OR REPLACE TEMP TABLE run_touched AS SELECT unnest(?::INTEGER[]) AS pmid",
                [touched],
            )
        last_run = None if touched is None else "run"
        cut = parts.cut_for(self.con, SQL, self.latest if after else None, last_run)
        exported = tables.export_all(self.con, directory / "tables", {}, cut)
        sums, damage = publish.hash_and_link(directory, self.latest if after else None)
        receipt = Receipt("run", "pubmed", datetime(2026, 11, 22), set_id=name)
        text = manifest.render(receipt, exported, sums, "1", cut.made_by if cut else None)
        (directory / "manifest.json").write_text(text, encoding="utf-8")
        self.latest, self.damage = directory, damage
        return directory


@pytest.fixture
def sets(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Sets:
    return Sets(con, tmp_path)


def rows_in(con: duckdb.DuckDBPyConnection, directory: Path, relation: str) -> object:
    files = str(directory / "tables" / relation / "*.parquet")
    return con.execute("FROM read_parquet(?) ORDER BY ALL", [files]).fetchall()


def anew(after: Path, before: Path) -> set[str]:
    """Files of a set that are not those of the set before."""
    found = [path for path in (after / "tables").rglob("*") if path.is_file()]
    names = [path.relative_to(after) for path in found]
    return {
        name.as_posix().removeprefix("tables/")
        for name in names
        if not ((before / name).is_file() and (before / name).samefile(after / name))
    }


def test_large_tables_are_parquet_in_parts_and_small_ones_two_files(con, sets):
    made = sets.write("one")
    assert sorted(path.name for path in (made / "tables").iterdir()) == [
        "core.articles", "core.journals.csv", "core.journals.parquet", "core.keywords",
        "core.titles",
    ]  # fmt: skip
    files = sorted(path.name for path in (made / "tables" / "core.keywords").iterdir())
    assert len(files) == 7 and {"0_to_9.parquet", "10_to_19.parquet"} <= set(files)
    for relation in ("core.articles", "core.keywords", "core.titles"):
        held = con.execute(f"FROM {relation} ORDER BY ALL").fetchall()
        assert rows_in(con, made, relation) == held
    stated = manifest.read(made)
    assert stated.row_counts() == {
        "core.articles": 60, "core.journals": 70, "core.keywords": 120, "core.titles": 60,
    }  # fmt: skip
    assert manifest.damage(made) is None


def test_a_small_set_has_no_parts(con, sets):
    con.execute("DELETE FROM core.articles WHERE pmid > 50")
    made = sets.write("one")
    assert not [path for path in (made / "tables").iterdir() if path.is_dir()]
    assert manifest.read(made).parts_made_by is None


def test_only_parts_with_another_row_are_written_anew(con, sets):
    before = sets.write("one")
    con.execute("UPDATE core.keywords SET words = ['other'] WHERE pmid = 23 AND position = 1")
    after = sets.write("two")
    assert anew(after, before) == {"core.keywords/20_to_29.parquet"}
    con.execute("DELETE FROM core.articles WHERE pmid BETWEEN 40 AND 49")
    con.execute("INSERT INTO core.articles SELECT 100 + pmid, title, doi FROM core.articles")
    last = sets.write("three")
    assert not (last / "tables" / "core.articles" / "40_to_49.parquet").exists()
    assert {name for name in anew(last, after) if name.startswith("core.a")} == {
        f"core.articles/{n}0_to_{n}9.parquet" for n in (10, 11, 12, 13, 15, 16)
    }


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core.articles SET doi = '' WHERE pmid = 5",
        "UPDATE core.articles SET doi = title, title = doi WHERE pmid = 5",
        "UPDATE core.articles SET title = 'Title 6' WHERE pmid = 5",
        "INSERT INTO core.articles FROM core.articles WHERE pmid = 5",
        "DELETE FROM core.articles WHERE pmid = 5",
    ],
)
def test_no_change_of_a_row_goes_unseen(con, sets, change):
    before = sets.write("one")
    con.execute(change)
    after = sets.write("two")
    assert "core.articles/0_to_9.parquet" in anew(after, before)
    assert (
        rows_in(con, after, "core.articles")
        == con.execute("FROM core.articles ORDER BY ALL").fetchall()
    )


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("is_told", [False, True], ids=["all rows are looked at", "touched ones"])
def test_days_of_changes_end_in_the_files_of_a_set_written_whole(con, sets, seed, is_told):
    chance = random.Random(seed)
    sets.write("day 0")
    for day in range(1, 8):
        touched = []
        for _ in range(chance.randint(0, 3)):
            pmid = chance.randint(1, RECORDS + 5 * day)
            touched.append(pmid)
            con.execute("DELETE FROM core.articles WHERE pmid = ?", [pmid])
            con.execute("DELETE FROM core.keywords WHERE pmid = ?", [pmid])
            if chance.random() < 0.8:
                con.execute("INSERT INTO core.articles VALUES (?, ?, NULL)", [pmid, f"day {day}"])
                con.execute("INSERT INTO core.keywords VALUES (?, 0, ['a', NULL])", [pmid])
        linked = sets.write(f"day {day}", touched=touched if is_told else None)
    whole = sets.write("whole", after=False)
    bodies = [
        {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in (made / "tables").rglob("*.parquet")
        }
        for made in (linked, whole)
    ]
    assert bodies[0] == bodies[1]


def test_of_untouched_parts_no_row_is_looked_at_and_verify_looks_at_all(con, sets):
    before = sets.write("one")
    con.execute("UPDATE core.articles SET title = 'Other' WHERE pmid IN (5, 35)")
    after = sets.write("two", touched=[5])
    assert anew(after, before) == {"core.articles/0_to_9.parquet", "core.titles/0_to_9.parquet"}
    assert parts.differing(con, SQL, manifest.read(after)) == [
        "tables/core.articles/30_to_39.parquet", "tables/core.titles/30_to_39.parquet",
    ]  # fmt: skip
    mended = sets.write("three")
    assert parts.differing(con, SQL, manifest.read(mended)) == []


@pytest.mark.parametrize(
    "change", ["DELETE FROM core.keywords WHERE pmid = 25",
    "INSERT INTO core.keywords VALUES (25, 2, ['x'])"]
)  # fmt: skip
def test_a_run_that_forgets_a_record_it_touched_is_seen_by_the_number_of_rows(con, sets, change):
    before = sets.write("one")
    con.execute(change)
    after = sets.write("two", touched=[])
    assert anew(after, before) == {"core.keywords/20_to_29.parquet"}


def test_a_table_with_a_row_of_no_record_is_not_cut(con, sets):
    con.execute("CREATE TABLE core.known AS SELECT nullif(n, 7) AS pmid FROM range(60) AS r (n)")
    made = sets.write("one")
    file = str(made / "tables" / "core.known.parquet")
    counts = con.execute("SELECT count(*), count(pmid) FROM read_parquet(?)", [file]).fetchall()
    assert counts == [(60, 59)]


def test_what_a_run_touched_says_nothing_of_the_set_of_another_run(con, sets):
    made = sets.write("one")
    con.execute("CREATE TEMP TABLE run_touched (pmid INTEGER)")
    for last_run, expected in (("run", frozenset()), ("another", None), (None, None)):
        cut = parts.cut_for(con, SQL, made, last_run)
        assert cut is not None and cut.touched == expected


def test_tables_written_by_record_are_those_of_parser_and_judging():
    by_judging = {f"evidence.{name}" for name in (*writing.TABLES, "study_groups", "proofs")}
    assert {f"core.{name}" for name in PARSED_COLUMNS} | by_judging == parts.BY_TOUCH


def test_a_damaged_part_is_written_anew(con, sets):
    before = sets.write("one")
    part = before / "tables" / "core.articles" / "10_to_19.parquet"
    body = part.read_bytes()
    part.unlink()
    part.write_bytes(body[:50] + bytes([body[50] ^ 1]) + body[51:])
    after = sets.write("two")
    assert "core.articles/10_to_19.parquet" in anew(after, before)
    assert sets.damage is not None and "10_to_19.parquet" in sets.damage
    assert manifest.damage(after) is None


def test_a_view_by_record_is_seen_to_change_with_the_tables_it_reads(con, sets):
    before = sets.write("one")
    con.execute("UPDATE core.articles SET title = 'Other' WHERE pmid = 35")
    after = sets.write("two")
    assert anew(after, before) == {
        "core.articles/30_to_39.parquet", "core.titles/30_to_39.parquet",
    }  # fmt: skip


def test_views_by_record_need_no_other_record(memory: Warehouse) -> None:
    memory.read(
        article(1, "Kratom for pain: a randomized controlled trial"),
        article(2, "Kratom and pain in mice", links=(("CommentOn", "J", 1),)),
    )
    memory.judge()
    con = memory.con
    together = {
        view: con.execute(f"FROM {view} WHERE pmid = 2 ORDER BY ALL").fetchall()
        for view in parts.BY_RECORD
    }
    of_records = con.execute(
        "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_columns() "
        "JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = current_database() AND column_name = 'pmid'"
    ).fetchall()
    for (table,) in of_records:
        con.execute(f"DELETE FROM {table} WHERE pmid <> 2")
    alone = {view: con.execute(f"FROM {view} ORDER BY ALL").fetchall() for view in together}
    assert alone == together
    assert together["evidence.study_type_explained"] and together["core.article_citations"]


def test_of_another_program_no_part_is_taken_over(con, sets, monkeypatch):
    sets.write("one")
    monkeypatch.setattr(fingerprint, "program", lambda _sql: b"another")
    cut = parts.cut_for(con, SQL, sets.latest)
    assert cut is not None and cut.before is None


def test_parts_get_wider_before_there_are_too_many(con):
    con.execute("UPDATE core.articles SET pmid = 40_000_000 WHERE pmid = 60")
    con.execute("UPDATE core.articles SET pmid = -3 WHERE pmid = 59")
    cut = parts.cut_for(con, SQL, None)
    assert cut is not None and cut.width == 1_000_000


class AtOnce(Thread):
    """A thread that has done its work when it is started."""

    def start(self) -> None:
        self.run()


def test_a_part_hashed_ahead_is_linked_by_that_hash(con, sets, monkeypatch):
    before = sets.write("one")
    monkeypatch.setattr(parts, "Thread", AtOnce)
    ahead = parts.Ahead(before)
    ahead.begin()
    names = [name for name, file in manifest.read(before).files.items() if file.fingerprint]
    hashed = []
    sha256_of = manifest.sha256_of
    monkeypatch.setattr(manifest, "sha256_of", lambda path: hashed.append(path) or sha256_of(path))
    cut = parts.cut_for(con, SQL, before, ahead=ahead)
    assert cut and cut.ahead is ahead
    after = before.with_name("two")
    (after / "tables").mkdir(parents=True)
    tables.export_all(con, after / "tables", {}, cut)
    assert not hashed
    assert all((after / name).samefile(before / name) for name in names)


def test_a_part_damaged_after_it_was_hashed_ahead_is_hashed_again(con, sets, monkeypatch):
    before = sets.write("one")
    name = "tables/core.keywords/20_to_29.parquet"
    monkeypatch.setattr(parts, "Thread", AtOnce)
    ahead = parts.Ahead(before)
    ahead.begin()
    assert ahead.of(before / name) == manifest.read(before).files[name].sha256
    damaged = (before / name).read_bytes()[::-1]
    (before / name).chmod(0o644)
    (before / name).write_bytes(damaged)
    os.utime(before / name, (0, 0))  # a clock may tick too seldom to tell
    assert ahead.of(before / name) is None
    after = before.with_name("two")
    (after / "tables").mkdir(parents=True)
    cut = parts.cut_for(con, SQL, before, ahead=ahead)
    tables.export_all(con, after / "tables", {}, cut)
    assert (after / name).read_bytes() == damaged[::-1]
