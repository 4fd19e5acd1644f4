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
from typing import TextIO

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.outputs import manifest
from pipeline.settings import PUBMED_ORIGIN, Settings

FORMATS = ("table", "csv", "json")


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The latest published database, read-only and without access to other files.

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
    with duckdb.connect(str(path.resolve()), read_only=True) as con:
        con.execute("SET enable_external_access = false")
        con.execute("SET enable_progress_bar = false")  # it would stand among the rows on stdout
        yield con


def note(settings: Settings) -> str:
    """What a reader of demonstration or file data must know; empty for live data."""
    held = manifest.read(settings.latest / "manifest.json")
    if held.get("ketum", {}).get("origin") == PUBMED_ORIGIN:
        return ""
    return str(held.get("description", ""))


def run(settings: Settings, sql: str, form: str, out: TextIO) -> None:
    """Run a query on the published set and write its rows.

    Args:
        settings: where the published set lies.
        sql: one or more statements; the rows of the last one are shown.
        form: table, csv or json (a list of objects; dates and times as ISO text).
        out: where the rows go.

    Raises:
        ConfigurationError: the SQL is wrong, or nothing is published.
    """
    if not sql.strip():
        raise ConfigurationError(
            "There is no statement to run.",
            effect="Nothing was read.",
            next_step='`ketum query "SHOW ALL TABLES"` lists what there is.',
        )
    with open_published(settings) as con:
        try:
            if form == "table":
                _table(con.sql(sql), out)
                return
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise ConfigurationError(
                f"DuckDB says: {str(error).strip()}",
                effect="Nothing was read.",
                next_step='`ketum query "SHOW ALL TABLES"` lists what there is.',
            ) from None
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows)
    else:
        found = [dict(zip(names, row, strict=True)) for row in rows]
        json.dump(found, out, default=_plain, indent=1, ensure_ascii=False)
        out.write("\n")


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
