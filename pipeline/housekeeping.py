"""What may go from a data directory, and what never may.

Never: bodies of the raw archive, journals, ledgers and reference files of committed runs, as a
rebuild needs them; published sets go by their own rule (`outputs/sets.py`).
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.outputs import sets
from pipeline.settings import Settings
from pipeline.storage import hold_lock

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
