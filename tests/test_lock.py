"""One run at a time, and a dead run never in the way."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import LockedError
from pipeline.settings import ROOT
from pipeline.storage import hold_lock

pytestmark = pytest.mark.whole

HOLDER = """
import sys, time
from pathlib import Path
from pipeline.storage import hold_lock
with hold_lock(Path(sys.argv[1]), "the-other-run"):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_held_lock_is_refused_at_once_and_says_who_holds_it(tmp_path):
    path = tmp_path / "data" / "ketum.lock"
    other = hold_elsewhere(path)
    try:
        with pytest.raises(LockedError) as caught, hold_lock(path, "mine"):
            raise AssertionError("two runs at once")
        assert caught.value.exit_code == 6
        assert f"run the-other-run, process {other.pid}" in str(caught.value)
    finally:
        other.kill()
        other.wait()


def test_the_lock_of_a_killed_run_never_blocks(tmp_path):
    path = tmp_path / "ketum.lock"
    other = hold_elsewhere(path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert "the-other-run" in path.read_text()
    with hold_lock(path, "mine"):
        assert "mine" in path.read_text()


def test_the_lock_is_free_after_an_error_within(tmp_path):
    path = tmp_path / "ketum.lock"
    with pytest.raises(ZeroDivisionError), hold_lock(path, "first"):
        raise ZeroDivisionError
    with hold_lock(path, "second"):
        pass


def test_a_holder_that_wrote_nothing_readable_is_still_respected(tmp_path):
    path = tmp_path / "ketum.lock"
    other = hold_elsewhere(path)
    try:
        path.write_text("")
        with pytest.raises(LockedError, match="has not said which"), hold_lock(path, "mine"):
            pass
    finally:
        other.kill()
        other.wait()
