"""A schedule on a real Prefect server: one that works, and one that suffers some faults.

`python -m tests.schedule` goes through all of them: each awaits the next run, which takes a minute.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator

import pytest

from pipeline.settings import ROOT
from tests.schedule.faults import FAULTS, PROMISED_SECONDS, suffer
from tests.schedule.place import Place

pytestmark = pytest.mark.whole


TRIED = (
    "run killed alone",
    "power cut: server, schedule and run killed",
    "a second schedule is started",
    "SIGTERM with the server away",
)
"""One of each kind: the run dies, all die, a command is refused, a stop is asked for."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server and one schedule for all tests."""
    made = Place(tmp_path_factory.mktemp("schedule") / "place", interval=20)
    try:
        made.start_server()
        made.start_schedule()
        yield made
    finally:
        made.end()


@pytest.mark.slow  # a server, a schedule and a run of it take half a minute of processor
def test_a_real_server_schedules_and_its_pages_say_what_happened(place: Place):
    """The one proof that the installed Prefect, FastAPI and SQLAlchemy schedule anything."""
    place.wait(240, lambda: place.completed_since(0), "a run")
    (run, *_) = place.runs("COMPLETED")
    assert run["auto_scheduled"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d archive:archive", run["name"])
    assert run["state"]["message"] == (
        "0 new, 0 revised: 1 record(s) of kratom; 1 record(s) of kratom_pain; 1 record(s) of pain."
    )
    found = place.ask("/artifacts/filter", {})
    assert {one["key"] for one in found} == {"ketum-update", "ketum-searches", "ketum-fetch"}
    logs = place.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
    assert any("This is run" in line["message"] for line in logs), "INFO of ketum arrives"

    schedule = place.schedules.pop()
    begun = time.monotonic()
    schedule.send_signal(signal.SIGTERM)
    assert schedule.wait(timeout=30) == 143
    assert time.monotonic() - begun < PROMISED_SECONDS
    served = place.ask("/deployments/filter", {})
    assert served and not any(deployment["paused"] for deployment in served)


@pytest.mark.by_hand
def test_after_a_fault_the_next_run_runs_and_the_list_is_true(place: Place):
    if not place.schedules:
        place.start_schedule()
    place.wait(240, lambda: place.completed_since(0), "the first run")
    for fault in TRIED:
        assert suffer(place, fault).at_work == 0, fault


def test_the_page_shows_every_fault_that_is_tried():
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    table = page.partition("<!-- schedule: begin -->")[2].partition("<!-- schedule: end -->")[0]
    shown = [line.split("|")[1].strip() for line in table.strip().splitlines()[2:]]
    assert shown == list(FAULTS)
