"""What a day costs as a warehouse grows.

`python -m benchmarks.growth FILE.xml.gz COUNT [--copies N] [--days N]` loads and judges COUNT
records (benchmarks/many_records.py) and multiplies them in the warehouse. Days of new, revised and
deleted records and of new versions follow, by the same steps as an update, each in a process of its
own. Each line gives the seconds of processor and of wall time of a step, and the most memory that
its process had held by its end, both without those of the processes that judge for it; nothing is
kept but with --keep.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks.many_records import Source, write_baseline, write_day
from benchmarks.measured import cost, here
from pipeline import update as updating
from pipeline.clock import Clock
from pipeline.many_files import stamp
from pipeline.run import Run
from pipeline.settings import Options, Settings
from pipeline.steps import Fetched, Made, Outcome
from pipeline.update import STEPS
from pipeline.warehouse import database


class Spent(NamedTuple):
    """Seconds of a step, and the most MB that its process had held by its end."""

    processor: float
    wall: float
    memory: float


def keep_all(run: Run, made: Made) -> Outcome:
    """In the place of step fetch: everything in the files goes into the raw archive."""
    for path in run.options.from_files:
        with gzip.open(path) as stream:
            entry = {"object": run.archive.put(stream.read())}
        run.archive.note(
            run.run_id,
            {
                "kind": "records",
                "file": path.name,
                "received_at": run.as_of.isoformat(),
                "stamp": stamp(path),
                **entry,
            },
        )
    return replace(made, fetched=Fetched()), {}


def update(settings: Settings, files: list[Path], *, publishes: bool = True) -> dict[str, Spent]:
    """One update of these files; returns what each step took, and prints it."""
    spent: dict[str, Spent] = {}
    options = Options(from_files=tuple(files), name="growth")
    with updating.open_run(options, settings, Clock()) as way:
        for step in STEPS:
            if step.name == "publish" and not publishes:
                continue
            work = step._replace(work=keep_all) if step.name == "fetch" else step
            began, used = time.perf_counter(), time.process_time()
            way.take(work)
            spent[step.name] = since(began, used)
            told(step.name, spent[step.name])
    return spent


def copy_records(settings: Settings, count: int, copies: int) -> None:
    """Multiply what is held and judged inside the warehouse, PMIDs moved on by `count` each time.

    What judging would say of the copies is said of them already, so that a large warehouse to
    measure a day on takes minutes. Reports and links of one study stay within their copy.
    """
    skipped = ("overrides", "claim_evidence", "claim_leaned_on", "known_articles", "quarantine")
    with duckdb.connect(str(settings.warehouse("archive:growth"))) as con:
        database.configure(con)
        con.execute("SET memory_limit = '4GB'")  # copying is no part of what is measured
        tables = con.execute(
            """
            SELECT schema_name || '.' || table_name, list(column_name) FROM duckdb_columns()
            WHERE database_name = current_database() AND NOT list_contains(?, table_name)
                AND table_name IN (SELECT table_name FROM duckdb_tables())
                AND schema_name IN ('core', 'evidence', 'ops')
            GROUP BY ALL ORDER BY ALL
            """,
            [list(skipped)],
        ).fetchall()
        for table, columns in tables:
            moved = [name for name in ("pmid", "other_pmid") if name in columns]
            if not moved:
                continue
            values = [f"{name} + {count} * copy.n AS {name}" for name in moved]
            values += ["study_group || ' ' || copy.n AS study_group"] * ("study_group" in columns)
            values += ["doi || '.' || copy.n AS doi"] * (table == "core.articles")
            con.execute(
                f"INSERT INTO {table} SELECT t.* REPLACE ({', '.join(values)}) "  # noqa: S608
                f"FROM {table} AS t, range(1, {copies}) AS copy (n) WHERE pmid > 0 ORDER BY copy.n"
            )
        con.execute("CHECKPOINT")


def since(wall: float, processor: float) -> Spent:
    """What this process spent since these readings of its clocks."""
    # not getrusage, which begins at what the process that started this one had held
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return Spent(time.process_time() - processor, time.perf_counter() - wall, int(peak) / 1024)


def told(name: str, spent: Spent) -> None:
    """One line of a step."""
    used, wall, peak = spent
    print(f"  {name:10s} {used:8.2f} {wall:8.2f} s  peak {peak:6.0f} MB", flush=True)


def main() -> None:
    """Load, then the days."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="a PubMed .xml.gz")
    parser.add_argument("count", type=int, help="records to begin with")
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--day-size", type=int, default=3_000)
    parser.add_argument("--copies", type=int, default=1, help="of these records, in the warehouse")
    parser.add_argument(
        "--spread", action="store_true",
        help="what a day touches stands anywhere, not as far back as in the file",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, help="leave the data directory here")
    parser.add_argument("--update", type=Path, help="this file alone, in this process, with --keep")
    options = parser.parse_args()
    if options.update:
        print(json.dumps({"steps": update(Settings(data=options.keep / "data"), [options.update])}))
        return
    place = options.keep or Path(tempfile.mkdtemp(prefix="ketum-growth-"))
    try:
        source = Source(options.file, most=options.count)
        settings = Settings(data=place / "data")
        files = place / "files"
        files.mkdir(parents=True)
        for path in write_baseline(source, files, options.count):
            print(f"{path.name}: processor, wall", flush=True)
            update(settings, [path], publishes=path.name.endswith("0001.xml.gz"))
        began, used = time.perf_counter(), time.process_time()
        copy_records(settings, options.count, options.copies)
        told("copies", since(began, used))
        held = options.count * options.copies
        size = settings.warehouse("archive:growth").stat().st_size
        print(f"{held} records, warehouse {size / held:.0f} bytes a record", flush=True)
        for number in range(options.days):
            path = write_day(
                source, files, number, options.day_size, held, is_spread=options.spread
            )
            print(f"day {number + 1}: processor, wall", flush=True)
            day = cost(here("growth", options.file, 0, "--keep", place, "--update", path))
            steps = {name: Spent(*spent) for name, spent in day.told["steps"].items()}
            for name, spent in steps.items():
                told(name, spent)
            most = max(spent.memory for spent in steps.values())
            told("in all", Spent(day.processor, day.wall, most))
    finally:
        if options.keep is None:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
