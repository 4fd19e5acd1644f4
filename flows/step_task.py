"""A step of an update as a Prefect task, for the flow run by hand and for the one on a schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE

from pipeline.update import Step

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
