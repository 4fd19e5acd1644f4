"""Judging the records of a PubMed file, beside reading them.

`python -m benchmarks.judging FILE` is one run: reading; judging all records inside the transaction
that loads them, as a run does, by one process and, once more, by as many as a run takes; judging
again when one record changed; each kind of judgement alone; judging only those the searches find.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from itertools import chain, islice
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
        notes=[
            f"Memory at most {found.memory:.0f} MB, the warehouse in memory included.",
            "Judging all records by the clock: "
            + ", ".join(f"{who} {wall:.1f} s" for who, wall in found.told["walls"].items()),
        ],
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
    from pipeline.evidence.facet_finding import asked_of, facets_of, scope_of
    from pipeline.evidence.judge import TOGETHER
    from pipeline.evidence.record import read_records
    from pipeline.evidence.registrations import registrations_of
    from pipeline.evidence.study_types import types_of_all
    from pipeline.evidence.topics import topics_of_all
    from pipeline.rules.decide import Asked

    spent: dict[str, float] = {}
    began = time.process_time()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        used = time.process_time()
        made = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - used
        return made

    def facets_of_all(records: Any, asked: Any, topics: Any, types: Any) -> None:
        facets = reference.facets
        scopes = [
            scope_of(facets, {hit.topic for hit in on.hits}, of.labels)
            for on, of in zip(topics, types, strict=True)
        ]
        asked = [asked_of(facets, *one) for one in zip(scopes, records, asked, strict=True)]
        outcomes = facets.matcher.run_all(asked)
        for record, scope, one, outcome, of in zip(
            records, scopes, asked, outcomes, types, strict=True
        ):
            facets_of(
                facets, record, scope, one, outcome, aspects=of.aspects, type_proofs=of.proofs
            )

    everything = chain.from_iterable(read_records(con, "core"))
    while records := list(islice(everything, TOGETHER)):
        asked = [Asked(record.units(reference.language), record.tags()) for record in records]
        of_all = (records, asked)
        timed(
            "cutting into zones",
            lambda a=asked: [unit.forms["outcome"] for one in a for unit in one.units],
        )
        topics = timed("topics", lambda a=asked: topics_of_all(reference.topics, a))
        types = timed("study types", lambda a=of_all: types_of_all(reference.study_types, *a))
        timed("facets", lambda a=(*of_all, topics, types): facets_of_all(*a))
        timed(
            "registrations",
            lambda a=of_all: [
                registrations_of(reference.registries, record, one.units)
                for record, one in zip(*a, strict=True)
            ],
        )
        timed(
            "claims",
            lambda a=(asked, topics, types): [
                claims_of(reference.claims, one.units, one.tags, topics=on.hits, labels=of.labels)
                for one, on, of in zip(*a, strict=True)
            ],
        )
    spent["reading records, and the rest"] = time.process_time() - began - sum(spent.values())
    return spent


def main() -> None:
    """One run."""
    import duckdb

    from pipeline.evidence import judge as judging
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
    many, judging.MANY = judging.MANY, sys.maxsize  # time is that of this process alone
    began = time.perf_counter()
    whole = _seconds(lambda: judging.judge(con, reference))
    walls = {"one process": time.perf_counter() - began}
    (count,) = con.execute("SELECT count(*) FROM core.articles").fetchall()[0]
    con.execute("COMMIT")
    con.execute("BEGIN")
    con.execute("DELETE FROM ops.judged")
    judging.MANY = many
    began = time.perf_counter()
    judging.judge(con, reference)
    processes = min(judging.processors(), judging.MOST_PROCESSES)
    walls[f"{processes} processes"] = time.perf_counter() - began
    con.execute("ROLLBACK")
    judging.MANY = sys.maxsize
    con.execute(
        "UPDATE core.articles SET title = title || '!' "
        "WHERE pmid = (SELECT max(pmid) FROM core.articles)"
    )
    again = _seconds(lambda: judging.judge(con, reference))
    rows = [
        ("reading the file", read, count),
        ("judging all records", whole, count),
        ("judging again, one record changed", again, 1),
    ]
    rows += [(f"alone: {name}", used, count) for name, used in _alone(con, reference).items()]
    records = list(chain.from_iterable(read_records(con, "core")))
    searches = reference.topics.searches
    found = found_by(searches, reference.topics, reference.language, records)
    for table in READ:
        con.execute(f"DELETE FROM core.{table} WHERE NOT list_contains(?, pmid)", [found])  # noqa: S608
    con.execute("DELETE FROM ops.judged")
    fresh = Reference.load(directory)
    some = _seconds(lambda: judging.judge(con, fresh))
    rows.append((f"judging the {len(found)} that the searches find", some, len(found)))
    print(json.dumps({"rows": rows, "count": count, "walls": walls}))


if __name__ == "__main__":
    main()
