"""Which records a run touched: TEMP run_touched (pmid), for all that need to look at no others.

A record was touched when a copy or a deletion of it came, when it was judged again, for whatever
reason, or when it came into another study group. Nothing else writes or removes its rows in core,
or its judgements. The table is gone with the connection of the run, so that nobody can take it for
that of another.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb


def note(con: duckdb.DuckDBPyConnection, judged: Sequence[int]) -> None:
    """Make TEMP run_touched of what `load.merge` left in this transaction.

    Args:
        con: the warehouse.
        judged: PMIDs that were judged or grouped again in this transaction, or left core.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_touched AS
        SELECT pmid FROM staging.core.articles
        UNION SELECT pmid FROM staging.core.deletions
        UNION SELECT pmid FROM deleted_held
        UNION SELECT pmid FROM cited_as
        UNION SELECT unnest(?::INTEGER[])
        """,
        [list(judged)],
    )


def note_all(con: duckdb.DuckDBPyConnection) -> None:
    """Make TEMP run_touched of all records that any row of core or evidence is of."""
    tables = con.execute(
        """
        SELECT format('"{}"."{}"', schema_name, table_name)
        FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = current_database() AND schema_name IN ('core', 'evidence')
            AND column_name = 'pmid'
        ORDER BY ALL
        """
    ).fetchall()
    pmids = " UNION ".join(f"SELECT pmid FROM {table}" for (table,) in tables)
    con.execute(f"CREATE OR REPLACE TEMP TABLE run_touched AS {pmids}")


def is_known(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether this connection is that of a run which noted what it touched."""
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = 'temp' AND table_name = 'run_touched'"
    ).fetchone()
    return found == (1,)


def parts(con: duckdb.DuckDBPyConnection, width: int) -> frozenset[int] | None:
    """The ranges of PMIDs that hold a record which the run of this connection touched.

    Args:
        con: the warehouse.
        width: PMIDs of a range; number n begins with n times it.

    Returns:
        their numbers; None where the connection has touched records in no run.
    """
    if not is_known(con):
        return None
    rows = con.execute(
        f"SELECT DISTINCT floor(pmid / {width})::INTEGER FROM run_touched"
    ).fetchall()
    return frozenset(number for (number,) in rows)
