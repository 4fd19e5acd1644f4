"""Workers that die: nothing is lost, nothing done twice, and the file that did it is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from pipeline.errors import MachineError, SourceError
from pipeline.settings import ROOT
from pipeline.workers import _AHEAD, Processes, in_order, read_all

pytestmark = pytest.mark.whole


def read(notes: Path, path: Path) -> str:
    """What a worker does here: note that it began, die on some files, note that it ended."""
    with (notes / path.name).open("a") as note:
        note.write("begun\n")
    begun = (notes / path.name).read_text().count("begun")
    if "always" in path.name or ("once" in path.name and begun == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if "damaged" in path.name:
        raise SourceError(f"{path.name} is damaged.")
    with (notes / path.name).open("a") as note:
        note.write("ended\n")
    return path.name.upper()


def files(*names: str) -> list[Path]:
    return [Path(f"/nowhere/{name}") for name in names]


def test_a_worker_that_dies_loses_no_file(tmp_path):
    given = files("a", "b", "c-once", "d", "e-once", "f")
    found = list(read_all(partial(read, tmp_path), given, Processes(2)))
    assert sorted(found) == [(path, path.name.upper()) for path in given]
    ended = {path.name: (tmp_path / path.name).read_text().count("ended") for path in given}
    assert set(ended.values()) == {1}


def test_a_file_on_which_every_worker_dies_is_named_once_all_others_are_read(tmp_path):
    given = files("a", "b-always", "c", "d", "e")
    found = []
    with pytest.raises(MachineError, match="b-always died of it, 3 times") as raised:
        for path, _ in read_all(partial(read, tmp_path), given, Processes(2)):
            found.append(path.name)
    assert sorted(found) == ["a", "c", "d", "e"]
    assert raised.value.effect
    assert "same command" in raised.value.next_step
    assert (tmp_path / "b-always").read_text().count("begun") == 3


def who(_path: Path) -> str:
    return str(os.getpid())


def test_after_some_files_new_workers_begin(monkeypatch):
    monkeypatch.setattr("pipeline.workers._FILES_EACH", 2)
    given = files("a", "b", "c", "d", "e")
    found = list(read_all(who, given, Processes(1)))
    assert [path for path, _ in found] == given
    assert [found[i][1] == found[i + 1][1] for i in range(4)] == [True, False, True, False]


def test_what_a_worker_raises_arrives_whole(tmp_path):
    with pytest.raises(SourceError, match="b-damaged is damaged"):
        list(read_all(partial(read, tmp_path), files("a", "b-damaged"), Processes(2)))


def slow_at_first(number: int) -> int:
    """What a worker does with a number here: the later, the sooner it is done."""
    time.sleep(0.2 / number)
    return -number


def test_results_come_in_the_order_of_tasks_that_are_taken_a_few_at_a_time():
    taken = []

    def tasks():
        for number in range(1, 41):
            taken.append(number)
            yield number

    results = in_order(slow_at_first, tasks(), Processes(2))
    assert next(results) == -1
    assert len(taken) == 2 * _AHEAD
    assert list(results) == [-number for number in range(2, 41)]


def test_workers_do_not_run_the_script_again_that_started_them(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from pipeline.workers import Processes, in_order\n"
        "print(list(in_order(abs, [-1, -2, -3], Processes(2))))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[1, 2, 3]\n", "")


def fail(number: int) -> int:
    raise SourceError(f"{number} is damaged.")


def test_what_a_worker_raises_of_a_task_arrives_whole():
    with pytest.raises(SourceError, match="1 is damaged"):
        list(in_order(fail, [1, 2, 3], Processes(2)))
