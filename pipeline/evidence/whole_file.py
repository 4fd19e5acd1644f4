"""Records judged where they are staged, and what was found of them brought into the warehouse.

A worker that keeps a whole file judges it too (`judge_staged`); the writer of the warehouse takes
those judgements in (`take_judged`) and has to judge nothing of it again.
"""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import duckdb

from pipeline import progress
from pipeline.evidence.judge import judge_records
from pipeline.evidence.overrides import Overrides
from pipeline.evidence.record import read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.writing import PROOFS, TABLES, Writer
from pipeline.warehouse.parts import JUDGED_SCHEMA

JUDGED = {f"judged.{name}": f"evidence.{name}" for name in TABLES} | {"judged.proofs": PROOFS}
"""What a part holds of judgements, and the table it comes from."""


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
        writer.add(
            [
                dataclasses.replace(judgement, pmid=one.pmid)
                for one, judgement in zip(own, judged, strict=True)
            ]
        )
        done += len(records)
        progress.note(done, len(pmids))


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
    for name in TABLES if taken else ():
        con.execute(_TAKE.format(f"evidence.{name}", f"{JUDGED_SCHEMA}.{name}"))
    if taken:
        con.execute(_TAKE.format(PROOFS, f"{JUDGED_SCHEMA}.proofs"))
    return [pmid for pmid in due if pmid not in taken]


_TAKE = """
    INSERT INTO {0} BY NAME
    SELECT j.* REPLACE (b.pmid AS pmid)
    FROM {1} AS j JOIN judged_before AS b ON b.record_no = j.pmid
"""
