"""What the schedule does about what it finds on the server; the server itself is played."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from prefect.exceptions import ObjectNotFound

from flows import deployments, serving
from flows.deployments import Deployment
from flows.serving import Schedule
from pipeline.errors import ConfigurationError, LockedError

pytestmark = pytest.mark.whole

DAILY = Deployment("daily", "flows.upkeep.canary", "0 4 * * *", "asks")
NAME = "canary/daily"


class Server:
    """A Prefect server with one deployment and the runs a test gives it."""

    def __init__(self) -> None:
        self.deployment: SimpleNamespace | None = SimpleNamespace(
            id=uuid4(), name="daily", work_pool_name=None, paused=False, last_polled=None
        )
        self.runs: list[SimpleNamespace] = []
        self.said: dict[str, tuple[str, str]] = {}

    def read_deployment_by_name(self, _name: str) -> SimpleNamespace:
        if self.deployment is None:
            raise ObjectNotFound(http_exc=Exception("404"))
        return self.deployment

    def read_flow_runs(self, **_filters: object) -> list[SimpleNamespace]:
        return self.runs

    def set_flow_run_state(self, run_id: UUID, state: object, *, force: bool) -> None:
        assert force
        self.said[str(run_id)] = (state.type.value, state.message)  # type: ignore[attr-defined]

    def planned(self, when: datetime) -> None:
        assert self.deployment is not None
        self.runs.append(
            SimpleNamespace(
                id=uuid4(), deployment_id=self.deployment.id, expected_start_time=when,
                auto_scheduled=True, state_type=SimpleNamespace(value="SCHEDULED"),
            )
        )  # fmt: skip


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def registered(monkeypatch) -> list[str]:
    """Names that were put on the server."""
    names: list[str] = []

    def register(client: Server, wanted: Deployment) -> UUID:
        names.append(wanted.name)
        return client.deployment.id if client.deployment else uuid4()

    monkeypatch.setattr(deployments, "register", register)
    return names


@pytest.fixture
def served(server, settings, registered) -> Schedule:
    made = Schedule(server, [DAILY], settings)  # type: ignore[arg-type]
    made.register()
    registered.clear()
    return made


def test_what_the_server_lost_is_registered_again(served, server, registered):
    served.heal()
    assert registered == []
    server.deployment = None
    served.heal()
    assert registered == ["daily"]


def test_a_deployment_that_went_to_a_pool_ends_the_schedule(served, server):
    server.deployment.work_pool_name = "others"
    with pytest.raises(ConfigurationError, match="others"):
        served.turn()


def test_a_paused_deployment_is_told_once_and_left_paused(served, server, registered, caplog):
    server.deployment.paused = True
    served.registered_at -= serving.SETTLED_SECONDS
    served.heal()
    served.heal()
    assert caplog.text.count("is paused") == 1
    assert registered == []


@pytest.mark.parametrize(
    ("ahead", "is_idle"), [(timedelta(hours=20), False), (timedelta(365), True)]
)
def test_runs_planned_for_next_year_are_planned_anew(ahead, is_idle, served, server, registered):
    """A clock that was ahead leaves them, and Prefect plans no others before."""
    server.planned(datetime.now(UTC) + ahead)
    served.heal()
    assert registered == [], "the server may need its time to plan"
    served.registered_at -= serving.SETTLED_SECONDS
    served.heal()
    assert registered == (["daily"] if is_idle else [])


def test_a_server_that_is_away_is_asked_again_and_told_of_once(served, server, monkeypatch, caplog):
    def away(_name: str) -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(server, "read_deployment_by_name", away)
    served.turn()
    served.turn()
    assert caplog.text.count("asking on") == 1
    monkeypatch.undo()
    monkeypatch.setattr(served, "_begin_next", lambda: None)
    monkeypatch.setattr(deployments, "register", lambda _client, _wanted: uuid4())
    caplog.set_level("INFO", logger="ketum")
    served.turn()
    assert "answers again" in caplog.text


def test_another_schedule_is_seen_by_its_asking(served, server, monkeypatch):
    server.deployment.last_polled = datetime.now(UTC)

    def asks(_seconds: float) -> None:
        server.deployment.last_polled = datetime.now(UTC)

    monkeypatch.setattr(serving.time, "sleep", asks)
    with pytest.raises(LockedError, match=NAME) as caught:
        served.refuse_beside_others()
    assert caught.value.exit_code == 6


def test_a_schedule_that_died_just_now_is_not_taken_for_a_living_one(served, server, monkeypatch):
    server.deployment.last_polled = datetime.now(UTC)
    monkeypatch.setattr(serving, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(serving.time, "sleep", lambda _seconds: None)
    served.refuse_beside_others()


def test_stopping_ends_the_run_and_says_so(served, server):
    served.run_id = str(uuid4())
    served.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = served.process
    served.stop()
    assert process.poll() is not None
    state, message = server.said[served.run_id]
    assert state == "CANCELLED" and "published before stands" in message
    served.stop()
    assert len(server.said) == 1
