"""Warehouses of 10 thousand, 100 thousand and a million records: a day, nothing new, a query.

The records are those of one PubMed file under new PMIDs. The first ten thousand are loaded and
judged, and multiplied inside the warehouse (`growth`), so that a million takes minutes and not
hours. `python -m benchmarks.growing PHASE PLACE FILE COUNT` is one phase, in this process.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measured import Cost, Table, cost, here

DAY = 3_000
LOADED = 10_000
"""Records that are loaded from files; all others are copies of them."""
_DAYS = 2
_QUERIES = 21


class Grown(NamedTuple):
    """What a warehouse of so many records cost."""

    load: Cost
    before: Cost
    day: Cost
    again: Cost
    query: Cost


def section(path: Path, counts: Sequence[int]) -> Table:
    """Measure each size, and how costs grow from one to the next."""
    columns = ["what", *(f"{count:,}" for count in counts)]
    table = Table(
        f"Growth: records of {path.name} under new PMIDs, all kept",
        columns if len(counts) < 2 else [*columns, "exponent"],
    )
    found = [_grown(path, count) for count in counts]
    loaded = [min(count, LOADED) for count in counts]
    rows = {
        "load of the first ten thousand, ms of processor a record": [
            1000 * one.load.processor / count for one, count in zip(found, loaded, strict=True)
        ],
        "load of the first ten thousand, MB": [one.load.memory for one in found],
        f"a day of {DAY:,} records, s of processor": [one.day.processor for one in found],
        f"a day of {DAY:,} records, MB": [one.day.memory for one in found],
        "the same day again, nothing new, s of processor": [one.again.processor for one in found],
        "headline query, ms by the clock": [one.query.told["ms"] for one in found],
        "warehouse, MB": [one.day.told["size"] for one in found],
    }
    for name in found[0].day.told["steps"]:
        steps = [float(one.day.told["steps"].get(name, 0)) for one in found]
        rows[f"a day: step {name}, s by the clock"] = steps
    for name, numbers in rows.items():
        row = [name, *(f"{number:,.2f}" for number in numbers)]
        table.rows.append(row if len(counts) < 2 else [*row, _exponent(counts, numbers)])
    table.notes.append(
        f"The first {LOADED:,} records are loaded and judged, all others copied from them inside "
        "the warehouse. Exponent: of the number of records, from the smallest warehouse to the "
        "largest; 1 is in proportion, 0 is no growth."
    )
    return table


def _exponent(counts: Sequence[int], numbers: Sequence[float]) -> str:
    if min(numbers) <= 0:
        return ""
    return f"{math.log(numbers[-1] / numbers[0]) / math.log(counts[-1] / counts[0]):.2f}"


def _grown(path: Path, count: int) -> Grown:
    with tempfile.TemporaryDirectory() as place:
        costs = [cost(here("growing", phase, place, path, count)) for phase in PHASES]
    return Grown(*costs)


# -- one phase, in a process of its own


def load(place: Path, path: Path, count: int) -> None:
    """Load some records as an update does, then multiply them."""
    from benchmarks import growth
    from benchmarks.many_records import Source, write_baseline, write_day
    from pipeline.settings import Settings

    settings, base = Settings(data=place / "data"), min(count, LOADED)
    (place / "files").mkdir()
    source = Source(path, most=LOADED)
    files = list(write_baseline(source, place / "files", base))
    (place / "days").mkdir()
    for number in range(_DAYS):
        write_day(source, place / "days", number, DAY, count, is_spread=False)
    began = time.process_time()
    growth.update(settings, files)
    used = time.process_time() - began
    growth.copy_records(settings, base, count // base)
    print(json.dumps({"processor": used}))


def before(place: Path, _path: Path, _count: int) -> None:
    """The day before: its set is the first of all records."""
    _update(place, 0)


def day(place: Path, _path: Path, _count: int) -> None:
    """An update of a day's new, revised and deleted records and new versions."""
    _update(place, 1)


def again(place: Path, _path: Path, _count: int) -> None:
    """The same day once more."""
    _update(place, 1)


def _update(place: Path, number: int) -> None:
    """Take the file of a day; its records are not held beside it, so that its memory is its own."""
    from benchmarks import growth
    from pipeline.settings import Settings

    settings = Settings(data=place / "data")
    file = sorted((place / "days").iterdir())[number]
    began = time.process_time()
    steps = {name: spent.wall for name, spent in growth.update(settings, [file]).items()}
    used = time.process_time() - began
    size = settings.warehouse("archive:growth").stat().st_size / 1e6
    print(json.dumps({"processor": used, "steps": steps, "size": size}))


def query(place: Path, _path: Path, _count: int) -> None:
    """The headline query of the published set, its connection open."""
    from pipeline.outputs import query as queries
    from pipeline.outputs.headline import headline
    from pipeline.settings import Settings

    with queries.open_published(Settings(data=place / "data")) as con:
        times = []
        for _ in range(_QUERIES):
            began = time.perf_counter()
            headline(con, "kratom")
            times.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"ms": statistics.median(times)}))


PHASES: dict[str, Callable[[Path, Path, int], None]] = {
    "load": load,
    "before": before,
    "day": day,
    "again": again,
    "query": query,
}


def main() -> None:
    """One phase."""
    phase, place, path, count = sys.argv[1:]
    PHASES[phase](Path(place), Path(path), int(count))


if __name__ == "__main__":
    main()
