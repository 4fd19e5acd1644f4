"""One attempt to update, in this process or in one that is killed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import exit_code_of
from pipeline.settings import ROOT, Options, Settings, environment_of_others
from pipeline.update import run_update
from tests.soak.child import READY, Task
from tests.soak.clock import SoakClock
from tests.soak.plans import Plan
from tests.soak.records import Record
from tests.soak.upstream import Seen, Upstream

KILLED = -9
LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        code: exit code, or KILLED.
        as_of: the time it called now; None if it died before it wrote its journal.
        last_step: the last step it finished, as its journal has it.
        told: what its journal says of how it ended.
        seen: what PubMed saw of it.
    """

    code: int
    as_of: datetime | None
    last_step: str
    told: str
    seen: Seen


class Updater:
    """Runs updates in one data directory.

    Args:
        settings: of that directory; the address is filled in.
        clock: the injected time.
        clock_file: where other processes find it.
    """

    def __init__(self, settings: Settings, clock: SoakClock, clock_file: Path) -> None:
        self._settings, self._clock, self._clock_file = settings, clock, clock_file
        self._usual_seconds = 2.0

    def attempt(
        self,
        records: Callable[[], Mapping[int, Record]],
        plan: Plan,
        change: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Update from a PubMed.

        Args:
            records: gives what it holds.
            plan: what is to happen.
            change: makes it hold something else.
        """
        before = set(self._settings.runs.glob("*"))
        victims: list[subprocess.Popen[str]] = []

        def on_request(number: int) -> None:
            if number == plan.kill_at_request:
                victims[0].kill()
            if number == plan.change_at_request:
                change()

        upstream = Upstream(records, self._clock, plan.trouble, on_request)
        with upstream.serve() as url:
            code = self._in_child(url, plan, victims) if plan.is_kill else self._here(url, plan)
        journal = _journal(set(self._settings.runs.glob("*")) - before)
        if journal is None:
            return Outcome(code, None, "none", "", upstream.seen)
        steps = ["none", *(step["step"] for step in journal["steps"])]
        as_of = datetime.fromisoformat(journal["as_of"])
        return Outcome(code, as_of, steps[-1], journal["verdict"], upstream.seen)

    def _here(self, url: str, plan: Plan) -> int:
        start = time.monotonic()
        settings = replace(self._settings, eutils_url=url)
        try:
            run_update(Options(full=plan.is_full), settings, self._clock)
        except Exception as error:
            return exit_code_of(error)
        self._usual_seconds = time.monotonic() - start
        return 0

    def _in_child(self, url: str, plan: Plan, victims: list[subprocess.Popen[str]]) -> int:
        task = Task(
            data=str(self._settings.data),
            reference=str(self._settings.reference),
            eutils_url=url,
            pace_file=str(self._settings.pace_file),
            clock_file=str(self._clock_file),
        )
        with subprocess.Popen(
            task.command(), cwd=ROOT, env=environment_of_others(), stdout=subprocess.PIPE, text=True
        ) as child:
            victims.append(child)
            assert child.stdout is not None
            if child.stdout.readline().strip() != READY:
                raise RuntimeError("the child did not begin its update")
            if plan.kill_after is not None:
                time.sleep(plan.kill_after * self._usual_seconds)
                child.kill()
            return child.wait(LONGEST_SECONDS)


def _journal(runs: set[Path]) -> dict[str, Any] | None:
    """The journal of an attempt, whose directory is the only new one."""
    for path in runs:
        if (path / "run.json").exists():
            found: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
            return found
    return None
