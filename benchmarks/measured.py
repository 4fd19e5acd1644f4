"""Each thing that is measured runs in a process of its own, so that time and memory are its own.

Processor time counts, of the process and of those it started: what else the machine does changes
it little. Where things are compared, their runs alternate, and the median counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.settings import ROOT


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Attributes:
        processor: seconds, user and system, its children's too.
        wall: seconds from start to end.
        memory: MB that the largest of its processes held at most.
        told: what it printed as JSON in its last line; `processor` there counts in place of the
            whole process, whose imports are left out then.
    """

    processor: float
    wall: float
    memory: float
    told: Mapping[str, Any]


class FailedError(Exception):
    """What was to be measured ended with an error; its last line."""


def cost(command: Sequence[str], **environment: str) -> Cost:
    """Run a command to its end.

    Raises:
        FailedError: it did not end well.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""},
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read().decode(errors="replace").strip().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise FailedError(printed[-1] if printed else f"exit code {process.returncode}")
    last = printed[-1] if printed else ""
    told = json.loads(last) if last.startswith("{") else {}
    return Cost(
        told.get("processor", used.ru_utime + used.ru_stime),
        time.perf_counter() - began,
        used.ru_maxrss / 1024,
        told,
    )


def medians(
    commands: Mapping[str, Sequence[str]], runs: int, **environment: str
) -> dict[str, Cost | str]:
    """Each command's median cost, in turn with the others; a failure as its last line."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    failed: dict[str, str] = {}
    for _ in range(runs):
        for name, command in commands.items():
            if name not in failed:
                try:
                    found[name].append(cost(command, **environment))
                except (FailedError, OSError) as error:
                    failed[name] = str(error)
    return {name: failed.get(name) or _median(found[name]) for name in commands}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(one.processor for one in costs),
        statistics.median(one.wall for one in costs),
        statistics.median(one.memory for one in costs),
        costs[-1].told,
    )


def here(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this package."""
    return [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]


def tell(work: Callable[[], object], **more: object) -> None:
    """Do some work in this process, and print what it took as the last line."""
    began = time.process_time()
    work()
    print(json.dumps({"processor": time.process_time() - began, **more}))


@dataclass
class Table:
    """What a section found.

    Attributes:
        title: of the section.
        columns: their names; the first is of words, the others of numbers.
        rows: as text.
        notes: sentences below it.
    """

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> str:
        """For a terminal."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        drawn = [
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *(f"  {line}" for line in [*drawn, *self.notes])])

    def markdown(self) -> str:
        """For docs/performance.md."""
        bars = ["|".join(["---", *["--:"] * (len(self.columns) - 1)])]
        lines = [" | ".join(self.columns), *bars, *(" | ".join(row) for row in self.rows)]
        table = "\n".join(f"| {line} |" if line not in bars else f"|{line}|" for line in lines)
        return "\n\n".join([f"### {self.title}", table, *self.notes])
