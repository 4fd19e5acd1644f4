"""A real Prefect server, schedules beside it, and ways to harm them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.settings import ROOT
from tests.corpus import article, write

FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Place:
    """A server with its home, a data directory, and the processes that were started here.

    Args:
        base: an empty directory for all of it.
        interval: seconds between two updates.
    """

    def __init__(self, base: Path, interval: int) -> None:
        self.base, self.interval = base, interval
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        self.home = base / "home"
        self.server: subprocess.Popen[bytes] | None = None
        self.schedules: list[subprocess.Popen[bytes]] = []
        write(base / "archive" / "all.xml", article(1, "Kratom and pain in mice"))

    def environment(self, data: str = "data") -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
        return {
            **kept,
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_API_URL": self.url,
            "KETUM_DATA": str(self.base / data),
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def log(self, name: str) -> Path:
        return self.base / f"{name}.log"

    def start_server(self) -> None:
        with self.log("server").open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "prefect", "server", "start"],
                env=self.environment(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait(180, self.answers, "the server answers")

    def answers(self) -> bool:
        try:
            return bool(self.ask("/health"))
        except (urllib.error.URLError, OSError):
            return False

    def kill_server(self) -> None:
        assert self.server is not None
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()
        self.server = None

    def start_schedule(self, name: str = "schedule", data: str = "data") -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as log:
            started = subprocess.Popen(
                [
                    sys.executable, "-m", "flows.schedule", "--interval", str(self.interval),
                    "--offline", "--archive", str(self.base / "archive"),
                ],
                cwd=ROOT, env=self.environment(data), stdout=log, stderr=log,
            )  # fmt: skip
        self.schedules.append(started)
        return started

    def kill_run(self) -> None:
        """Kill the process of the run at work, if there is one."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes()
                is_ours = str(self.base).encode() in (path.parent / "environ").read_bytes()
            except OSError:
                continue
            if b"flows.flow_process" in command and is_ours:
                os.kill(int(path.parent.name), signal.SIGKILL)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    def runs(self, *states: str) -> list[dict[str, Any]]:
        """Runs in these states (all that were begun or ended without), newest first."""
        wanted = {"flow_runs": {"state": {"type": {"any_": list(states)}}}} if states else {}
        try:
            found = self.ask("/flow_runs/filter", {**wanted, "sort": "EXPECTED_START_TIME_DESC"})
        except (urllib.error.URLError, OSError):
            return []
        assert isinstance(found, list)
        return [run for run in found if states or run["state_type"] != "SCHEDULED"]

    def completed_since(self, moment: float) -> bool:
        def ended(run: dict[str, Any]) -> float:
            from datetime import datetime

            return datetime.fromisoformat(run["end_time"]).timestamp()

        return any(ended(run) >= moment for run in self.runs("COMPLETED"))

    def wait(self, seconds: float, question: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            if time.monotonic() > deadline:
                tails = [
                    path.read_text(errors="replace")[-1500:] for path in self.base.glob("*.log")
                ]
                raise AssertionError(f"waited {seconds:.0f} s in vain: {what}\n" + "\n".join(tails))
            time.sleep(0.3)
        return answer

    def wait_for_state(self, state: str) -> dict[str, Any]:
        found = self.wait(3 * self.interval + 120, lambda: self.runs(state), f"a run is {state}")
        return dict(found[0])

    def end(self) -> None:
        """End whatever was started here."""
        for process in self.schedules:
            process.terminate()
        for process in self.schedules:
            process.wait(timeout=30)
        self.kill_run()
        if self.server is not None:
            self.kill_server()
        shutil.rmtree(self.base, ignore_errors=True)
