"""Rows go into a table in their order, whatever the connection was asked before."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.settings import Settings
from pipeline.warehouse.database import append, bound_memory, connect


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


@pytest.mark.parametrize(("members", "bytes_allowed"), [(3, 1e9), (250_000, 1e9), (500_000, 2e9)])
def test_memory_is_bounded_by_the_members(members: int, bytes_allowed: float) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA ops")
        con.execute(
            "CREATE TABLE ops.search_hits AS SELECT NULL::TIMESTAMP AS left_at FROM range(?)",
            [members],
        )
        con.execute("INSERT INTO ops.search_hits SELECT '2026-11-27' FROM range(900000)")
        bound_memory(con)
        assert _limit(con) == pytest.approx(bytes_allowed, rel=0.05)
        con.execute("DELETE FROM ops.search_hits")
        bound_memory(con)
        assert _limit(con) == pytest.approx(1e9, rel=0.05)


def _limit(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchone()
    assert row is not None
    return int(row[0])


def test_what_is_committed_goes_into_the_file_while_others_read(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    path = settings.warehouse("archive:demo")
    log = path.with_name(f"{path.name}.wal")
    with connect(settings, "archive:demo", datetime(2026, 11, 27)) as con:
        con.execute(
            "CREATE TABLE t AS SELECT n, hash(n)::VARCHAR AS text FROM range(30000) AS r (n)"
        )
        con.execute("CHECKPOINT")
        con.execute("BEGIN")
        con.execute("DELETE FROM t WHERE n % 3 = 0")
        con.execute("INSERT INTO t SELECT n, 'new' FROM range(30000, 40000) AS r (n)")
        con.execute("COMMIT")
        assert log.stat().st_size > 0
        with con.cursor() as reader:
            reader.execute("SELECT n FROM t ORDER BY n DESC")
            read = reader.fetchmany(5)
            with con.cursor() as writer:
                writer.execute("CHECKPOINT")
            assert [n for (n,) in (*read, *reader.fetchall())] == [
                *range(39_999, 29_999, -1),
                *(n for n in range(29_999, 0, -1) if n % 3),
            ]
        assert not log.exists() or log.stat().st_size == 0
        shutil.copy(path, tmp_path / "copy.duckdb")
        rows = con.execute("FROM t ORDER BY n").fetchall()
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copied:
        assert copied.execute("FROM t ORDER BY n").fetchall() == rows
    assert len(rows) == 30_000
