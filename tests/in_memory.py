"""A warehouse in memory: rows by hand or records day by day, judged, and made into marts.

What an update does between fetching and publishing, without a server, a file or another process,
in a third of its time. A mart, a judgement or a membership is tested here; what an update itself
does (asking, storing, resuming, publishing) is tested by one.
"""

from __future__ import annotations

import re
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest
from lxml import etree

from pipeline import steps
from pipeline.clock import Clock
from pipeline.evidence import judge as judging
from pipeline.evidence import reference_tables
from pipeline.evidence.reference import Reference
from pipeline.evidence.type_changes import note_type_changes
from pipeline.outputs import headline, marts
from pipeline.outputs.wording import statement, store_sentences
from pipeline.pubmed.client import EutilsClient
from pipeline.run import Run
from pipeline.settings import PUBMED_ORIGIN, ROOT, Options, Settings
from pipeline.steps import Made
from pipeline.warehouse import completeness, database, fingerprint, load, membership, stage
from tests.corpus import article_set
from tools.data_dictionary import empty_database

SQL = ROOT / "sql"
FIRST_DAY = datetime(2026, 11, 22, 12)

OF_AN_UPDATE = (
    "answer", "article_changes", "article_facets", "articles", "cited_not_held", "claim_articles",
    "claim_readings", "coverage", "domains", "headline_by_year", "headline_table", "new_articles",
    "search_log", "search_totals", "study_types_by_year", "topic_share_by_year", "unread_records",
)  # fmt: skip
"""Marts that receipt, digest and log of the searches are made of, and those made anew each day."""

_mart_files, _check_files = marts.files, database.check_files
_create_staging = stage.create_staging

LIVE_RUN = Options()
ASKED_TO_NOTED = (
    steps.search, steps.fetch, steps.parse, steps.load, steps.compare, steps.judge, steps.place,
    steps.note,
)  # fmt: skip

_MADE = re.compile(r"^CREATE OR REPLACE (?:TABLE|VIEW|MACRO) marts\.(\w+)", re.MULTILINE)
_NAMED = re.compile(r"\bmarts\.(\w+)")
_READ = re.compile(r"(?:FROM|JOIN) marts\.(\w+)")

Rows = list[tuple[Any, ...]]


class Warehouse:
    """A database of ketum's schema in memory, without remarks on its columns; gone with its object.

    Attributes:
        con: the connection.
        as_of: the time of the day at work.
        before: that of the day before; None on the first.
        counts: members, entered and left of each search on the last day.
    """

    def __init__(self, begun: Warehouse | None = None) -> None:
        """Empty, or with what another one holds."""
        self.con = _duckdb().cursor()
        self._name = f"warehouse_{next(_numbers)}"
        copied = begun._name if begun else "empty"
        self.con.execute(f"ATTACH ':memory:' AS {self._name}")
        self.con.execute(f"COPY FROM DATABASE {copied} TO {self._name}; USE {self._name}")
        self.con.execute("PRAGMA disable_optimizer")  # on few records it takes a fifth of the time
        weakref.finalize(self, _forget, self.con, self._name).atexit = False
        self.reference = Reference.load(ROOT / "data" / "reference")
        self.as_of = begun.as_of if begun else FIRST_DAY
        self.before: datetime | None = begun.before if begun else None
        self._last: datetime | None = begun._last if begun else None
        self._made: set[str] = set()
        self.counts: dict[str, dict[str, int]] = begun.counts if begun else {}
        if not begun:
            self.fill("ops.warehouse", {"origin": PUBMED_ORIGIN})

    def fill(self, relation: str, *rows: dict[str, object]) -> None:
        """Insert rows typed by hand; what a row leaves out is NULL, or empty where it must be.

        Args:
            relation: schema and table.
            rows: column to value.
        """
        self._made.clear()
        for row in rows:
            whole = {name: _empty(kind) for name, kind in _needed()[relation]} | row
            marks = ", ".join("?" * len(whole))
            self.con.execute(
                f"INSERT INTO {relation} ({', '.join(whole)}) VALUES ({marks})",
                list(whole.values()),
            )

    def run(
        self,
        settings: Settings,
        clock: Clock,
        client: EutilsClient | None = None,
        options: Options = LIVE_RUN,
    ) -> Run:
        """A run on this warehouse, for steps of `pipeline.steps` by themselves.

        Args:
            settings: where its raw archive is.
            clock: says when it is.
            client: asks what stands in for PubMed.
            options: what it was told.
        """
        self.before, self.as_of = self._last, clock.now()
        return Run(
            settings,
            options,
            clock,
            PUBMED_ORIGIN,
            options.mode,
            {},
            f"{self.as_of:%Y%m%d%H%M}",
            self.as_of,
            self.reference.directory,
            lambda: self.reference,
            self.before.isoformat() if self.before else None,
            cast(database.Warehouse, SimpleNamespace(con=self.con, exists=True)),
            client,
        )

    def update(self, run: Run) -> Made:
        """What a run asks, reads, judges and notes; it publishes nothing.

        Returns:
            what its steps made. Where one fails, the warehouse stays as it was.
        """
        self._made.clear()
        made = Made()
        try:
            with _with_what_stays():
                for step in ASKED_TO_NOTED:
                    made, _ = step(run, made)
        except BaseException:
            with suppress(duckdb.TransactionException):  # it failed before `load` opened one
                self.con.execute("ROLLBACK")
            raise
        self.con.execute("COMMIT")
        self._last = run.as_of
        return made

    def read(self, *records: str, deleted: tuple[int, ...] = ()) -> dict[str, int]:
        """Read records as PubMed delivers them into `core`; returns what the load counted."""
        self._made.clear()
        self.stage(*records, deleted=deleted)
        return load.merge(self.con, self.as_of)

    def stage(self, *records: str, deleted: tuple[int, ...] = ()) -> None:
        """Parse records as PubMed delivers them into staging tables."""
        begin_staging(self.con)
        stage.stage_file(
            self.con,
            article_set(*records, deleted=deleted).encode(),
            raw_file=f"{self.as_of:%Y%m%d}.xml",
            stamp=f"{self.as_of:%Y%m%d}",
            first_record_no=1,
        )

    def judge(self) -> None:
        """Judge what is in `core` by the shipped rules."""
        self._made.clear()
        with _with_what_stays():
            judging.judge(self.con, self.reference)
        note_type_changes(self.con, self.as_of)

    def day(self, *records: str, is_live: bool = True, reason: str = "appeared") -> None:
        """One day's run: read, judge, memberships. The next one is a day later.

        Args:
            records: all that PubMed holds on this day; its answers list those that the searches'
                predicates match, and what was a member and is not given was deleted.
            is_live: PubMed was asked; else these are records of files, which nothing leaves.
            reason: why records enter a search on a day that is not the first.
        """
        if self.counts:
            self.before, self.as_of = self.as_of, self.as_of + timedelta(days=1)
        self.read(*records)
        self.judge()
        self.find(pmids_of(records) if is_live else None, reason)

    def find(self, delivered: list[int] | None, reason: str = "appeared") -> None:
        """Note a run with its searches, and bring memberships up to date.

        Args:
            delivered: PMIDs of the records that PubMed holds now; None where files were read.
            reason: why records enter now, if it is not the first run.
        """
        self._made.clear()
        is_live = delivered is not None
        in_scope = [
            search
            for search in self.reference.topics.searches
            if search.mode == "live" or not is_live
        ]
        names = [search.name for search in in_scope]
        answers = {name: self._matching(name, delivered or []) for name in names if is_live}
        reason = reason if self.counts else "first_run"
        gone = [
            pmid
            for (pmid,) in self.ask(
                "SELECT DISTINCT pmid FROM ops.search_hits WHERE left_at IS NULL"
            )
            if is_live and pmid not in (delivered or [])
        ]
        completeness.note_unread(self.con, answers)
        self.counts = membership.update(
            self.con, answers, dict.fromkeys(names, reason), gone, self.as_of
        )
        run = f"{self.as_of:%Y%m%d%H%M}"
        mode = "live" if is_live else "files"
        self.fill(
            "ops.runs",
            {
                "run_id": run,
                "mode": mode,
                "as_of": self.as_of,
                "previous_published_at": self.before,
            },
        )
        for search in in_scope:
            unread = self.ask(
                "SELECT count(*) FROM ops.unread_records WHERE search = ?", [search.name]
            )[0][0]
            self.fill(
                "ops.searches",
                {
                    "run_id": run,
                    "search": search.name,
                    "label": search.label,
                    "mode": search.mode,
                    "strategy": self.reference.topics.pubmed_query(search.name),
                    "searched_at": self.as_of,
                    "hit_count": len(answers.get(search.name, ())),
                    "is_complete": is_live and not unread,
                    "unread_count": unread,
                    "is_baseline": reason == "first_run",
                },
            )

    def build(self, *only: str) -> None:
        """Make marts anew; `ask` does so by itself for those that it reads.

        Args:
            only: names of those that are looked at, to which those they read are added; all if
                none is named.
        """
        held, unread = self.ask(
            "SELECT (SELECT count(DISTINCT pmid) FROM ops.search_hits WHERE left_at IS NULL), "
            "(SELECT count(DISTINCT pmid) FROM ops.unread_records)"
        )[0]
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE run_parameters AS "
            "SELECT ?::TIMESTAMP AS as_of, ?::DATE AS as_of_date, ?::SMALLINT AS as_of_year, "
            "?::TIMESTAMP AS previous_published_at, ?::VARCHAR AS statement, 'a-set' AS set_id",
            [
                self.as_of,
                self.as_of.date(),
                self.as_of.year,
                self.before,
                statement(PUBMED_ORIGIN, held, unread),
            ],
        )
        marts.note_due(self.con, is_kept=False)
        marts.note_dois(self.con)
        marts.note_shown(self.con)
        scripts = [_text(path) for path in _mart_files(SQL)]
        for script in with_what_they_read(scripts, only) if only else scripts:
            self.con.execute(script)
            self._made |= (made := set(_MADE.findall(script)))
            if "answer" in made:
                store_sentences(self.con)
        if not only:
            headline.store(self.con)

    def change(self, sql: str) -> None:
        """Execute a statement; marts are made anew when they are next asked for."""
        self._made.clear()
        self.con.execute(sql)

    def ask(self, sql: str, parameters: list[object] | None = None) -> Rows:
        """Rows of a query, after the marts that it names were made of what is held now."""
        if lacking := set(_NAMED.findall(sql)) - self._made:
            self.build(*lacking)
        return self.con.execute(sql, parameters or []).fetchall()

    def write(self, path: Path) -> None:
        """Write all of it to a database file."""
        self.con.execute(
            f"ATTACH '{path}' AS written (BLOCK_SIZE 16384); "
            f"COPY FROM DATABASE {self._name} TO written; DETACH written"
        )

    def _matching(self, search: str, pmids: list[int]) -> list[int]:
        """Those of the records that hold every topic of the search."""
        (topics,) = self.ask("SELECT topics FROM evidence.searches WHERE search = ?", [search])
        rows = self.ask(
            "SELECT pmid FROM evidence.article_topics WHERE list_contains(?, topic) "
            "AND list_contains(?::INTEGER[], pmid) GROUP BY pmid HAVING count(*) = ? ORDER BY pmid",
            [topics[0], pmids, len(topics[0])],
        )
        return [pmid for (pmid,) in rows]


def begin_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Empty staging tables, made once a process: to make them takes as long as to merge them."""
    if con.execute("FROM duckdb_databases() WHERE database_name = ?", [stage.STAGING]).fetchall():
        stage.empty_staging(con)
    else:
        _create_staging(con)


def _write_reference_tables(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """What judgements refer to is the same each day: written on the first one, it stays.

    To write it anew, as a run does, takes a quarter of what judging few records takes.
    """
    rule_sets = con.execute("FROM evidence.rule_sets").fetchall()
    if rule_sets != list(reference_tables._rule_sets(reference)):
        reference_tables.write_reference_tables(con, reference)


@contextmanager
def _with_what_stays() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "write_reference_tables", _write_reference_tables)
        patch.setattr(stage, "create_staging", begin_staging)
        yield


_numbers = count()


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """All warehouses of a process are databases of one DuckDB, since each DuckDB takes 15 ms.

    Its database `empty` has ketum's schema: to copy it takes half as long as the scripts.
    """
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS empty; USE empty")
    for script in fingerprint.schema_files(SQL):
        con.execute(_text(script))
    con.execute("USE memory")
    return con


@contextmanager
def every_relation() -> Iterator[duckdb.DuckDBPyConnection]:
    """What the published file has, without rows: made once a process, and changes are undone."""
    con = _every_relation()
    con.execute("BEGIN")
    try:
        yield con
    finally:
        con.execute("ROLLBACK")


@cache
def _every_relation() -> duckdb.DuckDBPyConnection:
    return empty_database()


def _forget(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.close()
    _duckdb().execute(f"DETACH {name}")


@cache
def _needed() -> dict[str, list[tuple[str, str]]]:
    """Columns that must have a value, with their types, of each relation."""
    found = defaultdict(list)
    for relation, name, kind in (
        _duckdb()
        .execute(
            "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT is_nullable AND database_name = 'empty'"
        )
        .fetchall()
    ):
        found[relation].append((name, kind))
    return found


def with_what_they_read(scripts: list[str], names: Iterable[str]) -> list[str]:
    """Those of the scripts that make these marts, or another one that such a script reads."""
    wanted, found = set(names), []
    for script in reversed(scripts):  # each reads only what was made before it
        if wanted & (made := set(_MADE.findall(script))):
            found.append(script)
            wanted = wanted - made | (set(_READ.findall(script)) - made)
    assert not wanted, f"no such mart: {wanted}"
    return found[::-1]


def mart_files_of_an_update(sql: Path) -> list[Path]:
    """Files of the marts that an update reads itself, which take half as long as all."""
    texts = {_text(path): path for path in _mart_files(sql)}
    return [texts[script] for script in with_what_they_read(list(texts), OF_AN_UPDATE)]


def check_files_of_an_update(sql: Path) -> list[Path]:
    """Files of the checks that ask for no other mart."""
    made = {name for path in mart_files_of_an_update(sql) for name in _MADE.findall(_text(path))}
    return [path for path in _check_files(sql) if made.issuperset(_NAMED.findall(_text(path)))]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pmids_of(records: tuple[str, ...]) -> list[int]:
    return [int(str(etree.fromstring(text).findtext(".//PMID"))) for text in records]


def _empty(kind: str) -> object:
    """A value for a column that must have one."""
    if kind.endswith("[]"):
        return []
    if kind == "BOOLEAN":
        return False
    if kind.startswith(("TIMESTAMP", "DATE")):
        return FIRST_DAY
    return b"" if kind == "BLOB" else "" if kind == "VARCHAR" else 0
