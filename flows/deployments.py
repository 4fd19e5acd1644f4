"""What runs when: the deployments of ketum, as `ketum schedule` serves them.

prefect.yaml declares the same ones for a work pool. None has a concurrency limit: Prefect keeps
such a limit by leases in its server's memory, and after a power cut they cancelled every later run.
One at a time is kept by the schedule, which starts no second process, and by ketum's own lock.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from uuid import UUID

    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.schemas.automations import AutomationCore
    from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule


TIMEZONE = "America/New_York"
"""Where NLM is: large jobs belong at its weekends, or between 9 pm and 5 am there."""
TAG = "ketum"


@dataclass(frozen=True)
class Deployment:
    """One deployment.

    Attributes:
        name: its name on the Prefect server.
        flow: module and function of its flow.
        cron: when it runs, in `timezone`.
        does: what it does, for its page.
        parameters: what its flow is given.
        timezone: of `cron`.
        interval: seconds between two runs in place of `cron`, for trying out.
    """

    name: str
    flow: str
    cron: str
    does: str
    parameters: dict[str, Any] = field(default_factory=dict)
    timezone: str = TIMEZONE
    interval: int | None = None

    def load_flow(self) -> Flow[..., Any]:
        """Its flow; imports Prefect."""
        module, _, function = self.flow.rpartition(".")
        found: Flow[..., Any] = getattr(importlib.import_module(module), function)
        return found

    @property
    def entrypoint(self) -> str:
        """The flow as Prefect writes it, from the root of the checkout."""
        module, _, function = self.flow.rpartition(".")
        return f"{module.replace('.', '/')}.py:{function}"

    @property
    def full_name(self) -> str:
        """The name under which the server knows it: flow and deployment."""
        return f"{self.load_flow().name}/{self.name}"

    @property
    def when(self) -> str:
        """When it runs, for people."""
        if self.interval is not None:
            return f"every {self.interval} s"
        return f"`{self.cron}` ({self.timezone})"

    def schedule(self) -> CronSchedule | IntervalSchedule:
        """When it runs, as Prefect's server has it.

        Raises:
            ConfigurationError: the cron expression or the time zone cannot be read.
        """
        from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule

        if self.interval is not None:
            return IntervalSchedule(interval=timedelta(seconds=self.interval))
        try:
            return CronSchedule(cron=self.cron, timezone=self.timezone)
        except ValueError as error:
            raise ConfigurationError(
                f"`{self.cron}` in time zone `{self.timezone}` is not a schedule "
                f"({_first_reason(error)}).",
                effect="Nothing was scheduled.",
                next_step='give five cron fields and a zone: --cron "0 4 * * *" '
                f"--timezone {TIMEZONE}.",
            ) from None


DAILY = Deployment(
    "ketum-daily",
    "flows.scheduled.update",
    # within NLM's hours, and after the day's records have come out
    "0 4 * * *",
    "Ask PubMed what is new, judge it, check it, publish a new set.",
)
ALL = (
    DAILY,
    Deployment(
        "ketum-weekly-full",
        "flows.scheduled.update",
        "0 22 * * 6",
        "The daily update, but every record is read again, not only what may have changed.",
        {"pubmed": {"full": True}},
    ),
    Deployment(
        "ketum-monthly-verification",
        "flows.upkeep.verification",
        "0 12 1 * *",
        "Hold the latest set and every raw archive against what was written down about them.",
    ),
    Deployment(
        "ketum-monthly-rehearsal",
        "flows.upkeep.rehearsal",
        "0 13 1 * *",
        "Make each warehouse anew from its raw archive, beside the real one, and compare.",
    ),
    Deployment(
        "ketum-weekly-housekeeping",
        "flows.upkeep.housekeeping",
        "0 12 * * 0",
        "Remove what nobody needs: leftovers, runs that came to nothing, history of Prefect.",
    ),
    Deployment(
        "ketum-daily-canary",
        "flows.upkeep.canary",
        # an hour before the update, so that somebody may still see to it
        "0 3 * * *",
        "One small request: whether PubMed answers and takes the key.",
    ),
)


def register(client: SyncPrefectClient, wanted: Deployment) -> UUID:
    """Put a deployment on the server, or put it right there; runs that stand for later go.

    Args:
        client: of the server.
        wanted: the deployment.

    Returns:
        its id.
    """
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Schedule

    flow = wanted.load_flow()
    when = (
        Schedule(interval=timedelta(seconds=wanted.interval))
        if wanted.interval is not None
        else Schedule(cron=wanted.cron, timezone=wanted.timezone)
    )
    made: RunnerDeployment = flow.to_deployment(  # type: ignore[assignment]
        name=wanted.name,
        schedule=when,
        parameters=wanted.parameters,
        description=wanted.does,
        tags=[TAG],
        paused=False,
    )
    deployment_id: UUID = made.apply()  # type: ignore[assignment]
    # what `apply` leaves as it was: a limit that an earlier ketum had set
    client.update_deployment(deployment_id, DeploymentUpdate(concurrency_limit=None))
    return deployment_id


def next_dates(wanted: Deployment, now: datetime, count: int) -> list[datetime]:
    """When the deployment runs next.

    Args:
        wanted: the deployment.
        now: an aware time.
        count: how many dates.
    """
    import asyncio

    return list(asyncio.run(wanted.schedule().get_dates(n=count, start=now)))


def _first_reason(error: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    return str(error)


# -- The heartbeat automation, as code: the server itself notices a run that died
#
# `ketum schedule` knows dead runs by their processes, at once. This is for work pools, and for a
# server whose schedule is gone: a run without a heartbeat for three times their interval is
# Crashed. `python -m flows.deployments` puts it on the server that PREFECT_API_URL names.

AUTOMATION = "ketum: runs without a heartbeat"
HEARTBEAT_SECONDS = 180
HEARTBEATS_MISSED = 3
"""Heartbeats; fewer would call runs dead whose last one was overtaken by their end."""


def heartbeat_automation() -> AutomationCore:
    """The automation: after a heartbeat, another one or the end of the run is expected."""
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    ends = ("Completed", "Failed", "Cancelled", "Crashed")
    return AutomationCore(
        name=AUTOMATION,
        description="Marks a run of ketum whose process died as Crashed.",
        enabled=True,
        trigger=EventTrigger(
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.id": [f"prefect.tag.{TAG}"], "prefect.resource.role": ["tag"]}
            ),
            for_each={"prefect.resource.id"},
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{end}" for end in ends)},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=HEARTBEATS_MISSED * HEARTBEAT_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                message="No heartbeat for nine minutes: its process is gone. What was published "
                "before stands; the next run goes on from there.",
                force=False,  # a run that has ended stays as it ended
            )
        ],
    )


def ensure_heartbeat_automation(client: SyncPrefectClient) -> None:
    """Put the automation on the server, once, in its newest form."""
    wanted = heartbeat_automation()
    held = client.read_automations_by_name(AUTOMATION)
    if held:
        client.update_automation(held[0].id, wanted)
        for double in held[1:]:
            client.delete_automation(double.id)
    else:
        client.create_automation(wanted)


def main() -> int:
    """Put it on the server that PREFECT_API_URL names."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        ensure_heartbeat_automation(client)
    print(f"The automation `{AUTOMATION}` is on the server.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
