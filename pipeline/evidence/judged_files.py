"""Files that workers read whole and judged, as Parquet: how they are judged, staged and taken in.

A worker judges the records it has staged (`judge_staged`) and writes all of it. The loader merges
what it finds in staging as it merges rows in memory (`stage`): here one view per table, over the
Parquet files of all workers, without a copy (`stage_parts`). The one writer of the warehouse then
takes their judgements in (`take_judged`) and has to judge nothing of it again.
"""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline import progress
from pipeline.evidence.judge import judge_records
from pipeline.evidence.overrides import Overrides
from pipeline.evidence.record import read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.writing import PROOFS, TABLES, Writer, rows_of
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.storage import for_reading
from pipeline.warehouse.stage import STAGING, Staged, create_staging

JUDGED = {f"judged.{name}": f"evidence.{name}" for name in TABLES} | {"judged.proofs": PROOFS}
"""What a part holds of judgements, and the table it comes from."""
STAGED = (*PARSED_COLUMNS, "deletions", "unreadable")
"""The tables of staging that a part holds."""
ABOUT = "about.json"

_STAMP = "format('{}:{:08d}', f.stamp, p.record_no + f.records_before) AS source_stamp"
_OWN = {
    "articles": f"f.raw_file AS raw_file, {_STAMP}, ",
    "deletions": "f.raw_file AS raw_file, f.stamp AS source_stamp",
    "unreadable": f"f.raw_file AS raw_file, {_STAMP}, ",
}
"""What only the loader knows of a file."""
_NUMBER = "p.{0} + f.records_before AS {0}"


def judge_staged(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """Judge all records in staging; in evidence their numbers stand in place of their PMIDs.

    Records that people decided about are left out: the warehouse keeps what they decided.

    Args:
        con: a connection with staging, and the tables of evidence, which are emptied first.
        reference: the reference files.
    """
    for name in TABLES:
        con.execute(f"DELETE FROM evidence.{name}")
    writer = Writer(con, reference)
    pmids = dict(con.execute("SELECT record_no, pmid FROM staging.core.articles").fetchall())
    done = 0
    for records in read_records(con, "staging.keyed"):
        own = [one for one in records if pmids[one.pmid] not in reference.overrides.of]
        judged = judge_records(
            [dataclasses.replace(one, pmid=pmids[one.pmid]) for one in own], reference
        )
        numbered = [
            dataclasses.replace(judgement, pmid=one.pmid)
            for one, judgement in zip(own, judged, strict=True)
        ]
        writer.add(rows_of(numbered, reference))
        done += len(records)
        progress.note(done, len(pmids))
    writer.flush()


class Part(NamedTuple):
    """What was written of a file.

    Attributes:
        directory: where its tables are.
        raw_file: where the archive has the file.
        stamp: orders its records among copies that are equal otherwise.
        deletions: PMIDs that a DeleteCitation names.
        unreadable: pieces that cannot be read as a record.
    """

    directory: Path
    raw_file: str
    stamp: str
    deletions: int
    unreadable: int


def stage_parts(con: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Staged:
    """Show what workers wrote as staging.

    Args:
        con: the warehouse.
        parts: of the files, in their order; records are numbered through.
    """
    create_staging(con)
    con.execute(
        f"CREATE TABLE {STAGING}.core.files (directory VARCHAR, raw_file VARCHAR, stamp VARCHAR, "
        "records_before INTEGER)"
    )
    con.execute(f"CREATE SCHEMA {STAGING}.judged")
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
    for name in JUDGED:
        _show(con, f"{STAGING}.{name}", f"{name}.parquet", parts, _NUMBER.format("pmid"))
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


def take_judged(
    con: duckdb.DuckDBPyConnection, due: Sequence[int], overrides: Overrides
) -> list[int]:
    """Bring judgements of the staged parts into evidence, for the records that are due.

    Args:
        con: the warehouse; `Writer` has begun, `find_due` and `load.merge` ran before.
        due: PMIDs to be judged.
        overrides: people's decisions.

    Returns:
        The PMIDs that are still to be judged, in order.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE judged_before AS
        SELECT w.record_no, w.pmid
        FROM winners AS w JOIN judging_stale AS s USING (pmid)
        WHERE s.is_held AND NOT list_contains(?::INTEGER[], w.pmid)
        """,
        [list(overrides.of)],
    )
    taken = {pmid for (pmid,) in con.execute("SELECT pmid FROM judged_before").fetchall()}
    for name, table in JUDGED.items() if taken else ():
        con.execute(_TAKE.format(table, f"{STAGING}.{name}"))
    return [pmid for pmid in due if pmid not in taken]


_TAKE = """
    INSERT INTO {0} BY NAME
    SELECT j.* REPLACE (b.pmid AS pmid)
    FROM {1} AS j JOIN judged_before AS b ON b.record_no = j.pmid
"""
