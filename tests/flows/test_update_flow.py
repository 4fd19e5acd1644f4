"""The real flow on a real embedded server, over stand-in steps.

Each run is a process of its own, as `make run` has it. The stand-in is put in place of
pipeline.update before the flow is imported, so that what is tried here is the driver alone.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows import by_hand

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]
STEPS = ["search", "parse", "check", "publish"]

DRIVER = """
import contextlib, logging, os, pathlib, sys, time, types
from typing import NamedTuple
import pipeline
from pipeline.errors import CheckError

class Step(NamedTuple):
    name: str
    does: str
    work: object

class Progress:
    run = types.SimpleNamespace(run_id="r1")
    steps_begun, is_done = 0, False
    def __iter__(self):
        raise AssertionError("Prefect walked through the run")
    @property
    def receipt(self):
        return types.SimpleNamespace(text=lambda: "THE RECEIPT", markdown=lambda: "# receipt")
    def take(self, step):
        self.steps_begun += 1
        logging.getLogger("ketum").info("step %s", step.name)
        return step.work(self)

def work(run):
    return {"count": 1}

def check(run):
    what = os.environ.get("AT_CHECK", "")
    if what == "fail":
        raise CheckError("A check said no.", effect="Nothing was published.", next_step="look.")
    if what == "sleep":
        print("SLEEPING", flush=True)
        time.sleep(60)
    return work(run)

def publish(run):
    pathlib.Path(os.environ["KETUM_DATA"], "published").write_text("new")
    return work(run)

@contextlib.contextmanager
def open_run(options, settings):
    progress = Progress()
    try:
        yield progress
    except BaseException:
        logging.getLogger("ketum").info("rolled back")
        raise
    progress.is_done = True

works = {"check": check, "publish": publish}
update = types.ModuleType("pipeline.update")
update.Step, update.open_run, update.Progress = Step, open_run, Progress
update.STEPS = tuple(Step(name, name, works.get(name, work)) for name in STEPS)
sys.modules["pipeline.update"] = pipeline.update = update
before_run = types.ModuleType("pipeline.housekeeping")
before_run.prepare = lambda *_arguments: None
sys.modules["pipeline.housekeeping"] = pipeline.housekeeping = before_run

from flows.by_hand import main
sys.exit(main(sys.argv[1:], "flows.update"))
"""


class Place:
    """A data directory whose Prefect home is made once for the module, as that takes long."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.driver = data.parent / "driver.py"
        self.driver.write_text(f"STEPS = {STEPS!r}\n{DRIVER}")

    def start(self, at_check: str = "", **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.driver), "--offline"],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "KETUM_DATA": str(self.data),
                "AT_CHECK": at_check,
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, at_check: str = "", **environment: str) -> tuple[int, str, str]:
        process = self.start(at_check, **environment)
        out, err = process.communicate(timeout=150)
        return process.returncode, out, err

    def start_and_wait_for_check(self) -> subprocess.Popen[str]:
        process = self.start("sleep")
        assert process.stdout is not None
        assert process.stdout.readline() == "SLEEPING\n"
        return process

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.data / "prefect" / "prefect.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def servers(self) -> list[int]:
        """Processes that are a server of this home."""
        listed = subprocess.run(
            ["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
        ).stdout
        return [
            int(line.split()[0])
            for line in listed.splitlines()
            if "flows.embedded_server" in line and str(self.data) in line
        ]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, tuple[int, str, str]]:
    """A place and its first run, made with every outside setting that could mislead it."""
    place = Place(tmp_path_factory.mktemp("flow") / "data")
    dead = "http://127.0.0.1:9"
    outside = {
        "PREFECT_API_URL": f"{dead}/api",
        "PREFECT_PROFILE": "elsewhere",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        **dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"), dead),
    }
    return place, place.run(**outside)


@pytest.fixture
def place(first_run: tuple[Place, tuple[int, str, str]]) -> Place:
    (first_run[0].data / "published").write_text("old")
    return first_run[0]


def test_a_run_says_its_steps_and_its_receipt_and_nothing_else(
    first_run: tuple[Place, tuple[int, str, str]],
):
    place, (code, out, err) = first_run
    assert code == 0, err
    assert out == "THE RECEIPT\n"
    said = err.splitlines()
    assert said[1:] == [f"step {name}" for name in STEPS]
    assert (place.data / "published").read_text() == "new"
    assert place.servers() == []


def test_prefect_keeps_each_step_as_a_task_run_and_the_receipt_as_an_artifact(
    first_run: tuple[Place, tuple[int, str, str]],
):
    place, _ = first_run
    tasks = place.rows("SELECT name, state_type FROM task_run ORDER BY start_time LIMIT 4")
    assert tasks == [(name, "COMPLETED") for name in STEPS]
    assert place.rows("SELECT key, data FROM artifact LIMIT 1") == [("ketum-update", '"# receipt"')]


@pytest.mark.slow  # one more server
def test_a_failing_step_gives_its_exit_code_and_one_paragraph(place: Place):
    code, out, err = place.run("fail")
    assert code == 4
    assert out == ""
    assert err.splitlines()[-1] == "A check said no. Nothing was published. Next: look."
    assert err.count("A check said no") == 1
    assert "Traceback" not in err
    assert "rolled back" in err
    assert "step publish" not in err
    assert (place.data / "published").read_text() == "old"


def test_an_unforeseen_error_is_told_once_without_prefect_s_frames(
    capsys: pytest.CaptureFixture[str],
):
    engine = {}
    exec(compile("def call(work): work()", "/x/site-packages/prefect/engine.py", "exec"), engine)
    try:
        engine["call"](lambda: 1 / 0)
    except ZeroDivisionError as error:
        by_hand._tell_unforeseen(error)
    told = capsys.readouterr().err
    assert told.count("ZeroDivisionError: division by zero") == 1
    assert "engine.py" not in told
    assert "test_update_flow.py" in told
    assert "Next: `ketum status`" in told.splitlines()[-1]


@pytest.mark.slow  # one more server
def test_terminating_a_run_rolls_it_back_and_leaves_no_server(place: Place):
    process = place.start_and_wait_for_check()
    second = place.run()
    assert second[0] == 6
    assert "Another run is at work" in second[2]

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "rolled back" in err
    assert "Traceback" not in err
    assert place.servers() == []
    assert (place.data / "published").read_text() == "old"


@pytest.mark.by_hand  # as terminating it, by another signal
def test_interrupting_a_run_gives_130(place: Place):
    process = place.start_and_wait_for_check()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "rolled back" in err
    assert "Traceback" not in err
    assert place.servers() == []


@pytest.mark.by_hand  # its server watches it, see test_embedded_server.py
def test_a_killed_run_leaves_no_server(place: Place):
    process = place.start_and_wait_for_check()
    assert len(place.servers()) == 1
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 5
    while place.servers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert place.servers() == []
    assert (place.data / "published").read_text() == "old"


@pytest.mark.slow
def test_the_run_is_complete_though_its_server_is_killed_before_the_end(place: Place):
    process = place.start()
    assert process.stderr is not None
    said = ""
    while "step search" not in said:
        line = process.stderr.readline()
        assert line, f"the run ended early: {said}"
        said += line
    for server in place.servers():
        os.kill(server, signal.SIGKILL)
    out, _ = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "THE RECEIPT\n")


@pytest.mark.parametrize(
    "arguments",
    [["--archive", "."], ["--from", "x", "--offline"], ["--surprise"], ["--from", "/no/such.xml"]],
)
def test_wrong_usage_exits_2_before_any_server(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))

    def start(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    try:
        code = by_hand.main(arguments, "flows.update")
    except SystemExit as left:
        code = left.code
    assert code == 2
    assert not (tmp_path / "prefect").exists()
