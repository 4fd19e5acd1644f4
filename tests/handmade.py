"""Published sets made by hand: a manifest of ketum's shape over whatever files a test wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.outputs import sets
from pipeline.settings import Settings
from tests.in_memory import Warehouse

FILES = {"ketum.duckdb": b"a database", "tables/core.leaves.csv": b"leaf\nred\n"}


def a_manifest(set_id: str, origin: str, as_of: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What ketum's manifest of these files would state."""
    return {
        "name": "ketum",
        "id": set_id,
        "description": "made by hand",
        "ketum": {
            "origin": origin,
            "run_id": f"run-of-{set_id}",
            "as_of": as_of,
            "searches": {"kratom": {"members": 2}},
        },
        "resources": [
            {
                "path": name,
                "bytes": len(body),
                "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
            }
            for name, body in files.items()
        ],
    }


def make_set(
    settings: Settings,
    set_id: str,
    *,
    origin: str = "pubmed",
    as_of: str = "2026-11-22T12:00:00",
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a whole set; returns its directory."""
    directory = settings.published / set_id
    files = FILES if files is None else files
    for name, body in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    held = a_manifest(set_id, origin, as_of, files)
    (directory / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
    return directory


def show_database(settings: Settings, memory: Warehouse) -> None:
    """Publish what a warehouse in memory holds, with all marts, for commands that read a set."""
    memory.build()
    settings.published.mkdir(parents=True, exist_ok=True)
    path = settings.published / "made.duckdb"
    memory.write(path)
    set_id = f"{memory.as_of:%Y-%m-%d}-pubmed-by-hand"
    make_set(
        settings, set_id, as_of=memory.as_of.isoformat(), files={"ketum.duckdb": path.read_bytes()}
    )
    path.unlink()
    show(settings, set_id)


def show(settings: Settings, set_id: str) -> None:
    """Let `latest` show a set."""
    sets.switch(settings, set_id)
