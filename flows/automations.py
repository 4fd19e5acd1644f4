"""The heartbeat automation, as code: the server itself notices a run that died.

`ketum schedule` knows dead runs by their processes, at once. This is for work pools, and for a
server whose schedule is gone: a run without a heartbeat for three times their interval is Crashed.
`python -m flows.automations` puts it on the server that PREFECT_API_URL names.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.deployments import TAG

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.schemas.automations import AutomationCore

NAME = "ketum: runs without a heartbeat"
HEARTBEAT_SECONDS = 180
MISSED = 3
"""Heartbeats; fewer would call runs dead whose last one was overtaken by their end."""


def heartbeat_automation() -> AutomationCore:
    """The automation: after a heartbeat, another one or the end of the run is expected."""
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    ends = ("Completed", "Failed", "Cancelled", "Crashed")
    return AutomationCore(
        name=NAME,
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
            within=timedelta(seconds=MISSED * HEARTBEAT_SECONDS),
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
    held = client.read_automations_by_name(NAME)
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
    print(f"The automation `{NAME}` is on the server.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
