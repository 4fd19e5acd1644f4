"""Rows go into a table in their order, whatever the connection was asked before."""

from __future__ import annotations

import duckdb

from pipeline.warehouse.database import append


def test_rows_are_appended_beside_a_result_that_nobody_read_to_its_end() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (n INTEGER, word VARCHAR)")
        con.execute("BEGIN")
        assert con.execute("SELECT unnest([7, 8])").fetchone() == (7,)
        append(con, "t", ([n, str(n)] for n in (3, 1, 2)))
        append(con, "t", [])
        assert con.execute("FROM t").fetchall() == [(3, "3"), (1, "1"), (2, "2")]
        con.execute("ROLLBACK")
        assert con.execute("FROM t").fetchall() == []
