"""Which records are due to be judged.

The input of a judgement is what the record says (as `record.read_records` reads it) and what
people decided about it; `ops.judged` keeps a fingerprint of it and one of the rules.
"""

# SQL here is made of names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from pipeline.evidence.overrides import Overrides
from pipeline.evidence.record import READ


class Due(NamedTuple):
    """What a run must judge.

    Attributes:
        pmids: the records to judge, in order.
        is_all: they are all there are.
    """

    pmids: list[int]
    is_all: bool


def find_due(
    con: duckdb.DuckDBPyConnection,
    overrides: Overrides,
    rules_sha256: str,
    changed: Sequence[int] | None = None,
) -> Due:
    """Compare records with what they were last judged by.

    Args:
        con: the warehouse; core is read.
        overrides: people's decisions.
        rules_sha256: of everything else that decides (`Reference.sha256`).
        changed: the records that came or changed since the last judging; None where that is not
            known, and all are compared.

    The temporary table `judging_inputs` (pmid, input_sha256) holds what was compared, and
    `judging_stale` (pmid) the records to judge and those that left core: their judgements go.
    """
    _find_scope(con, overrides, rules_sha256, changed)
    # A hash a row, joined whatever the order: every row of a table has a place of its own.
    hashes = " UNION ALL ".join(
        f"SELECT pmid, hash('{table}', {columns}, {order}) AS hashed FROM core.{table} "
        "WHERE pmid IN (SELECT pmid FROM judging_scope)"
        for table, (columns, order) in READ.items()
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE judging_inputs AS
        SELECT pmid, sha256(bit_xor(hashed)::VARCHAR) AS input_sha256
        FROM (
            {hashes}
            UNION ALL
            SELECT unnest($pmids::INTEGER[]), hash('overrides', unnest($decided::VARCHAR[]))
        )
        WHERE pmid IN (SELECT pmid FROM core.articles)
        GROUP BY pmid
        """,
        {
            "pmids": list(overrides.of),
            "decided": list(map(repr, overrides.of.values())),
        },
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE judging_stale AS
        SELECT coalesce(now.pmid, old.pmid) AS pmid, now.pmid IS NOT NULL AS is_held
        FROM judging_inputs AS now
        FULL JOIN (
            SELECT * FROM ops.judged WHERE pmid IN (SELECT pmid FROM judging_scope)
        ) AS old USING (pmid)
        WHERE now.input_sha256 IS DISTINCT FROM old.input_sha256
            OR old.rules_sha256 IS DISTINCT FROM ?
        """,
        [rules_sha256],
    )
    rows = con.execute("SELECT pmid FROM judging_stale WHERE is_held ORDER BY pmid").fetchall()
    ((held,),) = con.execute("SELECT count(*) FROM core.articles").fetchall()
    return Due([pmid for (pmid,) in rows], held == len(rows))


def judged_now(con: duckdb.DuckDBPyConnection) -> list[int]:
    """PMIDs that the `judge` of this transaction judged; those that left core among them."""
    return [pmid for (pmid,) in con.execute("SELECT pmid FROM judging_stale").fetchall()]


def _find_scope(
    con: duckdb.DuckDBPyConnection,
    overrides: Overrides,
    rules_sha256: str,
    changed: Sequence[int] | None,
) -> None:
    """TEMP judging_scope (pmid): the records to compare.

    Beside those that changed: the ones never judged, judged by other rules, or gone, and all that
    people decide about, or did.
    """
    if changed is None:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE judging_scope AS "
            "SELECT pmid FROM core.articles UNION SELECT pmid FROM ops.judged"
        )
        return
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE judging_scope AS
        SELECT unnest($pmids::INTEGER[]) AS pmid
        UNION
        SELECT pmid FROM core.articles ANTI JOIN ops.judged USING (pmid)
        UNION
        SELECT pmid FROM ops.judged ANTI JOIN core.articles USING (pmid)
        UNION
        SELECT pmid FROM ops.judged WHERE rules_sha256 <> $rules_sha256
        UNION
        SELECT pmid FROM evidence.overrides
        """,
        {"pmids": [*changed, *overrides.of], "rules_sha256": rules_sha256},
    )


def note_judged(con: duckdb.DuckDBPyConnection, rules_sha256: str) -> None:
    """Keep by what every record is judged now; `find_due` ran before in this transaction."""
    con.execute("DELETE FROM ops.judged WHERE pmid IN (SELECT pmid FROM judging_stale)")
    con.execute(
        "INSERT INTO ops.judged SELECT pmid, input_sha256, ? FROM judging_inputs "
        "WHERE pmid IN (SELECT pmid FROM judging_stale) ORDER BY pmid",
        [rules_sha256],
    )
