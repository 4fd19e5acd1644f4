"""Judging the records of a PubMed file, beside reading them.

`python -m benchmarks.judging FILE` is one run: reading; judging all records inside the transaction
that loads them, as a run does; judging again when one record changed; each kind of judgement alone;
judging only those the searches find.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.measured import Table, cost, here

_LOADED_AT = datetime(2000, 1, 1)  # noqa: DTZ001  (naive UTC, as every _at column)


def section(path: Path) -> Table:
    """Measure in a process of its own."""
    found = cost(here("judging", path))
    read = found.told["rows"][0][1]
    table = Table(
        f"Judging {found.told['count']:,} records of {path.name}: one run",
        ["what", "processor s", "x reading", "records a second"],
        notes=[f"Memory at most {found.memory:.0f} MB, the warehouse in memory included."],
    )
    for name, seconds, count in found.told["rows"]:
        rate = f"{count / seconds:,.0f}" if seconds else ""
        table.rows.append([name, f"{seconds:.2f}", f"{seconds / read:.2f}", rate])
    return table


def _seconds(work: Callable[[], object]) -> float:
    used = time.process_time()
    work()
    return time.process_time() - used


def _alone(con: Any, reference: Any) -> dict[str, float]:
    """Each kind of judgement by itself, over records that are in memory."""
    from pipeline.evidence.claim_finding import claims_of
    from pipeline.evidence.faceting import facets_of
    from pipeline.evidence.record import read_records
    from pipeline.evidence.registrations import registrations_of
    from pipeline.evidence.study_types import types_of
    from pipeline.evidence.topics import topics_of

    spent: dict[str, float] = {}
    began = time.process_time()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        used = time.process_time()
        made = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - used
        return made

    for record in chain.from_iterable(read_records(con, "core")):
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
    return spent


def main() -> None:
    """One run."""
    import duckdb

    from pipeline.evidence.judge import judge
    from pipeline.evidence.record import READ, read_records
    from pipeline.evidence.reference import Reference
    from pipeline.evidence.topics import found_by
    from pipeline.settings import ROOT
    from pipeline.warehouse import database, load, stage
    from pipeline.warehouse.fingerprint import schema_files

    path, directory = Path(sys.argv[1]), ROOT / "data" / "reference"
    reference = Reference.load(directory)
    con = duckdb.connect()
    database.configure(con)
    for script in schema_files(ROOT / "sql"):
        con.execute(script.read_text(encoding="utf-8"))
    stage.create_staging(con)
    read = _seconds(lambda: stage.stage_file(con, path, raw_file=None, stamp=path.name))
    con.execute("BEGIN")
    load.merge(con, _LOADED_AT)
    whole = _seconds(lambda: judge(con, reference))
    (count,) = con.execute("SELECT count(*) FROM core.articles").fetchall()[0]
    con.execute("COMMIT")
    con.execute(
        "UPDATE core.articles SET title = title || '!' "
        "WHERE pmid = (SELECT max(pmid) FROM core.articles)"
    )
    again = _seconds(lambda: judge(con, reference))
    rows = [
        ("reading the file", read, count),
        ("judging all records", whole, count),
        ("judging again, one record changed", again, 1),
    ]
    rows += [(f"alone: {name}", used, count) for name, used in _alone(con, reference).items()]
    records = chain.from_iterable(read_records(con, "core"))
    searches = reference.topics.searches
    found = list(found_by(searches, reference.topics, reference.language, records))
    for table in READ:
        con.execute(f"DELETE FROM core.{table} WHERE NOT list_contains(?, pmid)", [found])  # noqa: S608
    con.execute("DELETE FROM ops.judged")
    fresh = Reference.load(directory)
    some = _seconds(lambda: judge(con, fresh))
    rows.append((f"judging the {len(found)} that the searches find", some, len(found)))
    print(json.dumps({"rows": rows, "count": count}))


if __name__ == "__main__":
    main()
