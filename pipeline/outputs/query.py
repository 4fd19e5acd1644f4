"""Ad-hoc SQL on the published set: read-only, never in the way of a run."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.paths import for_duckdb
from pipeline.settings import Settings

FORMATS = ("table", "csv", "tsv", "json")
"""What `run` writes as text; Parquet has `to_parquet`."""


def database_path(settings: Settings) -> Path:
    """The latest published database, under its own name rather than through `latest`.

    Raises:
        ConfigurationError: nothing is published yet.
    """
    path = settings.latest / "ketum.duckdb"
    if not path.exists():
        raise ConfigurationError(
            f"Nothing is published yet under {settings.published}.",
            effect="There is nothing to query.",
            next_step="`ketum update` (live PubMed) or `ketum update --offline` (demonstration).",
        )
    return path.resolve()


@contextmanager
def open_published(
    settings: Settings, writable: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The latest published database, read-only and without access to other files.

    Args:
        settings: where the published set lies.
        writable: the one file that may be written beside it.

    Raises:
        ConfigurationError: nothing is published yet.
    """
    with duckdb.connect(for_duckdb(database_path(settings)), read_only=True) as con:
        if writable is not None:
            con.execute("SET allowed_paths = ?", [[str(writable)]])
        con.execute("SET enable_external_access = false")
        con.execute("SET enable_progress_bar = false")  # it would stand among the rows on stdout
        yield con


def note(settings: Settings) -> str:
    """Which set was read, what a zero means in it, and what was not searched."""
    with open_published(settings) as con:
        row = con.execute("SELECT set_id, statement FROM marts.search_totals LIMIT 1").fetchone()
    assert row is not None
    return f"Set {row[0]}. {row[1]}"


def run(settings: Settings, sql: str, form: str, out: TextIO) -> None:
    """Run a query on the published set and write its rows.

    Args:
        settings: where the published set lies.
        sql: one or more statements; the rows of the last one are shown.
        form: table, csv, tsv or json (a list of objects; dates and times as ISO text).
        out: where the rows go.

    Raises:
        ConfigurationError: the SQL is wrong, or nothing is published.
    """
    with open_published(settings) as con, _told_plainly():
        last = _all_but_the_last(con, sql)
        if form == "table":
            _table(con.sql(last), out)
            return
        cursor = con.execute(last)
        names = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    if form == "json":
        found = [dict(zip(names, row, strict=True)) for row in rows]
        json.dump(found, out, default=_plain, indent=1, ensure_ascii=False)
        out.write("\n")
    else:
        writer = csv.writer(out, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows)


def to_parquet(settings: Settings, sql: str, target: Path) -> None:
    """Run a query on the published set and write its rows to a Parquet file.

    Args:
        settings: where the published set lies.
        sql: one or more statements; the rows of the last one are written.
        target: the file; one that is there already is replaced once the new one is whole.

    Raises:
        ConfigurationError: the SQL is wrong or gives no rows, or nothing is published.
    """
    part = target.resolve().with_name(f".{target.name}.part")
    try:
        with open_published(settings, writable=part) as con, _told_plainly():
            relation = con.sql(_all_but_the_last(con, sql))
            if relation is None:  # DuckDB 1.x, for a statement without rows
                raise ConfigurationError(
                    "The statement gives no rows.",
                    effect="Nothing was written.",
                    next_step="ask for rows, as in SELECT ... or FROM ...",
                )
            relation.write_parquet(for_duckdb(part), compression="zstd")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def plan(settings: Settings, sql: str, out: TextIO) -> None:
    """Write how DuckDB would answer the last statement, without answering it.

    Raises:
        ConfigurationError: the SQL is wrong, or nothing is published.
    """
    with open_published(settings) as con, _told_plainly():
        rows = con.execute(f"EXPLAIN {_all_but_the_last(con, sql)}").fetchall()
    out.write("".join(text for _, text in rows))


@contextmanager
def _told_plainly() -> Iterator[None]:
    """DuckDB's own words as an error of ours."""
    try:
        yield
    except duckdb.Error as error:
        raise ConfigurationError(
            f"DuckDB says: {str(error).strip()}",
            effect="Nothing was read.",
            next_step='`ketum query "SHOW ALL TABLES"` lists what there is.',
        ) from None


def _all_but_the_last(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Run what comes before the last statement, and return that one without its semicolon."""
    statements = con.extract_statements(sql)
    if not statements:
        raise ConfigurationError(
            "There is no statement to run.",
            effect="Nothing was read.",
            next_step='`ketum query "SHOW ALL TABLES"` lists what there is.',
        )
    for statement in statements[:-1]:
        con.execute(statement)
    last = statements[-1].query
    # DuckDB wraps a relation's text in parentheses, where a semicolon (and a remark behind it)
    # would be an error
    ends = [start for start, _ in duckdb.tokenize(last) if last[start] == ";"]
    return last[: ends[-1]] if ends else last


def _text(value: object) -> object:
    """A value for CSV: lists and structs as JSON, as in tables/*.csv."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return value


def _plain(value: object) -> object:
    """What JSON has no word for: decimals as numbers, dates and times as ISO text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _table(relation: duckdb.DuckDBPyRelation | None, out: TextIO) -> None:
    if relation is None:  # a statement without rows
        return
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 10_000
    rows = 40 if sys.stdout.isatty() else 1_000_000
    # DuckDB's own box; it prints to sys.stdout only
    relation.show(max_width=width, max_rows=rows, null_value=".")
    out.flush()
