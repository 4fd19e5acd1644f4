"""Put some hundred rows into a table with one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in their order.

    Args:
        con: connection, in the caller's transaction.
        table: name that stands in the code, with its schema.
        rows: values in the order of the table's columns; all of one length, or none at all.

    DuckDB's `executemany` plans each row anew, half a millisecond that every run would pay.
    """
    held = [tuple(row) for row in rows]
    if not held:
        return
    one = f"({', '.join('?' * len(held[0]))})"
    con.execute(
        f"INSERT INTO {table} VALUES {', '.join([one] * len(held))}",  # noqa: S608  (see above)
        [value for row in held for value in row],
    )
