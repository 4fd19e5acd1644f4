"""What is published: read for the comparisons, and fingerprinted to see that nothing moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class PublishedSet:
    """One published set."""

    directory: Path

    @property
    def as_of(self) -> datetime:
        manifest = json.loads((self.directory / "manifest.json").read_text(encoding="utf-8"))
        return datetime.fromisoformat(manifest["ketum"]["as_of"])

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        path = self.directory / "ketum.duckdb"
        with duckdb.connect(str(path), read_only=True) as con:
            yield con


def sets(published: Path) -> list[PublishedSet]:
    """The published sets, oldest first."""
    found = [
        PublishedSet(path)
        for path in published.glob("*")
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]
    return sorted(found, key=lambda published_set: published_set.as_of)


def latest(published: Path) -> PublishedSet | None:
    link = published / "latest"
    return PublishedSet(link.resolve()) if link.exists() else None


def fingerprint(published: Path) -> str:
    """Of every byte `latest` shows, and of both ways to its name."""
    shown = latest(published)
    if shown is None:
        return ""
    digest = hashlib.sha256((published / "LATEST").read_bytes())
    for path in sorted(p for p in shown.directory.rglob("*") if p.is_file()):
        digest.update(path.relative_to(published).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
