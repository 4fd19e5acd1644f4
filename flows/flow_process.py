"""The process of one scheduled run, its heartbeat, and how runs without one are classified.

`python -m flows.flow_process FLOW_RUN_ID` gives a sign of life before anything else, so that the
schedule can tell a run that begins from one that died, and then hands over to Prefect.
"""

from __future__ import annotations

import fcntl
import os
import runpy
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.settings import Settings

# -- Which runs on the Prefect server are not what they seem
#
# A run whose process died stays "Running" for ever, since only its process would say otherwise.
# A process that lives holds a file locked: the kernel lets go of it with the
# process, however that ends. Decisions here know neither server nor clock.

DIED = (
    "Its process ended without a word, as after a kill or a power cut. What was published before "
    "stands; the next run goes on from there."
)
STOPPED = "Its process was ended, as asked. What was published before stands."
SUPERSEDED = "Not begun: a later run was due too, and finds everything this one would have found."


@dataclass(frozen=True)
class Seen:
    """A run as the server has it.

    Attributes:
        id: of the flow run.
        deployment: id of its deployment.
        state: type of its state, such as RUNNING.
        expected: when it was to begin.
        is_auto: whether its schedule made it, not a person.
    """

    id: str
    deployment: str
    state: str
    expected: datetime
    is_auto: bool


@dataclass(frozen=True)
class Verdict:
    """What a run is in truth: state CRASHED or CANCELLED, and the sentence that says why."""

    id: str
    state: str
    message: str


def verdicts(runs: Iterable[Seen], now: datetime, is_alive: Callable[[str], bool]) -> list[Verdict]:
    """Runs that work by the server's word and are dead in fact, and those that came too late.

    Args:
        runs: runs of our deployments in any state that is not final.
        now: an aware time.
        is_alive: whether the process of a run lives.

    Returns:
        what is to be said of them; runs that are all right are left out.
    """
    found = []
    late: dict[str, list[Seen]] = defaultdict(list)
    for run in runs:
        if run.state in ("RUNNING", "PENDING"):
            if not is_alive(run.id):
                found.append(Verdict(run.id, "CRASHED", DIED))
        elif run.state == "CANCELLING":
            if not is_alive(run.id):
                found.append(Verdict(run.id, "CANCELLED", STOPPED))
        elif run.state == "SCHEDULED" and run.is_auto and run.expected <= now:
            late[run.deployment].append(run)
    for due in late.values():
        *earlier, _ = sorted(due, key=lambda run: (run.expected, run.id))
        found += [Verdict(run.id, "CANCELLED", SUPERSEDED) for run in earlier]
    return found


def sign_of_life(directory: Path, run_id: str) -> int:
    """Hold a file of this run locked until this process ends.

    Args:
        directory: of these files, made when missing.
        run_id: id of the flow run.

    Returns:
        the open file, to be kept open.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / run_id
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # who looked for life in between may have removed the file that was not locked yet
        if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def lives(directory: Path, run_id: str) -> bool:
    """Whether the process of a run lives; the file of a dead one is removed."""
    path = directory / run_id
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)


# -- The process itself

DIRECTORY = "schedule"
"""Of the signs of life, in the data directory."""


def main(argv: list[str]) -> None:
    """Run a flow run of the server that PREFECT_API_URL names."""
    (run_id,) = argv
    sign_of_life(Settings.from_environment().data / DIRECTORY, run_id)
    os.environ["PREFECT__FLOW_RUN_ID"] = run_id
    sys.argv[1:] = [run_id]
    runpy.run_module("prefect.engine", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
