"""The other flows: is everything whole, could it be rebuilt, does PubMed answer, what can go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from flows.deployments import TAG
from pipeline import events, logs, notify
from pipeline.clock import Clock
from pipeline.errors import KetumError, LockedError
from pipeline.events import FAILURE, Event
from pipeline.settings import Settings

log = logging.getLogger("ketum")


def _name() -> str:
    when = flow_run.scheduled_start_time or datetime.now(UTC)
    return f"{when:%Y-%m-%d %H:%M} {flow_run.flow_name}"


@flow(name="verification", flow_run_name=_name, persist_result=False)
def verification() -> State[Any]:
    """Hold the latest set and every raw archive against what was written down about them."""

    def work(settings: Settings) -> str:
        from pipeline import verify

        reports = verify.verify(settings)
        for report in reports:
            log.info("%s", report.text())
        verify.require_whole(reports)
        return f"{len(reports)} verified, all whole."

    return _state_of("verification", work)


@flow(name="rehearsal", flow_run_name=_name, persist_result=False)
def rehearsal() -> State[Any]:
    """Make each warehouse anew from its raw archive, beside the real one, and compare."""

    def work(settings: Settings) -> str:
        from pipeline import backup

        found = [backup.rehearse(origin, settings) for origin in backup.origins(settings)]
        for one in found:
            log.info("%s", one.text())
        backup.require_same(found)
        return " ".join(one.text() for one in found) or "Nothing was ever committed here."

    return _state_of("rehearsal", work)


@flow(name="canary", flow_run_name=_name, persist_result=False)
def canary() -> State[Any]:
    """Ask PubMed one small question: `ketum doctor --live`."""

    def work(settings: Settings) -> str:
        from pipeline.pubmed import about_pubmed

        found = about_pubmed.ask_live(settings, Clock()).findings()
        for name, value, is_right in found:
            log.log(logging.INFO if is_right else logging.WARNING, "%s: %s", name, value)
        return "; ".join(f"{name} {value}" for name, value, _ in found[:2]) + "."

    return _state_of("canary", work)


@flow(name="housekeeping", flow_run_name=_name, persist_result=False)
def housekeeping() -> State[Any]:
    """Remove what nobody needs; nothing that a rebuild or a reader needs."""

    def work(settings: Settings) -> str:
        from pipeline.housekeeping import keep_house

        removed = keep_house(settings, Clock())
        for sentence in removed:
            log.info("%s", sentence)
        runs = remove_old_runs(Clock())
        return f"{len(removed)} removed from the data directory, {runs} run(s) from Prefect."

    return _state_of("housekeeping", work)


@flow(name="bulk-load", flow_run_name=_name, persist_result=False)
def bulk_load(
    places: list[str],
    match: list[str] | None = None,
    name: str | None = None,
    processes: int | None = None,
    dask: str | None = None,
    counts: bool = False,
    keep_all: bool = False,
) -> State[Any]:
    """Read NLM's baseline and update files, as `ketum bulk-load` does; no deployment has it.

    Args:
        places: files, or directories that hold them.
        match: searches whose records are kept (default: all).
        name: of the archive the records go to (default: files).
        processes: files read at a time (default: one a processor).
        dask: address of a Dask scheduler whose workers read them in their place.
        counts: keep no record, only count them by year, all and by topic.
        keep_all: keep every record, in an archive of its own; the files must stay where they are.
    """

    def work(settings: Settings) -> str:
        from pipeline import housekeeping
        from pipeline.commands.updating import options_for_files
        from pipeline.file_counts import count_files
        from pipeline.update import run_update

        options = options_for_files(
            settings, map(Path, places), match or (), name, processes, dask, keep_all=keep_all
        )
        if counts:
            return count_files(options, settings, Clock()).text()
        housekeeping.prepare(options.origin, settings)
        receipt = run_update(options, settings)
        events.after_run(settings, is_published=True)
        records = receipt.records
        return f"{receipt.records_read} read, {records['new']} new, {records['changed']} changed."

    return _state_of("bulk-load", work)


def _state_of(name: str, work: Callable[[Settings], str]) -> State[Any]:
    """The state of the run: what was done, or why not, without a traceback where that is known."""
    settings = Settings.from_environment()
    logs.show_in_run(settings)
    try:
        return Completed(message=work(settings))
    except LockedError as error:
        return Cancelled(message=error.text())
    except KetumError as error:
        log.error("%s", error.text())
        now = Clock().now()
        event = Event(
            f"failure:{name}:{now:%Y-%m-%d}", FAILURE, f"ketum: the {name} failed", error.text()
        )
        notify.tell(settings, event, Clock())
        return Failed(message=error.text())


# -- Prefect's own history: what of it may go

HISTORY_DAYS = 365
BATCH = 200


def remove_old_runs(clock: Clock) -> int:
    """Remove our flow runs that ended more than a year ago from the server; returns how many."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    before = (clock.now() - timedelta(days=HISTORY_DAYS)).replace(tzinfo=UTC)
    removed = 0
    with get_client(sync_client=True) as client:
        while True:
            runs = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    tags={"all_": [TAG]},  # type: ignore[arg-type]
                    end_time={"before_": before},  # type: ignore[arg-type]
                ),
                limit=BATCH,
            )
            for run in runs:
                client.delete_flow_run(run.id)
            removed += len(runs)
            if len(runs) < BATCH:
                return removed
