"""What starting costs, and an update that finds nothing new.

What counts is the ratio to `import duckdb, requests, lxml.etree`, which no command does without.
Imports are in these figures; modules are compiled before the first run that counts.
"""

from __future__ import annotations

import sys
import tempfile

from benchmarks.measured import Cost, Table, cost, medians

FLOOR = "floor: import duckdb, requests, lxml.etree"
_CALL = "import sys; from pipeline.cli import main; sys.exit(main())"


def section(runs: int) -> Table:
    """Measure the commands in turn, on the demonstration."""
    update = ["update", "--offline", "--quiet"]
    told = {
        "ketum --help": ["--help"],
        "ketum status": ["status"],
        "ketum query": ["query", "FROM marts.search_totals"],
        "ketum update, nothing new": update,
    }
    ketum = [sys.executable, "-c", _CALL]
    commands = {name: [*ketum, *words] for name, words in told.items()}
    commands = {FLOOR: [sys.executable, "-c", "import duckdb, requests, lxml.etree"], **commands}
    with tempfile.TemporaryDirectory() as data:
        for _ in range(2):
            cost([*ketum, *update], KETUM_DATA=data)
        costs = medians(commands, runs, KETUM_DATA=data)
    least = costs[FLOOR]
    assert isinstance(least, Cost), least
    table = Table(
        f"Starting, and an update that finds nothing new: medians of {runs} runs in turn",
        ["what", "processor s", "x floor", "wall s", "MB"],
    )
    for name, found in costs.items():
        if isinstance(found, Cost):
            numbers = [f"{found.processor:.2f}", f"{found.processor / least.processor:.1f}"]
            table.rows.append([name, *numbers, f"{found.wall:.2f}", f"{found.memory:.0f}"])
        else:
            table.rows.append([name, found[:60], "", "", ""])
    return table
