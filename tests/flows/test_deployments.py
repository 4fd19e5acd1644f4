"""`ketum schedule`: refused where nothing would be scheduled, and really scheduled where it is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import deployments

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]


def schedule(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(
        [sys.executable, "-m", "flows.deployments", *arguments],
        cwd=ROOT,
        env={**kept, "PREFECT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_without_a_server_it_refuses_and_names_the_command(tmp_path: Path):
    done = schedule(tmp_path)
    assert done.returncode == 2
    assert "PREFECT_API_URL is not set" in done.stderr
    assert "prefect server start" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_with_a_server_that_is_away_it_refuses(tmp_path: Path):
    done = schedule(tmp_path, PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api")
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_work_pool_s_deployment_is_the_served_one():
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert [entry["name"] for entry in declared] == [deployments.DEPLOYMENT]
    assert declared[0]["schedules"][0]["cron"] == deployments.CRON
    assert declared[0]["schedules"][0]["timezone"] == deployments.TIMEZONE
    assert declared[0]["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


@pytest.mark.parametrize("arguments", [["--cron", "every day"], ["--timezone", "Atlantis/Harbour"]])
def test_a_schedule_that_is_none_is_a_usage_error(arguments: list[str]):
    with pytest.raises(deployments.ConfigurationError, match="is no schedule"):
        deployments.make_schedule(deployments.parse_arguments(arguments))


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.loads(answer.read())


def wait_for(seconds: float, question: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    answer = None
    while not answer and time.monotonic() < deadline:
        time.sleep(0.5)
        try:
            answer = question()
        except urllib.error.URLError:
            answer = None
    return answer


@pytest.fixture
def real_server(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A Prefect server of the ordinary kind, scheduler and all."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {
        **kept,
        "PREFECT_HOME": str(tmp_path / "home"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_ENABLED": "false",
    }
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert wait_for(120, lambda: ask(f"{url}/health")), (tmp_path / "server.log").read_text()
        yield url, {**environment, "PREFECT_API_URL": url, "KETUM_DATA": str(tmp_path / "data")}
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def test_a_served_flow_is_found_again_by_its_name():
    """Each run of it is a process of its own, which looks the flow up."""
    told = subprocess.run(
        [sys.executable, "-c", "import flows.update as f; print(f.update._entrypoint)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == "flows.update:update\n"


@pytest.mark.slow
def test_a_real_server_schedules_and_the_served_flow_runs(
    real_server: tuple[str, dict[str, str]], tmp_path: Path
):
    """The one proof that the installed Prefect, FastAPI and SQLAlchemy schedule anything."""
    url, environment = real_server
    with (tmp_path / "serve.log").open("wb") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "flows.deployments", "--interval", "10", "--offline"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:

        def completed() -> Any:
            wanted = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
            return ask(f"{url}/flow_runs/filter", wanted)

        runs = wait_for(90, completed)
        assert runs, (tmp_path / "serve.log").read_text()[-3000:]
        assert all(run["auto_scheduled"] for run in runs)
        artifacts = ask(f"{url}/artifacts/filter", {})
        assert {artifact["key"] for artifact in artifacts} == {"ketum-update"}
    finally:
        os.killpg(served.pid, signal.SIGINT)
        try:
            served.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()
