"""What Prefect is shown of an update: its steps as tasks, its name, states and artifacts.

A person who opens the list of runs learns there what happened; who opens a run, what to do.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from prefect import Task, task
from prefect.cache_policies import NO_CACHE

from pipeline.errors import KetumError
from pipeline.outputs import sets, since
from pipeline.outputs.manifest import OddManifestError
from pipeline.outputs.receipt import Receipt
from pipeline.outputs.since import Changed
from pipeline.settings import Options, Settings
from pipeline.storage import for_duckdb
from pipeline.update import Step
from pipeline.warehouse.database import ALONE

# -- A step as a task, for the flow run by hand and for the one on a schedule

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


# -- Names, states, artifacts

log = logging.getLogger("ketum")

RECEIPT_KEY = "ketum-update"
TABLE_KEY = "ketum-searches"
PROGRESS_KEY = "ketum-fetch"
_COUNTS = ("members", "entered", "left", "retracted", "unclassified")


def origin_of(parameters: Mapping[str, Any]) -> str:
    """The origin of a run with these parameters; what they are wrong in is said by the run."""
    source = _group(parameters, "source")
    with contextlib.suppress(KetumError, TypeError, ValueError):
        return Options(
            offline=bool(source.get("offline")),
            archive=Path(source["archive"]) if source.get("archive") else None,
            from_files=tuple(map(Path, source.get("from_files") or ())),
            name=source.get("name"),
        ).origin
    return "?"


def _group(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A group of parameters, which Prefect gives as JSON or as a model."""
    group = parameters.get(name) or {}
    return dict(group) if isinstance(group, dict) else dict(vars(group))


def run_name(day: str, parameters: Mapping[str, Any]) -> str:
    """The name of a run: when, of what, and how."""
    full = " (full)" if _group(parameters, "pubmed").get("full") else ""
    return f"{day} {origin_of(parameters)}{full}"


def changed_in(published: Path) -> dict[str, list[Changed]]:
    """What a published set has that the one before had not; empty where it cannot be read."""
    try:
        path = for_duckdb(published.resolve() / "ketum.duckdb")
        with duckdb.connect(path, read_only=True, config=ALONE) as con:
            return since.since_last_set(con)
    except (duckdb.Error, KetumError) as error:
        log.warning("What changed could not be read from the set (%s).", type(error).__name__)
        return {}


def done(receipt: Receipt, changed: Mapping[str, list[Changed]]) -> str:
    """The message of a completed run: what a reader of the list of runs wants to know."""
    held = "; ".join(
        f"{counts['members']} record(s) of {name}" for name, counts in receipt.searches.items()
    )
    if receipt.is_unchanged:
        return f"Nothing differs from the last run but the date: {held}."
    revised = receipt.records.get("changed", 0)
    told = [f"{len(changed.get('new', []))} new", f"{revised} revised"]
    told += [f"{len(found)} {kind}" for kind, found in changed.items() if found and kind != "new"]
    return f"{', '.join(told)}: {held}."


def failed(error: KetumError, settings: Settings) -> str:
    """The message of a run that failed for a reason that is known, and what readers see now."""
    return f"{error.text()} {what_stands(settings)}"


def what_stands(settings: Settings) -> str:
    """Which tables readers have, in one sentence."""
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        held = None
    if held is None:
        return "Nothing is published yet."
    return f"The tables of {held.as_of.day} {held.as_of:%B %Y} stand."


def page(receipt: Receipt, changed: dict[str, list[Changed]]) -> str:
    """The Markdown artifact: receipt, what changed by title, where the page is."""
    shown = Path(receipt.published_path) / "index.html"
    parts = [receipt.markdown(), since.markdown(changed), f"The page: `{shown}`", ""]
    return "\n".join(part for part in parts if part)


def table(receipt: Receipt) -> list[dict[str, Any]]:
    """The table artifact: a row for each search."""
    return [
        {"search": search, **{key: counts.get(key, 0) for key in _COUNTS}}
        for search, counts in receipt.searches.items()
    ]
