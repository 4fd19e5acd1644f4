"""How fast are facets, registrations and study groups? `python -m benchmarks.facets FILE...`.

Study types first, as benchmarks/study_types.py measures them; then what this adds for the same
records: facets with their proofs, registrations, groups; beside the bare floor, the same patterns
on the same folded texts in one SELECT a zone with nothing kept. Then the growth: half the records,
and half the rules. Runs are interleaved; wall and processor seconds are medians, ratios are taken
within one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.study_types import bare, loaded, part_of
from pipeline.evidence.faceting import judge_facets
from pipeline.evidence.facets import Facets, load_facets
from pipeline.evidence.judge import judge
from pipeline.evidence.overrides import load_overrides
from pipeline.evidence.registrations import find_registrations, load_registries
from pipeline.evidence.study_groups import group_studies
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT

REFERENCE = ROOT / "data" / "reference"


def halved(facets: Facets) -> Facets:
    """The same facets with every second rule."""
    rules = dataclasses.replace(facets.rules, rules=facets.rules.rules[::2])
    return dataclasses.replace(facets, rules=rules)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    con = loaded(arguments.files)
    judge(con, REFERENCE)
    study_types = load_study_types(REFERENCE / "study_types.toml")
    facets = load_facets(REFERENCE / "facets.toml", study_types, ["kratom", "pain"])
    overrides = load_overrides(REFERENCE / "overrides.toml", study_types.codes(), facets)
    registries = load_registries(REFERENCE / "registries.toml")
    half = part_of(con, 2)

    def facets_of(some: Facets, schema: str) -> None:
        build_units(con, schema)
        begun.append((time.perf_counter(), time.process_time()))
        judge_facets(con, some, study_types, overrides, schema)

    def bare_select() -> None:
        # Directly after "facets": the units are those of records that have facets at all.
        begun.append((time.perf_counter(), time.process_time()))
        bare(con, facets.rules)

    def registrations_and_groups() -> None:
        begun.append((time.perf_counter(), time.process_time()))
        find_registrations(con, registries, "core")
        group_studies(con, registries, "kratom", "core")

    begun: list[tuple[float, float]] = []
    works: dict[str, Callable[[], None]] = {
        "facets": lambda: facets_of(facets, "core"),
        "bare SELECT": bare_select,
        "facets, half the records": lambda: facets_of(facets, half),
        "facets, half the rules": lambda: facets_of(halved(facets), "core"),
        "registrations and groups": registrations_and_groups,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(arguments.rounds):
        for name, work in works.items():
            work()
            wall, processor = begun.pop()
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    records, told = _counts(con)
    print(f"{records} records, {told} of them have facets, {len(facets.rules.rules)} rules")
    for name, times in taken.items():
        wall = statistics.median(one for one, _ in times)
        processor = statistics.median(one for _, one in times)
        print(f"{name:28} {wall:6.1f} s wall  {processor:6.1f} s processor")
    whole = [used for _, used in taken["facets"]]
    for name in ("bare SELECT", "facets, half the records", "facets, half the rules"):
        parts = [used / all_ for (_, used), all_ in zip(taken[name], whole, strict=True)]
        print(f"{name}: {statistics.median(parts):.2f} of the facets' processor seconds")


def _counts(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = con.execute(
        "SELECT (SELECT count(*) FROM core.articles), count(DISTINCT pmid) "
        "FROM evidence.article_facets"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


if __name__ == "__main__":
    main()
