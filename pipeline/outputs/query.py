"""Ad-hoc SQL on the published set: read-only, never in the way of a run."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
        writer.writerows(rows)
    else:
        json.dump([dict(zip(names, row, strict=True)) for row in rows], out, default=str, indent=1)
        out.write("\n")


def _table(relation: duckdb.DuckDBPyRelation | None, out: TextIO) -> None:
    if relation is None:  # a statement without rows
        return
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 10_000
    rows = 40 if sys.stdout.isatty() else 1_000_000
    # DuckDB's own box; it prints to sys.stdout only
    relation.show(max_width=width, max_rows=rows, null_value=".")
    out.flush()
