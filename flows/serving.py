"""What is served and the one run at work: begun when due, ended when asked, put right when wrong.

Prefect's own `serve` cancels or forgets runs after a power cut, pauses the deployment of others
when it stops, gives up when its server is away and does not hear SIGTERM then. This asks the
server which run is due, starts a process for one at a time, and puts right what it finds wrong.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows import deployments, flow_process
from flows.deployments import HEARTBEAT_SECONDS, Deployment
from flows.flow_process import DIRECTORY, Seen, Verdict
from pipeline import events
from pipeline.errors import ConfigurationError, KetumError, LockedError
from pipeline.settings import ROOT, Settings

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas import OrchestrationResult
    from prefect.client.schemas.objects import FlowRun
    from prefect.client.schemas.responses import DeploymentResponse

log = logging.getLogger("ketum")

HEAL_SECONDS = 15.0
TELL_SECONDS = 3600.0
SETTLED_SECONDS = 180.0
"""Time for the server to plan runs of a deployment that was just registered."""
LOOK_SECONDS = 35.0
"""Others ask for due runs every ten seconds or so: as long as this it takes to notice."""
CHILD_SECONDS = 5.0
RUN_ENVIRONMENT = {
    # ketum's own messages belong to the run's log on the server
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ketum",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
}
UNFINISHED = ("SCHEDULED", "PENDING", "RUNNING", "CANCELLING")


class Schedule:
    """What is served, and the one run that is at work.

    Args:
        client: of the Prefect server.
        served: the deployments.
        settings: where data and signs of life are.
    """

    def __init__(
        self, client: SyncPrefectClient, served: list[Deployment], settings: Settings
    ) -> None:
        self.client = client
        self.served = {one.full_name: one for one in served}
        self.signs = settings.data / DIRECTORY
        self.ids: dict[str, UUID] = {}
        self.registered_at = 0.0
        self.healed_at = 0.0
        self.told_at = time.monotonic()
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self.run_id = ""
        self.is_away = False
        self.paused: set[str] = set()

    def refuse_beside_others(self) -> None:
        """See that nobody else serves these deployments.

        Raises:
            ConfigurationError: one belongs to a work pool.
            LockedError: another schedule asks the server for runs of one.
        """
        before = {name: self._read(name) for name in self.served}
        for found in before.values():
            _refuse_pool(found)
        fresh = datetime.now(UTC) - timedelta(seconds=2 * LOOK_SECONDS)
        polled = {
            name: found.last_polled
            for name, found in before.items()
            if found is not None and found.last_polled is not None and found.last_polled > fresh
        }
        deadline = time.monotonic() + LOOK_SECONDS
        if polled:
            log.info(
                "Looking for %.0f s whether another schedule serves this server.", LOOK_SECONDS
            )
        while polled and time.monotonic() < deadline:
            time.sleep(1)
            for name, moment in polled.items():
                found = self._read(name)
                if found is not None and found.last_polled != moment:
                    raise LockedError(
                        f"Another schedule serves {name} on this Prefect server.",
                        effect="This one did nothing, and that one goes on.",
                        next_step="end that one first, or give this one a server of its own.",
                    )

    def register(self) -> None:
        """Put all deployments on the server, and right where they differ."""
        for name, one in self.served.items():
            self.ids[name] = deployments.register(self.client, one)
        self.registered_at = time.monotonic()

    def turn(self) -> None:
        """Look once after everything; a server that is away is asked again at the next turn."""
        if time.monotonic() - self.told_at >= TELL_SECONDS:
            # silence is an event too, and no run would report it
            self.told_at = time.monotonic()
            events.after_run(self.settings, is_published=False)
        try:
            self._attend()
            if time.monotonic() - self.healed_at >= HEAL_SECONDS:
                self.heal()
                self.healed_at = time.monotonic()
            if self.process is None:
                self._begin_next()
        except KetumError:
            raise
        except Exception as error:
            # Whatever it is: a schedule that ended by it would be silent from then on.
            if not self.is_away:
                log.warning(
                    "The Prefect server does not answer as it should (%s: %s); asking on.",
                    type(error).__name__,
                    error,
                )
            self.is_away = True
        else:
            if self.is_away:
                log.info("The Prefect server answers again.")
            self.is_away = False

    def heal(self) -> None:
        """Put right what is wrong on the server: deployments, plans, runs that died.

        Raises:
            ConfigurationError: a deployment was given to a work pool.
        """
        found = {name: self._read(name) for name in self.served}
        for deployment in found.values():
            _refuse_pool(deployment)
        if gone := [name for name, deployment in found.items() if deployment is None]:
            log.warning("Registered again, as the server no longer had it: %s.", ", ".join(gone))
            self.register()
            return
        self.ids = {name: one.id for name, one in found.items() if one is not None}
        paused = {name for name, one in found.items() if one is not None and one.paused}
        for name in sorted(paused - self.paused):
            log.warning("%s is paused: it will not run until somebody resumes it.", name)
        self.paused = paused
        self.settle()
        if time.monotonic() - self.registered_at >= SETTLED_SECONDS and (idle := self._idle()):
            log.warning(
                "Planned anew, as no run of it stood where one should: %s.", ", ".join(idle)
            )
            self.register()

    def settle(self) -> None:
        """Set the true state of runs: died, ended as asked, or too late."""
        runs = self._runs()
        seen = [
            Seen(
                str(run.id),
                str(run.deployment_id),
                run.state_type.value if run.state_type else "",
                run.expected_start_time or datetime.now(UTC),
                run.auto_scheduled,
            )
            for run in runs
        ]
        for verdict in flow_process.verdicts(seen, datetime.now(UTC), self._is_alive):
            self._set_state(verdict)

    def stop(self) -> None:
        """End the run that is at work, and say so on the server if that answers at once."""
        self._end_run(
            "The schedule was stopped while this run was at work. What was published before "
            "stands; the next run goes on from there."
        )

    def _end_run(self, message: str) -> None:
        """End the process of the run at work; it would call itself crashed, if it can say so."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(CHILD_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self._set_state(Verdict(self.run_id, "CANCELLED", message))

    def _begin_next(self) -> None:
        now = datetime.now(UTC)
        due = self.client.get_scheduled_flow_runs_for_deployments(
            list(self.ids.values()), scheduled_before=now
        )
        if len(due) > 1:
            self.settle()
        for run in sorted(due, key=lambda one: one.expected_start_time or now):
            if self._begin(run.id):
                return

    def _begin(self, run_id: UUID) -> bool:
        from prefect.client.schemas import SetStateStatus
        from prefect.states import Pending

        run = self.client.read_flow_run(run_id)
        if run.state is None or not run.state.is_scheduled():
            return False
        answer: OrchestrationResult[Any] = self.client.set_flow_run_state(
            run.id, Pending(message="Its process begins.")
        )
        if answer.status != SetStateStatus.ACCEPT:
            return False
        self.run_id = str(run.id)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.flow_process", self.run_id],
            cwd=ROOT,
            env={**os.environ, **RUN_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the schedule, which then ends the run.
            start_new_session=True,
        )
        log.info("Run %s begins.", run.name)
        return True

    def _attend(self) -> None:
        """See whether the run at work has ended, or is to be ended."""
        if self.process is None:
            return
        if (code := self.process.poll()) is not None:
            self.process = None
            log.info("The run's process has ended (%s).", code)
            self.healed_at = 0.0
            return
        from prefect.exceptions import ObjectNotFound

        try:
            run = self.client.read_flow_run(self.run_id)  # type: ignore[arg-type]
        except ObjectNotFound:  # the server lost its memory; the run goes on all the same
            return
        if run.state is not None and run.state.is_cancelling():
            log.info("Run %s is ended, as asked on the server.", run.name)
            self._end_run(flow_process.STOPPED)

    def _is_alive(self, run_id: str) -> bool:
        if self.process is not None and run_id == self.run_id and self.process.poll() is None:
            return True
        return flow_process.lives(self.signs, run_id)

    def _read(self, name: str) -> DeploymentResponse | None:
        from prefect.exceptions import ObjectNotFound

        try:
            return self.client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None

    def _runs(self) -> list[FlowRun]:
        from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter

        return self.client.read_flow_runs(
            deployment_filter=DeploymentFilter(id={"any_": list(self.ids.values())}),  # type: ignore[arg-type]
            flow_run_filter=FlowRunFilter(state={"type": {"any_": list(UNFINISHED)}}),  # type: ignore[arg-type]
        )

    def _idle(self) -> list[str]:
        """Deployments without a run where their schedule has one.

        A clock that was ahead leaves runs planned for then, and Prefect plans no others before.
        """
        now = datetime.now(UTC)
        planned: dict[UUID, list[datetime]] = {}
        for run in self._runs():
            if run.deployment_id and run.expected_start_time:
                planned.setdefault(run.deployment_id, []).append(run.expected_start_time)
        found = []
        for name, one in self.served.items():
            if name in self.paused:
                continue
            latest = deployments.next_dates(one, now, 2)[-1] + timedelta(minutes=2)
            if not any(moment <= latest for moment in planned.get(self.ids[name], [])):
                found.append(name)
        return found

    def _set_state(self, verdict: Verdict) -> None:
        from prefect.client.schemas.objects import State, StateType

        log.warning("Run %s: %s. %s", verdict.id, verdict.state.lower(), verdict.message)
        state: State[None] = State(type=StateType(verdict.state), message=verdict.message)
        self.client.set_flow_run_state(verdict.id, state, force=True)


def _refuse_pool(found: DeploymentResponse | None) -> None:
    """Refuse a deployment that a worker serves.

    Raises:
        ConfigurationError: it belongs to a work pool.
    """
    if found is None or found.work_pool_name is None:
        return
    raise ConfigurationError(
        f"The deployment {found.name} belongs to the work pool {found.work_pool_name} "
        "(`prefect deploy`).",
        effect="This schedule serves nothing; a worker of that pool does.",
        next_step=f"`prefect worker start --pool {found.work_pool_name}`, or take it out of the "
        "pool with `prefect deployment delete` and start this again.",
    )
