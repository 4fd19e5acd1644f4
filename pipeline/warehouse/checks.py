"""Run the checks of sql/checks: queries that return the rows that must not be."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import progress
from pipeline.errors import CheckError
from pipeline.storage import lines

log = logging.getLogger("ketum")


@dataclass(frozen=True)
class Check:
    """One file of sql/checks: its name, severity, what it claims, and its query."""

    name: str
    severity: str
    claim: str
    query: str


def files(sql: Path) -> list[Path]:
    """The check files, by name."""
    return sorted((sql / "checks").glob("*.sql"))


def read(path: Path) -> Check:
    """A check from its file: two remark lines (severity, claim), then one query."""
    text = path.read_text(encoding="utf-8")
    first, second = lines(text)[:2]
    severity = first.removeprefix("-- severity:").strip()
    if severity not in ("error", "warning"):
        raise ValueError(f"{path}: the first line must be '-- severity: error' or 'warning'")
    return Check(path.stem, severity, second.removeprefix("-- ").strip(), text)


def run_all(con: duckdb.DuckDBPyConnection, sql: Path) -> int:
    """Run every check on an open transaction; returns how many warned.

    Raises:
        CheckError: a check of severity error found rows; names each with its first rows.
    """
    failed, warned = [], 0
    checks = files(sql)
    for number, check in enumerate(map(read, checks)):
        progress.note(number, len(checks), "checks")
        rows = con.execute(check.query).fetchmany(1000)
        if not rows:
            continue
        shown = "; ".join(str(row) for row in rows[:3])
        told = f"{check.name} ({len(rows)}{'+' if len(rows) == 1000 else ''} rows, e.g. {shown})"
        if check.severity == "error":
            failed.append(f"{told}: {check.claim}")
        else:
            warned += 1
            log.warning("Check %s: %s", told, check.claim)
    if failed:
        raise CheckError(
            f"{len(failed)} check(s) of the data failed: " + " | ".join(failed),
            effect="The run was undone: warehouse and published tables are as before; the raw "
            "archive keeps what was fetched.",
            next_step="read the query in sql/checks/ and the records it names, then run again.",
        )
    return warned
