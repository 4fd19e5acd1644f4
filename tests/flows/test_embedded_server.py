"""The embedded server's surroundings; its life with a run is in test_update_flow.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import embedded_server
from flows.embedded_server import EmbeddedServer, end_predecessor, prepare_environment
from pipeline.settings import Settings

pytestmark = pytest.mark.whole

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """os.environ, put back as it was whatever is done to it."""
    before = dict(os.environ)
    yield os.environ  # type: ignore[misc]
    os.environ.clear()
    os.environ.update(before)


def test_outside_prefect_settings_are_dropped(environment: dict[str, str], tmp_path: Path):
    environment["PREFECT_API_URL"] = "https://api.prefect.cloud/api/x"
    environment["PREFECT_API_KEY"] = "secret"
    environment["PREFECT_PROFILE"] = "work"
    environment["NO_PROXY"] = "intranet"
    prepare_environment(Settings(data=tmp_path))
    assert "PREFECT_API_URL" not in environment
    assert "PREFECT_API_KEY" not in environment
    assert "PREFECT_PROFILE" not in environment
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_loopback_is_kept_off_proxies_and_earlier_exceptions_stay(
    environment: dict[str, str], tmp_path: Path
):
    environment["NO_PROXY"] = "intranet"
    prepare_environment(Settings(data=tmp_path))
    for name in ("NO_PROXY", "no_proxy"):
        assert {"intranet", "127.0.0.1", "localhost"} <= set(environment[name].split(","))


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def leave_record(home: Path, pid: object) -> None:
    (home / "server.json").write_text(json.dumps({"pid": pid, "port": 1, "parent_pid": 1}))


def test_a_stranger_with_the_recorded_number_is_left_alone(tmp_path: Path):
    stranger = start(SLEEPER, embedded_server.MODULE, "/another/home")
    try:
        leave_record(tmp_path, stranger.pid)
        end_predecessor(tmp_path)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("program", [SLEEPER, DEAF], ids=["listening", "deaf"])
def test_a_server_left_behind_is_ended(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(embedded_server, "STOP_SECONDS", 0.5)
    left = start(program, embedded_server.MODULE, str(tmp_path))
    try:
        leave_record(tmp_path, left.pid)
        end_predecessor(tmp_path)
        assert left.wait(timeout=5) < 0
    finally:
        left.kill()
        left.wait()


@pytest.mark.parametrize("record", ["", "{}", '{"pid": null}', '{"pid": "many"}', "[]"])
def test_an_unreadable_record_is_passed_over(tmp_path: Path, record: str):
    (tmp_path / "server.json").write_text(record)
    end_predecessor(tmp_path)


@pytest.mark.slow
def test_an_unusable_database_is_set_aside_once(environment: dict[str, str], tmp_path: Path):
    prepare_environment(Settings(data=tmp_path))
    home = tmp_path / "prefect"
    home.mkdir()
    (home / "prefect.db").write_bytes(b"not a database" * 1000)
    server = EmbeddedServer(home)
    server.start()
    try:
        server.wait()
    finally:
        server.stop()
    assert (home / "prefect.db.unusable").read_bytes().startswith(b"not a database")
    assert not (home / "server.json").exists()


def test_the_server_does_not_get_the_key(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What Prefect's server does not know, none of its logs, pages and children can show."""
    environment["NCBI_API_KEY"] = "canary"
    given: list[dict[str, str]] = []

    class Started:
        pid = 0

        def __init__(self, *_command: object, env: dict[str, str], **_rest: object) -> None:
            given.append(env)

    monkeypatch.setattr(embedded_server.subprocess, "Popen", Started)
    EmbeddedServer(tmp_path).start()
    assert "canary" not in given[0].values()
    assert given[0]["PATH"] == environment["PATH"]
