"""Staging over the Parquet files that workers wrote of whole files: a view a table, no copy.

The loader merges what it finds there as it merges rows in memory (`stage`): the same SQL, once for
all files together, and DuckDB reads of each column what it needs.
"""

# SQL here is made of table names that stand in the code.

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.storage import for_reading
from pipeline.warehouse.stage import STAGING, Staged, create_staging

STAGED = (*PARSED_COLUMNS, "deletions", "unreadable")
"""The tables of staging that a part holds."""
JUDGED_SCHEMA = f"{STAGING}.judged"
ABOUT = "about.json"

_STAMP = "format('{}:{:08d}', f.stamp, p.record_no + f.records_before) AS source_stamp"
_OWN = {
    "articles": f"f.raw_file AS raw_file, {_STAMP}, ",
    "deletions": "f.raw_file AS raw_file, f.stamp AS source_stamp",
    "unreadable": f"f.raw_file AS raw_file, {_STAMP}, ",
}
"""What only the loader knows of a file."""
_NUMBER = "p.{0} + f.records_before AS {0}"


class Part(NamedTuple):
    """What was written of a file.

    Attributes:
        directory: where its tables lie.
        raw_file: where the archive has the file.
        stamp: orders its records among copies that are equal otherwise.
        deletions: PMIDs that a DeleteCitation names.
        unreadable: pieces that are no readable record.
    """

    directory: Path
    raw_file: str
    stamp: str
    deletions: int
    unreadable: int


def stage_parts(
    con: duckdb.DuckDBPyConnection, parts: Sequence[Part], judged: Sequence[str]
) -> Staged:
    """Show what workers wrote as staging.

    Args:
        con: the warehouse.
        parts: of the files, in their order; records are numbered through.
        judged: tables of judgements, to be shown in `JUDGED_SCHEMA`.
    """
    create_staging(con)
    con.execute(
        f"CREATE TABLE {STAGING}.core.files (directory VARCHAR, raw_file VARCHAR, stamp VARCHAR, "
        "records_before INTEGER)"
    )
    con.execute(f"CREATE SCHEMA {JUDGED_SCHEMA}")
    before = 0
    unknown: dict[tuple[str, str], int] = {}
    rows = []
    for part in parts:
        about = json.loads((part.directory / ABOUT).read_text(encoding="utf-8"))
        rows.append((str(part.directory.absolute()), part.raw_file, part.stamp, before))
        before += about["numbers"]
        for kind, name, number in about["unknown"]:
            unknown[kind, name] = unknown.get((kind, name), 0) + number
    if not parts:
        return Staged()  # the tables of staging are empty
    con.executemany(f"INSERT INTO {STAGING}.core.files VALUES (?, ?, ?, ?)", rows)
    for table in STAGED:
        number = "" if table == "deletions" else _NUMBER.format("record_no")
        kind = "VIEW" if table in PARSED_COLUMNS else "TABLE"
        con.execute(f"DROP {kind} {STAGING}.core.{table}")
        own = _OWN.get(table, "") + number
        _show(con, f"{STAGING}.core.{table}", f"core.{table}.parquet", parts, own)
    for table in judged:
        own = _NUMBER.format("pmid")
        _show(con, f"{JUDGED_SCHEMA}.{table}", f"judged.{table}.parquet", parts, own)
    return Staged(
        records=before,
        deletions=sum(part.deletions for part in parts),
        unreadable=sum(part.unreadable for part in parts),
        unknown=unknown,
    )


def _show(
    con: duckdb.DuckDBPyConnection, view: str, file: str, parts: Sequence[Part], own: str
) -> None:
    paths = [for_reading(part.directory / file).replace("'", "''") for part in parts]
    listed = ", ".join(f"'{path}'" for path in paths)
    con.execute(
        f"""
        CREATE VIEW {view} AS
        SELECT p.* EXCLUDE (filename) REPLACE ({own})
        FROM read_parquet([{listed}], filename = true) AS p
        JOIN {STAGING}.core.files AS f ON p.filename = f.directory || '/{file}'
        """
    )
