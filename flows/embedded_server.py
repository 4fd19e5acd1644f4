"""A Prefect server that lives and dies with one run, for `make run` and runs by hand.

Prefect's own temporary server outlives a run that is killed with -9, gives up after 20 seconds, and
obeys whatever profile it finds. This one is a child process that looks for its parent four times a
second and ends when it is gone, takes its home from the data directory, hears no setting from
outside, and runs only the services that one flow run needs.

The run's side is `embedded_server`; `python -m flows.embedded_server` is the child. Prefect reads
its settings when it is imported, so `prepare_environment` comes first.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.errors import KetumError
from pipeline.settings import ROOT, Settings, environment_of_others
from pipeline.storage import hold_lock

# -- The settings of Prefect when a run brings its own server, and none from elsewhere

HOST = "127.0.0.1"

PREFECT_ENVIRONMENT = {
    # Nothing is sent anywhere. DO_NOT_TRACK alone leaves the server's telemetry on.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # No second server by Prefect's own hand, should ours not answer.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # ketum tells what happens itself; Prefect would say it again, with its tracebacks.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",  # some of its loggers hang directly on the root
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # Results are counts, and stay in the journal; data never goes through Prefect.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    # Should the server be killed: nothing on loopback gets better by minutes of trying again.
    "PREFECT_CLIENT_MAX_RETRIES": "1",
    # One flow run needs no schedules, automations or pages. The task run recorder stays, as it
    # is what turns a task run's events into history.
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def prepare_environment(settings: Settings) -> None:
    """Make this process deaf to outside Prefect settings and keep loopback off proxies.

    Must be called before Prefect is imported.
    """
    for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
        del os.environ[name]
    home = settings.prefect_home
    os.environ.update(PREFECT_ENVIRONMENT)
    os.environ["PREFECT_HOME"] = str(home)
    # Said outright, since a `.env` where the command is typed may name another one.
    os.environ["PREFECT_PROFILES_PATH"] = str(home / "profiles.toml")
    kept_off = [os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), HOST, "localhost"]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, kept_off))


# -- The server

STARTUP_SECONDS = 120.0
STOP_SECONDS = 5.0
HISTORY_SECONDS = 5.0
WATCH_SECONDS = 0.25
MODULE = "flows.embedded_server"


class EmbeddedServerError(KetumError):
    """The embedded server did not come up; no step was begun."""


@contextlib.contextmanager
def embedded_server(settings: Settings) -> Iterator[EmbeddedServer]:
    """Start a server; end it when the block ends. `wait()` before the first flow run.

    Sets PREFECT_API_URL. The server starts while the caller imports Prefect and what else it
    needs; both take seconds.

    Raises:
        LockedError: another run has its server in this Prefect home.
    """
    home = settings.prefect_home
    home.mkdir(parents=True, exist_ok=True)
    with hold_lock(home / "server.lock", "an embedded Prefect server"):
        end_predecessor(home)
        server = EmbeddedServer(home)
        try:
            server.start()
            os.environ["PREFECT_API_URL"] = server.url
            yield server
        finally:
            server.stop()


class EmbeddedServer:
    """The run's side of the server process.

    Args:
        home: PREFECT_HOME, which exists.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "server.log"
        self.record = home / "server.json"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/api"

    def start(self) -> None:
        """Start the child with a socket already bound, so that no one else can take the port."""
        listener = socket.create_server((HOST, self.port))
        self.port = listener.getsockname()[1]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with listener, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(listener.fileno()), str(os.getpid()), self.home],
                env={**environment_of_others(), "PYTHONPATH": path},
                # Where no `.env`, prefect.toml or pyproject.toml speaks to Prefect.
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[listener.fileno()],
                # Ctrl-C is for the run, which then needs the server to say that it ended.
                start_new_session=True,
            )
        self.record.write_text(
            json.dumps({"pid": self.process.pid, "port": self.port, "parent_pid": os.getpid()})
        )

    def wait(self, seconds: float = STARTUP_SECONDS) -> None:
        """Wait until the server answers.

        A database that no server can start on (half made by a kill, damaged, of a newer
        Prefect) is set aside once and rebuilt: it holds the history of runs and no data.

        Raises:
            EmbeddedServerError: it does not answer in time, or ends.
        """
        if self._answers(seconds):
            return
        self.stop()
        database, aside = self.home / "prefect.db", self.home / "prefect.db.unusable"
        if not database.exists():
            raise self._error()
        database.replace(aside)
        for leftover in ("prefect.db-wal", "prefect.db-shm"):
            (self.home / leftover).unlink(missing_ok=True)
        self.start()
        if not self._answers(seconds):
            self.stop()
            aside.replace(database)  # It was not the database, then.
            raise self._error()

    def finished_task_runs(self) -> int:
        """How many task runs, of all flow runs in this home, are written down as ended.

        Raises:
            OSError: the server does not answer.
        """
        ended = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}}
        return int(str(self._ask("task_runs/count", {"task_runs": {"state": ended}})))

    def wait_for_history(self, finished: int) -> None:
        """Wait until so many task runs are written down as ended, `HISTORY_SECONDS` at most.

        A task run's states reach the database through a queue in the server's memory, some time
        after the task: a server that ends at once would leave the last ones as running for ever.
        """
        deadline = time.monotonic() + HISTORY_SECONDS
        with contextlib.suppress(OSError):
            while self.finished_task_runs() < finished and time.monotonic() < deadline:
                time.sleep(0.05)

    def _answers(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                return False
            # The socket listens from the first moment: the question waits for its answer.
            with contextlib.suppress(OSError):
                self._ask("health")
                return True
            time.sleep(0.05)
        return False

    def _ask(self, path: str, body: dict[str, object] | None = None) -> object:
        request = urllib.request.Request(
            f"{self.url}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        # Asked without proxies, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            return json.load(answer)

    def _error(self) -> EmbeddedServerError:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return EmbeddedServerError(
            f"The embedded Prefect server did not start ({lines[-1] if lines else 'no word'}).",
            effect="No step was begun; nothing changed.",
            next_step=f"see {self.log}, or do the same without Prefect: `ketum update`.",
        )

    def stop(self) -> None:
        """End the server, first politely, so that what it was told is on disk."""
        if self.process is not None:
            _end(self.process.pid, lambda: self.process is None or self.process.poll() is not None)
            self.process = None
        self.record.unlink(missing_ok=True)


def end_predecessor(home: Path) -> None:
    """End the server of a run that died and could not, which its own watch should have done.

    Only a process whose command line says that it is our server in this very home is ended: its
    number may belong to another program by now.
    """
    try:
        pid = int(json.loads((home / "server.json").read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if _is_server(pid, home):
        _end(pid, lambda: not _is_server(pid, home))


def _is_server(pid: int, home: Path) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:  # gone, or a system without /proc
        asked = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)],
            env=environment_of_others(),
            capture_output=True,
            text=True,
            check=False,
        )
        arguments = asked.stdout
    return MODULE in arguments and str(home) in arguments


def _end(pid: int, is_gone: Callable[[], bool]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if is_gone():
                return
            time.sleep(0.02)


def _watch(parent_pid: int) -> None:
    """End this process as soon as its parent is gone, however that came about.

    At once and without ceremony: the database stands a kill, and an event loop that is stuck
    would never hear a polite word.
    """
    while os.getppid() == parent_pid:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def main(argv: list[str]) -> int:
    """The server process: DESCRIPTOR of the listening socket, PID of the parent, HOME."""
    descriptor, parent_pid = int(argv[0]), int(argv[1])
    threading.Thread(target=_watch, args=(parent_pid,), daemon=True).start()

    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(
        create_app(ephemeral=True, final=True),
        log_level="error",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
