"""A copy of the warehouse for readers: complete, compact, readable by older clients.

Measured: COPY FROM DATABASE keeps keys, views and comments; storage version v1.4.0
opens in DuckDB 1.4 and later, while a file of version 2.0 opens in no older client.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from pipeline.storage import literal

STORAGE_VERSION = "v1.4.0"


def write(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the connection's database to a new read-only file, synced to disk."""
    source = con.execute("SELECT current_database()").fetchone()
    assert source is not None
    con.execute(f"ATTACH {literal(path)} AS snapshot (STORAGE_VERSION '{STORAGE_VERSION}')")
    try:
        name = source[0].replace('"', '""')
        con.execute(f'COPY FROM DATABASE "{name}" TO snapshot')
        con.execute("CHECKPOINT snapshot")
    finally:
        con.execute("DETACH snapshot")
    path.chmod(0o444)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
