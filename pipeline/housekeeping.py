"""Before a run: is there room, and a warehouse of this version? Afterwards: what may be removed."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, MachineError
from pipeline.outputs import sets
from pipeline.settings import Settings
from pipeline.storage import existing, for_duckdb, hold_lock
from pipeline.warehouse import fingerprint

# -- Before a run
#
# A schedule must not stand still after an upgrade until somebody reads its log: where raw archive
# and journals are whole, a warehouse of another version is rebuilt from them, as `ketum rebuild`
# does.

log = logging.getLogger("ketum")

SPARE = 256 << 20
"""Bytes that a run may need beside copies of what is there: answers, journals, scratch files."""


def prepare(origin: str, settings: Settings, clock: Clock | None = None) -> None:
    """See, before a run of an origin, that there is room, and a warehouse made by this version.

    Raises:
        MachineError: there is no room for the run.
        LockedError: another run is at work (asked only where another version made the warehouse).
    """
    require_room(origin, settings)
    done = journals.read_done(settings.runs, origin)
    if done and done[-1].program == fingerprint.program(settings.sql).hex():
        return  # the last run was of this very program, and its warehouse was of this version
    if (version := outdated(origin, settings)) is None:
        return
    if reason := why_not_safe(origin, settings):
        log.warning("The warehouse is of another version (%s), and %s", version, reason)
        return  # the run itself refuses, and says how to go on
    log.warning(
        "The warehouse of %s is of another version of ketum (%s): it is rebuilt from the raw "
        "archive.",
        origin,
        version,
    )
    from pipeline.rebuild import rebuild  # with all that judges, which most runs do without

    log.warning("%s", rebuild(origin, settings, clock))


def require_room(origin: str, settings: Settings) -> None:
    """See that there is room for a warehouse that grows, and for one more set.

    Raises:
        MachineError: there is not.
    """
    warehouse = settings.warehouse(origin)
    held = [path for path, found in sets.all_sets(settings) if found.origin == origin]
    needed = SPARE + 2 * (warehouse.stat().st_size if warehouse.exists() else 0)
    needed += _size(held[-1]) if held else 0
    free = shutil.disk_usage(existing(settings.data)).free
    if free < needed:
        raise MachineError(
            f"There is too little space for a run: {free >> 20} MiB are free in {settings.data}, "
            f"and {needed >> 20} MiB may be needed.",
            effect="Nothing was begun; what is published stands.",
            next_step="make room: old sets under published/ may go, raw/ and runs/ may not.",
        )


def outdated(origin: str, settings: Settings) -> str | None:
    """What differs between the warehouse of an origin and this version of ketum, if anything.

    One that is missing or cannot be read is left to the run to report.
    """
    path = settings.warehouse(origin)
    if not path.exists():
        return None
    try:
        with duckdb.connect(for_duckdb(path), read_only=True) as con:
            (schema,) = con.execute("SELECT schema_version FROM ops.warehouse").fetchall()[0]
            if schema != fingerprint.schema_version(settings.sql):
                return "its shape"
            (parser,) = con.execute("SELECT parser_version FROM ops.warehouse").fetchall()[0]
    except (duckdb.Error, IndexError):
        return None
    return None if parser == fingerprint.parser_version() else "how records are read"


def why_not_safe(origin: str, settings: Settings) -> str | None:
    """Why the warehouse of an origin may not be rebuilt without a person; None if it may."""
    try:
        done = journals.read_done(settings.runs, origin, must_be_whole=True)
    except ConfigurationError as error:
        return error.cause
    if not done:
        return "no journal mentions a run that was committed."
    from pipeline.verify import verify_archive

    report = verify_archive(settings.raw(origin))
    if not report.is_whole:
        return f"its raw archive is damaged: {report.faults[0]}"
    return None


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


# -- What may go from a data directory, and what never may
#
# Never: bodies of the raw archive, journals, ledgers and reference files of committed runs, as a
# rebuild needs them; published sets go by their own rule (`outputs/sets.py`).

FORGOTTEN_DAYS = 365
"""Days that a run undone by `ketum runs forget` is kept."""
FAILED_DAYS = 90
"""Days that journal and ledger of a run that committed nothing are kept."""


def keep_house(settings: Settings, clock: Clock) -> list[str]:
    """Remove what is too old to be of use.

    Returns:
        a sentence for each thing that was removed.

    Raises:
        LockedError: a run is at work.
    """
    with hold_lock(settings.lock, "housekeeping"):
        now = clock.now()
        lines = _failed_runs(settings, now) + _forgotten_runs(settings, now)
        sets.remove_leftovers(settings)
        for leftover in (
            settings.data / ".rehearsal",
            settings.prefect_home / "prefect.db.unusable",
        ):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            elif leftover.exists():
                leftover.unlink()
            else:
                continue
            lines.append(f"Removed {leftover.name}, which was left behind.")
    return lines


def _failed_runs(settings: Settings, now: datetime) -> list[str]:
    lines = []
    for journal in journals.read_all(settings.runs):
        is_old = now - journal.time > timedelta(days=FAILED_DAYS)
        if journal.state in (journals.FAILED, journals.ABANDONED) and is_old:
            (settings.raw(journal.origin) / "runs" / f"{journal.run_id}.jsonl").unlink(
                missing_ok=True
            )
            shutil.rmtree(settings.runs / journal.run_id)
            lines.append(f"Removed journal and ledger of the {journal.state} run {journal.run_id}.")
    return lines


def _forgotten_runs(settings: Settings, now: datetime) -> list[str]:
    lines = []
    for path in sorted((settings.data / "forgotten").glob("*/")):
        age = now.replace(tzinfo=UTC).timestamp() - path.stat().st_mtime
        if age > timedelta(days=FORGOTTEN_DAYS).total_seconds():
            shutil.rmtree(path)
            lines.append(f"Removed the forgotten run {path.name}.")
    return lines
