"""Staging: what a file says, as rows in memory, before the loader decides which copies win.

Staging is a database of its own in memory (`staging`), since DuckDB writes only one database
file in a transaction: the warehouse is not touched here. `staging.core.*` has the tables and
columns of `PARSED_COLUMNS`, without keys; `staging.keyed.*` shows them with `record_no` in
place of pmid, so that SQL written for core.* runs on them too. Both are views of
`staging.appended.*`, where the values stand as the appender takes them fastest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import duckdb

from pipeline import progress
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.parsing.bytes import Source
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tally
from pipeline.pubmed.records import Batch, open_records, uncollected
from pipeline.settings import ROOT
from pipeline.storage import lines

SCHEMA_FILE = ROOT / "sql" / "schema" / "core.sql"
STAGING = "staging"
APPENDED = f"{STAGING}.appended"
BATCH_SIZE = 1000

_TABLE = re.compile(r"CREATE TABLE core\.(\w+) \(")
_COLUMN = re.compile(r"    ([a-z]\w*) ([A-Z]+(?:\[\])?)")

_LISTS = {"authors": "identifiers", "affiliations": "identifiers", "cited_references": "other_ids"}
"""Lists that are mostly empty: NULL then, which the appender takes in a quarter of the time."""

_ALSO = {"articles": ("raw_file", "source_stamp")}
"""Columns of staging.core.articles that the loader needs and the parser does not give."""


@dataclass
class StageCounts:
    """What one file added to staging.

    Attributes:
        next_record_no: the number to begin the next file with.
    """

    records: int = 0
    deletions: int = 0
    unreadable: int = 0
    next_record_no: int = 1
    tally: Tally = field(default_factory=Tally)


def create_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Attach an empty staging database in place of one that is there.

    The connection must not be in a transaction with open changes elsewhere.
    """
    discard_staging(con)
    con.execute(f"ATTACH ':memory:' AS {STAGING}")
    for schema in ("appended", "core", "keyed"):
        con.execute(f"CREATE SCHEMA {STAGING}.{schema}")
    types = column_types(SCHEMA_FILE.read_text(encoding="utf-8"))
    for table, columns in PARSED_COLUMNS.items():
        own = {**types[table], "record_no": "INTEGER"}
        columns = (*columns, *_ALSO.get(table, ()))
        appended = [f"{column} {_quick_type(own[column])}" for column in columns]
        con.execute(f"CREATE TABLE {APPENDED}.{table} ({', '.join(appended)})")
        staged = [_staged(table, column, own[column]) for column in columns]
        con.execute(
            f"CREATE VIEW {STAGING}.core.{table} AS"
            f" SELECT {', '.join(staged)} FROM {APPENDED}.{table}"
        )
        without = "EXCLUDE (pmid) " if table == "articles" else ""
        con.execute(
            f"CREATE VIEW {STAGING}.keyed.{table} AS"
            f" SELECT * {without}RENAME (record_no AS pmid) FROM {STAGING}.core.{table}"
        )
    con.execute(
        f"CREATE TABLE {STAGING}.core.deletions"
        " (pmid INTEGER, pmid_version SMALLINT, raw_file VARCHAR, source_stamp VARCHAR)"
    )
    con.execute(
        f"CREATE TABLE {STAGING}.core.unreadable (record_no INTEGER, raw_file VARCHAR,"
        " raw_offset BIGINT, raw_length INTEGER, record_bytes BLOB, reason VARCHAR,"
        " source_stamp VARCHAR)"
    )


def _quick_type(own: str) -> str:
    """The type of a column as appended: to append a SMALLINT takes twice as long."""
    return "INTEGER" if own == "SMALLINT" else own


def _staged(table: str, column: str, own: str) -> str:
    """A column as core has it, of what was appended."""
    if column == _LISTS.get(table):
        return f"coalesce({column}, []) AS {column}"
    return column if _quick_type(own) == own else f"{column}::{own} AS {column}"


def discard_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Detach staging, if there is one; its rows are gone."""
    con.execute(f"DETACH DATABASE IF EXISTS {STAGING}")


def empty_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Remove all rows and give their memory back, so that the next file can be staged.

    The connection must not be in a transaction.
    """
    for table in PARSED_COLUMNS:
        con.execute(f"TRUNCATE {APPENDED}.{table}")
    for table in ("deletions", "unreadable"):
        con.execute(f"TRUNCATE {STAGING}.core.{table}")
    con.execute(f"CHECKPOINT {STAGING}")  # without it a database in memory keeps what was there


@cache
def column_types(schema_sql: str) -> dict[str, dict[str, str]]:
    """The type of every column of the tables a schema file creates, a line a column."""
    types: dict[str, dict[str, str]] = {}
    for line in lines(schema_sql):
        if table := _TABLE.match(line):
            own = types[table[1]] = {}
        elif column := _COLUMN.match(line):
            own[column[1]] = column[2]
    return types


def stage_file(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    raw_file: str | None,
    stamp: str,
    first_record_no: int = 1,
    held: Collection[str] = (),
) -> StageCounts:
    """Read a file (PubMed XML, .nbib or citation list) into staging, all of it or nothing.

    Args:
        con: a connection with `create_staging` done.
        source: the file, its bytes, or a stream of them.
        raw_file: where the archive keeps those bytes, under data/raw/<origin>/.
        stamp: orders copies that are equal otherwise: file name, or time of fetching.
        first_record_no: number of its first record, unique in staging.
        held: SHA-256 of records of core.articles, whose bytes need not be read again.

    Raises:
        SourceError: of no kind we read, damaged or cut; staging is as it was before.
    """
    batches = open_records(source, BATCH_SIZE, first_record_no=first_record_no, held=held)
    return stage_batches(con, batches, raw_file=raw_file, stamp=stamp, first=first_record_no)


@dataclass(frozen=True)
class Staged:
    """What the bodies of a run added to staging.

    Attributes:
        records: that could be read.
        deletions: PMIDs that a DeleteCitation names.
        unreadable: pieces that cannot be read as a record.
        unknown: elements and values that no rule of the parser names, as (kind, name), counted.
    """

    records: int = 0
    deletions: int = 0
    unreadable: int = 0
    unknown: Mapping[tuple[str, str], int] = field(default_factory=dict)


def stage_run(con: duckdb.DuckDBPyConnection, archive: Archive, run_id: str) -> Staged:
    """Stage every body that a run's ledger names.

    Raises:
        ConfigurationError: the archive lacks a body, or has other bytes in its place.
    """
    create_staging(con)
    record_no = 1
    deletions = unreadable = 0
    unknown: Tally = Tally()
    for entry in archive.entries(run_id, "records"):
        archive.get(entry["object"])  # whole, and with the bytes its name states
        counts = stage_file(
            con,
            archive.path(entry["object"]),
            raw_file=entry["object"],
            stamp=entry["stamp"],
            first_record_no=record_no,
            held=_held(con, entry.get("pmids", [])),
        )
        if "kept_record_nos" in entry:
            kept = [record_no - 1 + number for number in entry["kept_record_nos"]]
            _keep_only(con, record_no, kept)
        record_no = counts.next_record_no
        deletions += counts.deletions
        unreadable += counts.unreadable
        unknown.update(counts.tally)
    return Staged(record_no - 1, deletions, unreadable, unknown)


def _held(con: duckdb.DuckDBPyConnection, pmids: list[int]) -> set[str]:
    """SHA-256 of the records held of these PMIDs, which need not be read again.

    None where some record had an element or value the parser does not know: each run reports it.
    """
    rows = con.execute(
        """
        SELECT record_sha256 FROM core.articles
        WHERE record_source = 'pubmed_xml' AND pmid IN (SELECT unnest(?::INTEGER[]))
            AND NOT EXISTS (FROM ops.unknown_values)
        """,
        [pmids],
    ).fetchall()
    return {digest for (digest,) in rows}


def _keep_only(con: duckdb.DuckDBPyConnection, first: int, kept: list[int]) -> None:
    """Drop staged records from `first` on that are not in `kept`."""
    for table in PARSED_COLUMNS:
        con.execute(
            f"DELETE FROM {APPENDED}.{table} "
            "WHERE record_no >= ? AND NOT list_contains(?::INTEGER[], record_no)",
            [first, kept],
        )


def stage_batches(
    con: duckdb.DuckDBPyConnection,
    batches: Iterator[Batch],
    *,
    raw_file: str | None,
    stamp: str,
    first: int = 1,
) -> StageCounts:
    """Append batches of any source to staging, in one transaction.

    A transaction that is open already is used, and then the caller's to end.
    """
    counts = StageCounts(next_record_no=first)
    is_own = _begin(con)
    try:
        appenders: dict[str, duckdb.Appender] = {}
        with uncollected():
            for batch in batches:
                _append(con, appenders, batch, raw_file, stamp)
                _append_held(con, batch.held, stamp)
                _append_odd(con, batch, raw_file, stamp)
                _count(counts, batch)
                progress.note(counts.next_record_no - first)
                del batch  # its rows are in DuckDB: two batches would take twice the memory
    except BaseException:  # an interrupt must not leave half a file behind either
        if is_own:
            con.rollback()
        raise
    if is_own:
        con.commit()
    return counts


def _begin(con: duckdb.DuckDBPyConnection) -> bool:
    """Begin a transaction; False when the caller has one open.

    Trying BEGIN would abort the open one, so it is asked for: without a transaction every
    statement has a number of its own.
    """
    first, second = (con.execute("SELECT txid_current()").fetchall() for _ in range(2))
    if first == second:
        return False
    con.begin()
    return True


def _append(
    con: duckdb.DuckDBPyConnection,
    appenders: dict[str, duckdb.Appender],
    batch: Batch,
    raw_file: str | None,
    stamp: str,
) -> None:
    for table, rows in batch.tables.items():
        if not rows:
            continue
        if table not in appenders:
            appenders[table] = con.appender(f"{APPENDED}.{table}")
        if table == "articles":
            rows = [(*row, raw_file, f"{stamp}:{row[0]:08d}") for row in rows]
        elif table in _LISTS:
            at = PARSED_COLUMNS[table].index(_LISTS[table])
            rows = [row if row[at] else (*row[:at], None, *row[at + 1 :]) for row in rows]
        appenders[table].append_rows(rows)
        appenders[table].flush()


def _append_held(con: duckdb.DuckDBPyConnection, held: list[tuple[int, str]], stamp: str) -> None:
    """Rows of articles as core has them: read again they would be the same, and replace none.

    So their place in the raw archive is that of the copy which is held.
    """
    if held:
        columns = ", ".join(f"a.{column}" for column in PARSED_COLUMNS["articles"][1:])
        con.execute(
            f"""
            INSERT INTO {APPENDED}.articles
            SELECT h.record_no, {columns}, a.raw_file, format('{{}}:{{:08d}}', ?, h.record_no)
            FROM (SELECT unnest(?::INTEGER[]) AS record_no, unnest(?::VARCHAR[]) AS digest) AS h
            JOIN core.articles AS a ON a.record_sha256 = h.digest
            """,
            [stamp, *map(list, zip(*held, strict=True))],
        )


def _append_odd(
    con: duckdb.DuckDBPyConnection, batch: Batch, raw_file: str | None, stamp: str
) -> None:
    if batch.deletions:
        con.executemany(
            f"INSERT INTO {STAGING}.core.deletions VALUES (?, ?, ?, ?)",
            [(gone.pmid, gone.pmid_version, raw_file, stamp) for gone in batch.deletions],
        )
    if batch.unreadable:
        con.executemany(
            f"INSERT INTO {STAGING}.core.unreadable VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    odd.record_no,
                    raw_file,
                    odd.offset,
                    len(odd.raw),
                    odd.raw,
                    odd.reason,
                    f"{stamp}:{odd.record_no:08d}",
                )
                for odd in batch.unreadable
            ],
        )


def _count(counts: StageCounts, batch: Batch) -> None:
    articles = batch.tables["articles"]
    counts.tally = batch.tally
    counts.records += len(articles) + len(batch.held)
    counts.deletions += len(batch.deletions)
    counts.unreadable += len(batch.unreadable)
    used = [row[0] for row in (*articles[-1:], *batch.held[-1:])]
    used += [odd.record_no for odd in batch.unreadable[-1:]]
    counts.next_record_no = max([counts.next_record_no, *(number + 1 for number in used)])
