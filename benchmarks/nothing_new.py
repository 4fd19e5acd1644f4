"""What starting costs, and an update that finds nothing new: `python -m benchmarks.nothing_new`.

Commands run in turn, so that a busy machine slows all alike. What counts is the median of their
processor seconds, and its ratio to `import duckdb, requests, lxml.etree`, which none does without.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict

FLOOR = "the imports"


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Processor and wall seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    # where modules are not kept compiled, each start compiles them all
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    call = "import sys; from pipeline.cli import main; sys.exit(main())"
    commands = {
        FLOOR: [sys.executable, "-c", "import duckdb, requests, lxml.etree"],
        "ketum --help": [sys.executable, "-c", call, "--help"],
        "ketum status": [sys.executable, "-c", call, "status"],
        "ketum query": [sys.executable, "-c", call, "query", "FROM marts.search_totals"],
        "ketum update, nothing new": [sys.executable, "-c", call, "update", "--offline", "--quiet"],
    }
    with tempfile.TemporaryDirectory() as data:
        environment["KETUM_DATA"] = data
        for _ in range(2):
            seconds(commands["ketum update, nothing new"], environment)
        found = defaultdict(list)
        for _ in range(runs):
            for name, command in commands.items():
                found[name].append(seconds(command, environment))
    floor = statistics.median(used for used, _ in found[FLOOR])
    for name, times in found.items():
        used, wall = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:28s} {used:6.2f} s processor  {wall:6.2f} s wall  {used / floor:5.1f} x")


if __name__ == "__main__":
    main()
