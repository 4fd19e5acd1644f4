"""`ketum runs forget`: undo the newest runs, as if they had never been.

For a run that must not stand, such as one under a clock that was ahead: the warehouse is rebuilt
from the runs before it, its sets go, and its journal and ledger are set aside.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError
from pipeline.journal import Journal
from pipeline.outputs import sets
from pipeline.rebuild import rebuild_under_lock, settle_dead_runs
from pipeline.settings import Settings
from pipeline.storage import hold_lock

log = logging.getLogger("ketum")


def forget(run_ids: Collection[str], settings: Settings, clock: Clock | None = None) -> str:
    """Undo runs; returns what was done, for the terminal.

    The journals go last, so that a `forget` that was cut off can be repeated.

    Raises:
        ConfigurationError: there is no such run, or a later one stands on it; or the warehouse
            cannot be made of the others.
        LockedError: a run is at work.
    """
    with hold_lock(settings.lock, "forget"):
        sets.require_link(settings)
        for origin in {journal.origin for journal in journals.read_all(settings.runs)}:
            settle_dead_runs(origin, settings)
        found = journals.read_all(settings.runs, must_be_whole=True)
        going = [journal for journal in found if journal.run_id in run_ids]
        if unknown := sorted(set(run_ids) - {journal.run_id for journal in going}):
            raise ConfigurationError(
                f"There is no run {unknown[0]} under {settings.runs}.",
                effect="Nothing changed.",
                next_step="`ketum status` names the last run; the others have the names of the "
                "directories there.",
            )
        _see_that_none_follows(found, going)
        lines = []
        for origin in sorted({one.origin for one in going if one.is_done}):
            lines.append(_undo(origin, found, run_ids, settings, clock or Clock()))
        on_purpose = sets.kept(settings)
        for path, held in sets.all_sets(settings):
            if held.run_id in run_ids and path.name in on_purpose:
                lines.append(f"The set {path.name} stays, as it is kept on purpose (`ketum keep`).")
            elif held.run_id in run_ids:
                sets.remove(path)
                lines.append(f"Removed the set {path.name}.")
        if settings.latest.is_symlink() and not settings.latest.exists():
            lines.append(sets.restore(settings))
        for journal in going:
            lines.append(f"Moved its journal to {journals.set_aside(settings, journal)}.")
    return "\n".join(lines)


def _see_that_none_follows(found: list[Journal], going: list[Journal]) -> None:
    """A run reads only what changed since the run before it, so that none can go from between."""
    for journal in going:
        if not journal.is_done:
            continue
        later = [
            other
            for other in found
            if other.origin == journal.origin and other.is_done and other.time > journal.time
        ]
        if missing := [other for other in later if other not in going]:
            together = sorted({one.run_id for one in [*going, *later]})
            raise ConfigurationError(
                f"Run {missing[0].run_id} came after {journal.run_id} and stands on it.",
                effect="Nothing changed.",
                next_step=f"to forget both: `ketum runs forget {' '.join(together)}`.",
            )


def _undo(
    origin: str, found: list[Journal], run_ids: Collection[str], settings: Settings, clock: Clock
) -> str:
    """Make the warehouse of an origin anew without some runs; without any, it goes."""
    done = {one.run_id for one in found if one.origin == origin and one.is_done}
    if done - set(run_ids):
        return rebuild_under_lock(origin, settings, clock, without=run_ids)
    path = settings.warehouse(origin)
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)
    return f"Removed the warehouse of {origin}: no other run was committed to it."
