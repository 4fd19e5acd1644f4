"""Rebuild a warehouse from its raw archive, with every committed run or all but the newest.

Times come from the journals, bodies and reference files from the raw archive, so the result is the
same as the first time except for execution times. The new file takes the place of the old one when
it is complete and checked, in one rename.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Container
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import duckdb

from pipeline import journal as journals
from pipeline.asking import Asked
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError
from pipeline.evidence.reference import Reference
from pipeline.journal import Journal
from pipeline.outputs import sets
from pipeline.outputs.publish import publish
from pipeline.pubmed.archive import Archive, recall
from pipeline.run import Run
from pipeline.settings import Options, Settings, processors
from pipeline.steps import Fetched, Made
from pipeline.storage import for_duckdb, hold_lock
from pipeline.update import STEPS, Progress
from pipeline.warehouse.database import Warehouse

log = logging.getLogger("ketum")

READINGS = "claim_evidence.csv"


def rebuild(origin: str, settings: Settings, clock: Clock | None = None) -> str:
    """Rebuild the warehouse of an origin and publish it; returns a sentence for the terminal.

    Raises:
        ConfigurationError: no run of this origin was ever committed, or its archive is damaged.
        LockedError: a run is at work.
    """
    with hold_lock(settings.lock, "rebuild"):
        return rebuild_under_lock(origin, settings, clock or Clock())


def rebuild_under_lock(
    origin: str, settings: Settings, clock: Clock, without: Container[str] = ()
) -> str:
    """As `rebuild`, for a caller that holds the lock; leaves out the runs of `without`."""
    sets.require_link(settings)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as at_the_end:
        settle_dead_runs(origin, settings)
        past = [
            journal
            for journal in journals.read_done(settings.runs, origin, must_be_whole=True)
            if journal.run_id not in without
        ]
        if not past:
            raise ConfigurationError(
                f"There is no committed run of origin {origin} to rebuild from.",
                effect="Nothing changed.",
                next_step="`ketum status` shows what there is.",
            )
        beside = settings.data / "warehouse" / ".rebuilding"
        shutil.rmtree(beside, ignore_errors=True)
        at_the_end.callback(shutil.rmtree, beside, ignore_errors=True)
        apart = dataclasses.replace(
            settings, journals=Path(scratch) / "journals", warehouses=beside
        )
        for journal in past:
            is_last = journal is past[-1]
            progress = _replay(journal, apart, clock, Path(scratch), is_last)
            with closing(progress.run.warehouse) as warehouse:
                if is_last:
                    again = publish(apart, warehouse.con, progress.receipt, is_rebuilt=True)
                    set_id = again.set_id
        settings.warehouse(origin).parent.mkdir(parents=True, exist_ok=True)
        # a write-ahead log of the old file must not be replayed into the new one
        settings.warehouse(origin).with_name("warehouse.duckdb.wal").unlink(missing_ok=True)
        apart.warehouse(origin).replace(settings.warehouse(origin))
    return f"Rebuilt {origin} from {len(past)} run(s); published {set_id}."


def settle_dead_runs(origin: str, settings: Settings) -> None:
    """A run killed right after its commit has not noted it, and its old warehouse knows."""
    path = settings.warehouse(origin)
    if not path.exists() or all(
        journal.state != journals.RUNNING for journal in journals.read_all(settings.runs, origin)
    ):
        return
    try:
        with duckdb.connect(for_duckdb(path)) as con:
            rows = con.execute("SELECT run_id FROM ops.runs").fetchall()
    except duckdb.Error:
        log.warning("The old warehouse cannot be read; runs that were cut off are left out.")
        return
    journals.settle(settings.runs, origin, {row[0] for row in rows})


def _replay(
    journal: Journal, settings: Settings, clock: Clock, scratch: Path, is_last: bool
) -> Progress:
    """One committed run again, in `settings.warehouses`; its warehouse is still open."""
    archive = Archive(settings.raw(journal.origin))
    reference = scratch / journal.run_id
    _lay_out_reference(journal, archive, settings.reference, reference, is_last)
    run = Run(
        settings,
        Options(processes=processors()),
        clock,
        journal.origin,
        journal.mode,
        journal.parameters,
        journal.run_id,
        journal.time,
        reference,
        partial(Reference.load, reference, is_strict=False),
        journal.previous_published_at,
        Warehouse(settings, journal.origin, journal.time),
        kept_set_id=journal.set_id,
    )
    answered = recall(archive, journal.run_id)
    made = Made(
        asked=Asked(answered.answers, answered.translations, is_full_read=answered.is_full_read),
        fetched=Fetched(answered.gone, answered.requests),
    )
    again = dataclasses.replace(journal, state=journals.RUNNING, steps=[], receipt={})
    progress = Progress(run, again, made)
    log.info("replaying run %s", journal.run_id)
    try:
        for step in STEPS:
            if step.is_replayed:
                progress.take(step)
    except BaseException:
        run.warehouse.close()
        raise
    return progress


def _lay_out_reference(
    journal: Journal, archive: Archive, today: Path, target: Path, is_last: bool
) -> None:
    """Write the reference files that a run is judged by once more.

    They are those kept with the run. A file that the run did not know yet is taken as it is now,
    and so is one that this version of ketum refuses: rules may have become stricter since, and no
    rule of that time may keep a warehouse from being rebuilt. People's readings of claims, which
    are about records held by now, wait for the last run then.

    Raises:
        ConfigurationError: a file of today is wrong, or the archive is damaged.
    """
    shutil.copytree(today, target)
    kept = {name: archive.get(stored) for name, stored in journal.reference.items()}
    for name, body in kept.items():
        (target / name).write_bytes(body)
    while True:
        try:
            Reference.load(target, is_strict=False)
            return
        except ConfigurationError as error:
            # a message that names no file, or one of today, leaves today's files to try
            refused = [name for name in kept if str(target / name) in error.cause] or list(kept)
            if not refused:
                raise
            cause = error.cause.replace(f"{target}{os.sep}", "")
        for name in refused:
            body = (today / name).read_bytes() if (today / name).exists() else kept[name]
            if name == READINGS and not is_last:
                body = body.partition(b"\n")[0] + b"\n"
            (target / name).write_bytes(body)
            del kept[name]
        log.warning(
            "Run %s is judged by %s of today, as this version refuses that of the time: %s",
            journal.run_id,
            ", ".join(refused),
            cause,
        )


# -- `ketum runs forget`: undo the newest runs, as if they had never been
#
# For a run that must not count, such as one under a clock that was ahead: the warehouse is rebuilt
# from the runs before it, its sets go, and its journal and ledger are set aside.


def forget(run_ids: Collection[str], settings: Settings, clock: Clock | None = None) -> str:
    """Undo runs; returns what was done, for the terminal.

    The journals go last, so that a `forget` that was cut off can be repeated.

    Raises:
        ConfigurationError: there is no such run, or a later one builds on it; or the warehouse
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
                f"Run {missing[0].run_id} came after {journal.run_id} and builds on it.",
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
