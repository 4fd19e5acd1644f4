"""The update on a schedule, as Prefect's pages show it: parameters, name, state and artifacts.

The steps are those of pipeline/update.py. What was foreseen to fail ends as Failed with a sentence
and without a traceback; a run that finds another one at work ends Cancelled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows import telling
from flows.telling import as_task
from pipeline import housekeeping, logs, notify
from pipeline import update as pipeline_update
from pipeline.errors import KetumError, LockedError
from pipeline.outputs.receipt import Receipt
from pipeline.settings import MAX_REQUESTS, Options, Settings
from pipeline.update import Progress, Step

log = logging.getLogger("ketum")


class Source(BaseModel):
    """Where records come from. As it is, from PubMed."""

    model_config = ConfigDict(extra="forbid")

    offline: Annotated[
        bool,
        Field(
            title="Rehearse offline",
            description="Ask a replay server over the archive in place of PubMed. Live data stays "
            "what readers see.",
        ),
    ] = False
    archive: Annotated[
        str | None,
        Field(
            title="Archive to replay",
            description="Directory of PubMed XML, on the machine that runs this (default: the "
            "demonstration). Only with 'Rehearse offline'.",
        ),
    ] = None
    from_files: Annotated[
        list[str],
        Field(
            title="Files to read",
            description="PubMed XML or .nbib files to read in place of searching.",
        ),
    ] = []
    name: Annotated[
        str | None,
        Field(title="Name of the archive", description="For records from files or an archive."),
    ] = None


class PubMed(BaseModel):
    """How PubMed is asked. As it is, right for every day."""

    model_config = ConfigDict(extra="forbid")

    full: Annotated[
        bool,
        Field(
            title="Read every record again",
            description="Not only new and revised ones. Happens by itself once a month.",
        ),
    ] = False
    accept_translation: Annotated[
        bool,
        Field(
            title="Accept how PubMed reads the searches now",
            description="After a run that failed since PubMed reads a search otherwise, or finds "
            "less: look at it in marts.search_log first.",
        ),
    ] = False
    max_requests: Annotated[
        int,
        Field(
            ge=1,
            title="Requests at most",
            description="What came until then is kept, and the next run goes on from there.",
        ),
    ] = MAX_REQUESTS
    off_peak: Annotated[
        bool,
        Field(
            title="Wait for NLM's hours",
            description="Large jobs wait for a weekend, or for 21:00 to 05:00 US Eastern.",
        ),
    ] = False


def _name() -> str:
    when = flow_run.scheduled_start_time or datetime.now(UTC)
    return telling.run_name(f"{when:%Y-%m-%d %H:%M}", flow_run.parameters or {})


@flow(name="update", flow_run_name=_name, persist_result=False)
def update(source: Source = Source(), pubmed: PubMed = PubMed()) -> State[Any]:  # noqa: B008
    """Ask PubMed what is new, judge it, check it, and publish a new set of tables.

    Args:
        source: where records come from.
        pubmed: how PubMed is asked.
    """
    settings = Settings.from_environment()
    logs.show_in_run(settings)
    try:
        options = Options(
            offline=source.offline,
            archive=Path(source.archive) if source.archive else None,
            from_files=tuple(map(Path, source.from_files)),
            name=source.name,
            **pubmed.model_dump(),
        )
        housekeeping.prepare(options.origin, settings)
        receipt = _run(options, settings)
    except LockedError as error:
        return Cancelled(message=error.text())
    except KetumError as error:
        notify.after_run(settings, is_published=False)
        return Failed(message=telling.failed(error, settings))
    except Exception:
        notify.after_run(settings, is_published=False)
        raise
    changed = telling.changed_in(Path(receipt.published_path))
    _leave_artifacts(telling.page(receipt, changed), telling.table(receipt), receipt.run_id)
    notify.after_run(settings, is_published=True)
    return Completed(message=telling.done(receipt, changed))


def _run(options: Options, settings: Settings) -> Receipt:
    with pipeline_update.open_run(options, settings) as progress:
        log.info("This is run %s of ketum.", progress.run.run_id)
        with _fetch_shown():
            for step in pipeline_update.STEPS:
                _take_as_task(progress, step)
    return progress.receipt


def _take_as_task(progress: Progress, step: Step) -> None:
    """Run one step as a task; a failure that is known is its state, without a traceback in its log.

    Raises:
        KetumError: the step failed.
    """
    failed: list[KetumError] = []

    def one_step() -> State[Any]:
        try:
            counts = progress.take(step)
        except KetumError as error:
            failed.append(error)
            return Failed(message=error.text())
        return Completed(message=", ".join(f"{name} {value}" for name, value in counts.items()))

    as_task(step, one_step)(return_state=True)
    if failed:
        raise failed[0]


class _Fetch(logging.Handler):
    """Shows how far a long fetch is, from the numbers that its messages carry."""

    def __init__(self) -> None:
        super().__init__()
        self.artifact: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        share = getattr(record, "share", None)
        if share is None:
            return
        try:
            if self.artifact is None:
                self.artifact = create_progress_artifact(
                    progress=100.0 * share,
                    key=telling.PROGRESS_KEY,
                    description="Records that are here, of those to fetch",
                )
            else:
                update_progress_artifact(self.artifact, progress=100.0 * share)
        except Exception:
            self.artifact = None  # a server that is away must not end a run


@contextmanager
def _fetch_shown() -> Iterator[None]:
    handler = _Fetch()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _leave_artifacts(markdown: str, rows: list[dict[str, Any]], run_id: str) -> None:
    """Put receipt and table where Prefect's pages show them."""
    about = f"What run {run_id} published"
    try:
        create_markdown_artifact(key=telling.RECEIPT_KEY, markdown=markdown, description=about)
        create_table_artifact(key=telling.TABLE_KEY, table=rows, description=about)
    except Exception as error:
        # The set is out and right; a server that is away must not make the run look failed.
        log.warning("Prefect did not take the receipt (%s); the published set is complete.", error)
