"""The update on a schedule, as Prefect's pages show it: parameters, name, state and artifacts.

The steps are those of pipeline/update.py. A person who opens the list of runs learns there what
happened; who opens a run, what to do. What was foreseen to fail ends as Failed with a sentence and
without a traceback; a run that finds another one at work ends Cancelled.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import duckdb
from prefect import Task, flow, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from pipeline import events, housekeeping, logs
from pipeline import update as pipeline_update
from pipeline.errors import KetumError, LockedError
from pipeline.outputs import digest, sets
from pipeline.outputs.digest import Changed
from pipeline.outputs.manifest import OddManifestError
from pipeline.outputs.receipt import Receipt
from pipeline.settings import MAX_REQUESTS, Options, Settings
from pipeline.storage import for_duckdb
from pipeline.update import Progress, Step
from pipeline.warehouse.database import ALONE

log = logging.getLogger("ketum")

RECEIPT_KEY = "ketum-update"
TABLE_KEY = "ketum-searches"
PROGRESS_KEY = "ketum-fetch"
_COUNTS = ("members", "entered", "left", "retracted", "unclassified")

Result = TypeVar("Result")


def as_task(step: Step, work: Callable[[], Result]) -> Task[[], Result]:
    """The task of a step, to be called directly: a submitted one could not be interrupted.

    No retries: the one retry layer is in pipeline/pubmed/client.py, and the other steps either are
    one transaction or are continued by the next run.

    Args:
        step: names the task.
        work: takes the step. The run is closed over and not passed, as Prefect walks through
            every argument.
    """
    return task(
        name=step.name,
        task_run_name=step.name,
        description=step.does,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(work)


# -- The flow


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

    def options(self, pubmed: PubMed) -> Options:
        """The options of an update.

        Raises:
            ConfigurationError: it does not go together.
        """
        return Options(
            offline=self.offline,
            archive=Path(self.archive) if self.archive else None,
            from_files=tuple(map(Path, self.from_files)),
            name=self.name,
            **pubmed.model_dump(),
        )


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
    return run_name(f"{when:%Y-%m-%d %H:%M}", flow_run.parameters or {})


def run_name(day: str, parameters: Mapping[str, Any]) -> str:
    """The name of a run: when, of what, and how; what is wrong with that the run itself says."""
    with suppress(KetumError, ValueError):
        source = Source.model_validate(parameters.get("source") or {})
        pubmed = PubMed.model_validate(parameters.get("pubmed") or {})
        return f"{day} {source.options(pubmed).origin}{' (full)' if pubmed.full else ''}"
    return f"{day} ?"


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
        options = source.options(pubmed)
        housekeeping.prepare(options.origin, settings)
        receipt = _run(options, settings)
    except LockedError as error:
        return Cancelled(message=error.text())
    except KetumError as error:
        events.after_run(settings, is_published=False)
        return Failed(message=failed_message(error, settings))
    except Exception:
        events.after_run(settings, is_published=False)
        raise
    changed = changed_in(Path(receipt.published_path))
    about = f"What run {receipt.run_id} published"
    leave_artifacts(receipt_page(receipt, changed), about, search_table(receipt))
    events.after_run(settings, is_published=True)
    return Completed(message=done_message(receipt, changed))


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
                    key=PROGRESS_KEY,
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


def leave_artifacts(markdown: str, about: str, rows: list[dict[str, Any]] | None = None) -> None:
    """Put a receipt, and a table if there is one, where Prefect's pages show them."""
    try:
        create_markdown_artifact(key=RECEIPT_KEY, markdown=markdown, description=about)
        if rows is not None:
            create_table_artifact(key=TABLE_KEY, table=rows, description=about)
    except Exception as error:
        # The set is out and right; a server that is away must not make the run look failed.
        log.warning("Prefect did not take the receipt (%s); the published set is complete.", error)


# -- What is said of a run


def changed_in(published: Path) -> dict[str, list[Changed]]:
    """What a published set has that the one before had not; empty where it cannot be read."""
    try:
        path = for_duckdb(published.resolve() / "ketum.duckdb")
        with duckdb.connect(path, read_only=True, config=ALONE) as con:
            return digest.since_last_set(con)
    except (duckdb.Error, KetumError) as error:
        log.warning("What changed could not be read from the set (%s).", type(error).__name__)
        return {}


def done_message(receipt: Receipt, changed: Mapping[str, list[Changed]]) -> str:
    """The message of a completed run: what a reader of the list of runs wants to know."""
    held = "; ".join(
        f"{counts['members']} record(s) of {name}" for name, counts in receipt.searches.items()
    )
    if receipt.is_unchanged:
        return f"Nothing differs from the last run but the date: {held}."
    revised = receipt.records.get("changed", 0)
    counts = [f"{len(changed.get('new', []))} new", f"{revised} revised"]
    counts += [f"{len(found)} {kind}" for kind, found in changed.items() if found and kind != "new"]
    return f"{', '.join(counts)}: {held}."


def failed_message(error: KetumError, settings: Settings) -> str:
    """The message of a run that failed for a reason that is known, and what readers see now."""
    return f"{error.text()} {what_stands(settings)}"


def what_stands(settings: Settings) -> str:
    """Which tables readers have now, in one sentence."""
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        held = None
    if held is None:
        return "Nothing is published yet."
    return f"The tables of {held.as_of.day} {held.as_of:%B %Y} stand."


def receipt_page(receipt: Receipt, changed: dict[str, list[Changed]]) -> str:
    """The Markdown artifact: receipt, what changed by title, where the page is."""
    shown = Path(receipt.published_path) / "index.html"
    parts = [receipt.markdown(), digest.markdown(changed), f"The page: `{shown}`", ""]
    return "\n".join(part for part in parts if part)


def search_table(receipt: Receipt) -> list[dict[str, Any]]:
    """The table artifact: a row for each search."""
    return [
        {"search": search, **{key: counts.get(key, 0) for key in _COUNTS}}
        for search, counts in receipt.searches.items()
    ]
