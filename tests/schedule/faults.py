"""The faults of a schedule, one function each: does the harm, and says what was seen."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from flows import flow_process
from flows.flow_process import DIRECTORY
from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.rebuild import forget
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from tests.schedule.place import Place

PROMISED_SECONDS = 10
"""Within so many a schedule ends after SIGTERM: docs/operations.md promises it."""


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        fault: what was done.
        seen: what happened, as the server has it.
        next_run: seconds from the end of the fault to the end of the next completed run.
        at_work: runs that the server calls at work although none is.
    """

    fault: str
    seen: str
    next_run: float
    at_work: int


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def fate(place: Place, run_id: str) -> str:
    """State and sentence of a run that is final and has had time to be called otherwise."""

    def final() -> dict[str, Any] | None:
        found = place.runs("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return next((run for run in found if run["id"] == run_id), None)

    place.wait(120, final, f"run {run_id} is final")
    time.sleep(5)
    run = place.wait(10, final, f"run {run_id} is still final")
    message = run["state"]["message"] or ""
    return f"{run['state_name']}: {message.split('. ')[0].rstrip('.')}"


def killed_idle(place: Place) -> str:
    place.wait(90, lambda: not place.runs("RUNNING", "PENDING"), "nothing is at work")
    kill(place.schedules[-1])
    time.sleep(2.5 * place.interval)
    place.start_schedule()
    place.wait(120, lambda: place.runs("RUNNING", "PENDING"), "it begins a run")
    superseded = [
        run for run in place.runs("CANCELLED") if run["state"]["message"].startswith("Not begun")
    ]
    return f"of the runs due meanwhile the newest ran, {len(superseded)} earlier: Cancelled"


def killed_with_its_run(place: Place, state: str) -> str:
    """Schedule and run killed while the run is in a state."""
    run = place.wait_for_state(state)
    kill(place.schedules[-1])
    place.kill_run()
    place.start_schedule()
    return fate(place, run["id"])


def killed_while_its_run_goes_on(place: Place) -> str:
    run = place.wait_for_state("RUNNING")
    kill(place.schedules[-1])
    place.start_schedule()
    return fate(place, run["id"])


def run_killed(place: Place) -> str:
    run = place.wait_for_state("RUNNING")
    place.kill_run()
    return fate(place, run["id"])


def server_killed(place: Place) -> str:
    run = place.wait_for_state("RUNNING")
    place.kill_server()
    time.sleep(20)
    place.start_server()
    return fate(place, run["id"])


def power_cut(place: Place) -> str:
    run = place.wait_for_state("RUNNING")
    kill(place.schedules[-1])
    place.kill_run()
    place.kill_server()
    place.start_server()
    place.start_schedule()
    return fate(place, run["id"])


def second_schedule(place: Place) -> str:
    codes = []
    for name, data in (("same", "data"), ("other", "other")):
        second = place.start_schedule(name, data)
        codes.append(second.wait(timeout=120))
        place.schedules.remove(second)
    assert codes == [6, 6], codes
    assert place.schedules[-1].poll() is None
    return "both refused (exit 6), with the same data directory and with another; the first goes on"


def takeover(place: Place) -> str:
    prefect = [sys.executable, "-m", "prefect", "--no-prompt"]
    for arguments in (["work-pool", "create", "ketum", "--type", "process"], ["deploy", "--all"]):
        subprocess.run(
            [*prefect, *arguments], cwd=ROOT, check=True, capture_output=True,
            env={**place.environment(), "KETUM_HOME": str(ROOT)},
        )  # fmt: skip
    code = place.schedules[-1].wait(timeout=120)
    refused = place.start_schedule("refused").wait(timeout=120)
    assert (code, refused) == (2, 2), (code, refused)
    for run in place.ask("/deployments/filter", {}):
        _delete(place, f"/deployments/{run['id']}")
    place.start_schedule()
    return "the schedule ends with the name of the pool (exit 2), and does not start beside it"


def _delete(place: Place, path: str) -> None:
    request = urllib.request.Request(place.url + path, method="DELETE")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        assert error.code == 404


def database_locked(place: Place) -> str:
    with sqlite3.connect(place.home / "prefect.db", isolation_level=None) as con:
        con.execute("BEGIN EXCLUSIVE")
        time.sleep(60)
        con.execute("ROLLBACK")
    assert place.schedules[-1].poll() is None
    return "a minute long: the schedule asked on"


def home_lost(place: Place) -> str:
    place.kill_server()
    shutil.rmtree(place.home)
    place.start_server()
    found = place.wait(120, lambda: len(place.ask("/deployments/filter", {})) >= 5, "registered")
    assert found
    return "registered again on the new server"


class NextYear(Clock):
    """A clock that is a year ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=365)


def clock_ahead(place: Place) -> str:
    """What a clock a year ahead leaves: plans of the server, and a run; then what the message says.

    The server itself is not run under such a clock: libfaketime stops its threads.
    """
    place.wait_for_state("RUNNING")
    place.wait(90, lambda: not place.runs("RUNNING", "PENDING"), "nothing is at work")
    kill(place.schedules.pop())
    place.kill_run()
    place.kill_server()
    with sqlite3.connect(place.home / "prefect.db") as con:
        for column in ("next_scheduled_start_time", "expected_start_time"):
            con.execute(
                f"UPDATE flow_run SET {column} = datetime({column}, '+365 days') || '.000000' "
                "WHERE state_type = 'SCHEDULED'"
            )
    settings = Settings(place.base / "data")
    run_update(Options(offline=True, archive=place.base / "archive"), settings, NextYear())
    place.start_server()
    place.start_schedule()

    def refused() -> list[str]:
        return [
            run["state"]["message"]
            for run in place.runs("FAILED")
            if "dated in the future" in (run["state"]["message"] or "")
        ]

    place.wait(600, refused, "a run of today that refuses")
    ahead = journals.ahead(journals.read_all(settings.runs), Clock().now())
    forget([one.run_id for one in ahead], settings)
    return "planned anew for today; the runs: Failed, and name `ketum runs forget`, which helps"


def stopped_without_a_server(place: Place) -> str:
    place.wait_for_state("RUNNING")
    place.kill_server()
    schedule = place.schedules[-1]
    begun = time.monotonic()
    schedule.send_signal(signal.SIGTERM)
    code = schedule.wait(timeout=60)
    seconds = time.monotonic() - begun
    assert seconds < PROMISED_SECONDS, seconds
    place.start_server()
    place.start_schedule()
    return f"SIGTERM in mid-run with the server away: ended after {seconds:.0f} s (exit {code})"


def cancelled_by_hand(place: Place) -> str:
    run = place.wait_for_state("RUNNING")
    place.ask(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    return fate(place, run["id"])


FAULTS: dict[str, Callable[[Place], str]] = {
    "schedule killed while idle, for two and a half intervals": killed_idle,
    "schedule and run killed at pick-up": partial(killed_with_its_run, state="PENDING"),
    "schedule and run killed in mid-run": partial(killed_with_its_run, state="RUNNING"),
    "schedule killed in mid-run, the run goes on": killed_while_its_run_goes_on,
    "run killed alone": run_killed,
    "run cancelled on Prefect's page": cancelled_by_hand,
    "server killed in mid-run, back after 20 s": server_killed,
    "power cut: server, schedule and run killed": power_cut,
    "a second schedule is started": second_schedule,
    "`prefect deploy` takes the deployments over": takeover,
    "the server's database is locked": database_locked,
    "the server loses its home": home_lost,
    "SIGTERM with the server away": stopped_without_a_server,
    "the clock a year ahead, and back": clock_ahead,
}


def at_work_in_vain(place: Place) -> int:
    """Runs that the server calls at work although their process is gone."""
    signs = place.base / "data" / DIRECTORY
    found = place.runs("RUNNING", "PENDING", "CANCELLING")
    return sum(not flow_process.lives(signs, run["id"]) for run in found)


def suffer(place: Place, fault: str) -> Row:
    """Do the harm, wait for the next completed run, and count what is untrue."""
    seen = FAULTS[fault](place)
    begun = time.time()
    place.wait(
        3 * place.interval + 240, lambda: place.completed_since(begun), f"a run after {fault}"
    )
    return Row(fault, seen, time.time() - begun, at_work_in_vain(place))


def table(rows: list[Row]) -> str:
    """The table of docs/reliability.md."""
    lines = [
        "| fault | what was seen | next run done after | runs at work in vain |",
        "|---|---|--:|--:|",
    ]
    lines += [f"| {r.fault} | {r.seen} | {r.next_run:.0f} s | {r.at_work} |" for r in rows]
    return "\n".join(lines)
