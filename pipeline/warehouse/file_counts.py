"""Counts of NLM's files (`ketum bulk-load --counts`) in a raw archive and its warehouse."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.pubmed.archive import Archive
from pipeline.storage import shown
from pipeline.warehouse.database import append

KIND = "file_counts"
"""Of these entries in the ledger."""
_COUNT = ("kind", "name", "strategy", "is_denominator", "date_tag", "year", "record_count")
_FILE = ("file_sha256", "is_checked", "record_count", "deletion_count", "unreadable_count")


def take_in(con: duckdb.DuckDBPyConnection, archive: Archive, run_id: str, directory: Path) -> int:
    """Note in a run's ledger the counts that the warehouse does not hold yet.

    Args:
        con: the warehouse.
        archive: keeps them.
        run_id: whose ledger it is.
        directory: where they lie.

    Returns:
        how many there were.

    Raises:
        ConfigurationError: a file there holds something else.
    """
    held = {row[0] for row in con.execute("SELECT counted_at FROM ops.file_counts").fetchall()}
    taken = 0
    for path in sorted(directory.glob("*.json")):
        body = path.read_bytes()
        try:
            counted_at = _counted_at(json.loads(body))
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"{shown(path)} holds no counts of files.",
                effect="Nothing changed.",
                next_step="remove it; `ketum bulk-load DIR --counts` makes counts anew.",
            ) from None
        if counted_at not in held:
            archive.note(run_id, {"kind": KIND, "object": archive.put(body), "bytes": len(body)})
            taken += 1
    return taken


def load(con: duckdb.DuckDBPyConnection, archive: Archive, run_id: str) -> None:
    """Add the counts in a run's ledger to ops, in the open transaction."""
    for entry in archive.entries(run_id, KIND):
        said = json.loads(archive.get(entry["object"]))
        counted_at = _counted_at(said)
        head = (counted_at, said["last_entry"], said["is_whole"])
        append(
            con,
            "ops.file_counts",
            ((*head, *(one[column] for column in _COUNT)) for one in said["counts"]),
        )
        files = [
            (counted_at, one["file"], False, *(one[column] for column in _FILE))
            for one in said["files"]
        ]
        gaps = [(counted_at, name, True, *(None,) * len(_FILE)) for name in said["missing"]]
        append(con, "ops.counted_files", [*files, *gaps])


def _counted_at(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["counted_at"])
