"""Which runs are dead or too late: decided without a server; and signs of life."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.flow_process import Seen, lives, sign_of_life, verdicts
from pipeline.settings import ROOT

pytestmark = pytest.mark.whole

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def seen(name: str, state: str, *, late: float = 0.0, auto: bool = True, of: str = "daily") -> Seen:
    return Seen(name, of, state, NOW - timedelta(minutes=late), auto)


def told(*runs: Seen, alive: tuple[str, ...] = ()) -> dict[str, str]:
    return {one.id: one.state for one in verdicts(runs, NOW, lambda run_id: run_id in alive)}


def test_the_dead_are_told_from_the_living():
    runs = [seen(f"{how} {state}", state) for how in ("dead", "living")
            for state in ("RUNNING", "PENDING", "CANCELLING")]  # fmt: skip
    living = tuple(run.id for run in runs if run.id.startswith("living"))
    assert told(*runs, alive=living) == {
        "dead RUNNING": "CRASHED",
        "dead PENDING": "CRASHED",
        "dead CANCELLING": "CANCELLED",
    }


def test_of_late_runs_the_newest_of_each_deployment_stays():
    assert told(
        seen("first", "SCHEDULED", late=3),
        seen("third", "SCHEDULED", late=1),
        seen("second", "SCHEDULED", late=2),
        seen("weekly", "SCHEDULED", late=60, of="weekly"),
    ) == {"first": "CANCELLED", "second": "CANCELLED"}


def test_what_a_person_asked_for_and_what_is_to_come_stays():
    assert not told(
        seen("by hand, first", "SCHEDULED", late=5, auto=False),
        seen("by hand, second", "SCHEDULED", late=4, auto=False),
        seen("due", "SCHEDULED", late=1),
        seen("next", "SCHEDULED", late=-60),
        seen("after", "SCHEDULED", late=-120),
    )


def test_every_verdict_says_what_stands():
    found = verdicts([seen("a", "RUNNING"), seen("b", "CANCELLING")], NOW, lambda _run_id: False)
    assert all("published before stands" in one.message for one in found)


HOLDER = """
import sys
from pathlib import Path
from flows.flow_process import sign_of_life
sign_of_life(Path(sys.argv[1]), "run")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_is_seen_dead_at_once_and_its_file_goes(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        assert lives(tmp_path, "run")
    finally:
        process.kill()
        process.communicate()
    assert not lives(tmp_path, "run")
    assert list(tmp_path.iterdir()) == []


def test_a_file_removed_while_it_is_taken_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Who looks for life removes a file that nobody holds, perhaps just before it is locked."""
    import flows.flow_process as module

    real, removed = module.fcntl.flock, []

    def flock(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(True)
            (tmp_path / "run").unlink()
        real(descriptor, how)

    monkeypatch.setattr(module.fcntl, "flock", flock)
    sign_of_life(tmp_path, "run")
    monkeypatch.undo()
    assert lives(tmp_path, "run")
