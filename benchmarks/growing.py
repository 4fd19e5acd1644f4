"""Warehouses of 10 thousand, 100 thousand and a million records: load, a day, nothing new, a query.

The records are those of one PubMed file under new PMIDs (`many_records`), all of them kept
(`bulk-load --all`). `python -m benchmarks.growing` times the headline query of the published set.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.many_records import Source, write_baseline, write_day
from benchmarks.measured import Cost, FailedError, Table, cost, here

DAY = 3_000
_QUERIES = 21
KETUM = [sys.executable, "-m", "pipeline.cli"]


class Grown(NamedTuple):
    """What a warehouse of so many records cost."""

    count: int
    load: Cost
    day: Cost
    nothing: Cost
    query_ms: float
    warehouse_mb: float
    steps: dict[str, float]


def section(path: Path, counts: Sequence[int]) -> Table:
    """Measure each size, and how costs grow from one to the next."""
    columns = ["what", *(f"{count:,}" for count in counts)]
    table = Table(
        f"Growth: records of {path.name} under new PMIDs, all kept; processor seconds",
        columns if len(counts) < 2 else [*columns, "exponent"],
    )
    try:
        found = [_grown(path, count) for count in counts]
    except FailedError as error:
        table.notes.append(f"Not measured: {error}")
        return table
    rows = {
        "load": [one.load.processor for one in found],
        "load, ms a record": [1000 * one.load.processor / one.count for one in found],
        "load, MB of memory": [one.load.memory for one in found],
        f"a day of {DAY:,} records": [one.day.processor for one in found],
        f"a day of {DAY:,} records, MB of memory": [one.day.memory for one in found],
        "nothing new": [one.nothing.processor for one in found],
        "headline query, ms": [one.query_ms for one in found],
        "warehouse, MB": [one.warehouse_mb for one in found],
    }
    for name in found[0].steps:
        rows[f"a day: step {name}, s by the clock"] = [one.steps.get(name, 0.0) for one in found]
    for name, numbers in rows.items():
        row = [name, *(f"{number:,.2f}" for number in numbers)]
        table.rows.append(row if len(counts) < 2 else [*row, _exponent(counts, numbers)])
    table.notes.append(
        "Exponent: of the number of records, from the smallest warehouse to the largest; 1 is "
        "in proportion, 0 is no growth."
    )
    return table


def _exponent(counts: Sequence[int], numbers: Sequence[float]) -> str:
    if min(numbers) <= 0:
        return ""
    return f"{math.log(numbers[-1] / numbers[0]) / math.log(counts[-1] / counts[0]):.2f}"


def _grown(path: Path, count: int) -> Grown:
    with tempfile.TemporaryDirectory() as name:
        directory, data = Path(name) / "files", Path(name) / "data"
        directory.mkdir()
        source = Source(path)
        for _ in write_baseline(source, directory, count):
            pass
        day = write_day(source, Path(name), 0, DAY, count)

        def load(place: Path) -> Cost:
            command = [*KETUM, "bulk-load", str(place), "--all", "--processes", "1", "--quiet"]
            return cost(command, KETUM_DATA=str(data))

        first, then = load(directory), load(day)
        journals = [json.loads(one.read_text()) for one in data.glob("runs/*/journal.json")]
        last = max(journals, key=lambda one: str(one["run_id"]))
        steps = {step["step"]: float(step["seconds"]) for step in last["steps"]}
        nothing = load(day)
        query = cost(here("growing"), KETUM_DATA=str(data))
        (warehouse,) = data.glob("warehouse/*/warehouse.duckdb")
        size = warehouse.stat().st_size / 1e6
        return Grown(count, first, then, nothing, query.told["ms"], size, steps)


def main() -> None:
    """Time the headline query, its connection open."""
    from pipeline.outputs import query
    from pipeline.outputs.headline import headline
    from pipeline.settings import Settings

    with query.open_published(Settings.from_environment()) as con:
        times = []
        for _ in range(_QUERIES):
            began = time.perf_counter()
            headline(con, "kratom")
            times.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"ms": statistics.median(times)}))


if __name__ == "__main__":
    main()
