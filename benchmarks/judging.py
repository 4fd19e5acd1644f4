"""How fast is judging? `python -m benchmarks.judging FILE [--before DIRECTORY]`.

One run measures, as processor seconds and as ratios: reading a PubMed file; judging all its
records inside the transaction that loads them, as a run does; judging only those the searches
find; judging again when one record changed; each kind of judgement alone. With --before the same
file is judged by another checkout (of a commit before judge_record, such as 9714b4b) in between.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.claim_finding import claims_of
from pipeline.evidence.faceting import facets_of
from pipeline.evidence.judge import judge
from pipeline.evidence.record import READ, read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.registrations import registrations_of
from pipeline.evidence.study_types import types_of
from pipeline.evidence.topics import found_by, topics_of
from pipeline.settings import ROOT
from pipeline.warehouse import database, load, stage
from pipeline.warehouse.fingerprint import schema_files

REFERENCE = ROOT / "data" / "reference"
_LOADED_AT = datetime(2000, 1, 1)  # noqa: DTZ001  (naive UTC, as every _at column)
_BEFORE = """
import sys, time
from datetime import datetime
from pathlib import Path
import duckdb
from pipeline.evidence.judge import judge
from pipeline.warehouse import database, load, stage
con = duckdb.connect()
database.configure(con)
for path in database.schema_files(Path("sql")):
    con.execute(path.read_text(encoding="utf-8"))
stage.create_staging(con)
stage.stage_file(con, sys.argv[1], raw_file=None, stamp="before")
con.execute("BEGIN")
load.merge(con, datetime(2000, 1, 1))
used = time.process_time()
judge(con, Path("data/reference"))
print(time.process_time() - used)
"""


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of some work."""
    used = time.process_time()
    work()
    return time.process_time() - used


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory."""
    con = duckdb.connect()
    database.configure(con)
    for path in schema_files(ROOT / "sql"):
        con.execute(path.read_text(encoding="utf-8"))
    stage.create_staging(con)
    return con


def tell(name: str, used: float, rest: str = "") -> None:
    """One line of the result."""
    print(f"  {name:44s} {used:8.2f} s processor  {rest}")


def alone(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """Each kind of judgement by itself, over records that are in memory."""
    spent: dict[str, float] = {}
    count = 0
    began = time.process_time()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        used = time.process_time()
        made = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - used
        return made

    for record in chain.from_iterable(read_records(con, "core")):
        count += 1
        units = record.units(reference.language)
        tags = record.tags()
        timed("cutting into zones", lambda u=units: [unit.forms["outcome"] for unit in u])
        topics = timed("topics", lambda u=units, t=tags: topics_of(reference.topics, u, t))
        types = timed(
            "study types",
            lambda r=record, u=units, t=tags: types_of(reference.study_types, r, u, t),
        )
        timed(
            "facets",
            lambda r=record, u=units, t=tags, o=topics, y=types: facets_of(
                reference.facets,
                r,
                u,
                t,
                topics={hit.topic for hit in o.hits},
                labels=y.labels,
                aspects=y.aspects,
                type_proofs=y.proofs,
            ),
        )
        timed(
            "registrations",
            lambda r=record, u=units: registrations_of(reference.registries, r, u),
        )
        timed(
            "claims",
            lambda u=units, t=tags, o=topics, y=types: claims_of(
                reference.claims, u, t, topics=o.hits, labels=y.labels
            ),
        )
    spent["reading records, and the rest"] = time.process_time() - began - sum(spent.values())
    for name, used in spent.items():
        tell(f"  {name}", used, f"{count / used:8.0f} records a second" if used else "")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="a PubMed XML file")
    parser.add_argument("--before", type=Path, help="a checkout to compare with")
    options = parser.parse_args()
    reference = Reference.load(REFERENCE)
    con = warehouse()
    read = seconds(
        lambda: stage.stage_file(con, options.file, raw_file=None, stamp=options.file.name)
    )
    tell("reading the file", read)
    con.execute("BEGIN")
    load.merge(con, _LOADED_AT)
    whole = seconds(lambda: judge(con, reference))
    (count,) = con.execute("SELECT count(*) FROM core.articles").fetchall()[0]
    tell(f"judging all {count} records", whole, f"{whole / read:.2f} of reading")
    con.execute("COMMIT")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  memory at most {memory:.0f} MB, staging and warehouse in memory included")
    con.execute(
        "UPDATE core.articles SET title = title || '!' "
        "WHERE pmid = (SELECT max(pmid) FROM core.articles)"
    )
    tell("judging again, one record changed", seconds(lambda: judge(con, reference)))
    alone(con, reference)
    records = chain.from_iterable(read_records(con, "core"))
    searches = reference.topics.searches
    found = list(found_by(searches, reference.topics, reference.language, records))
    for table in READ:
        con.execute(f"DELETE FROM core.{table} WHERE NOT list_contains(?, pmid)", [found])  # noqa: S608
    con.execute("DELETE FROM ops.judged")
    fresh = Reference.load(REFERENCE)
    some = seconds(lambda: judge(con, fresh))
    tell(f"judging the {len(found)} the searches find", some, f"{some / read:.2f} of reading")
    if options.before:
        command = [sys.executable, "-c", _BEFORE, str(options.file.resolve())]
        done = subprocess.run(
            command,
            cwd=options.before,
            env={"PYTHONPATH": str(options.before.resolve()), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        before = float(done.stdout)
        tell("judging all, as it was before", before, f"now {whole / before:.2f} of it")


if __name__ == "__main__":
    main()
