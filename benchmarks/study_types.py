"""How fast are the study types? One command: `python -m benchmarks.study_types FILE...`.

Everything the judging of study types does for every record of the files (text units, signals,
rules, places of the words, labels) beside the bare floor: the same patterns on the same folded
texts, each tried everywhere its zones allow, in one SELECT a zone on two threads, with nothing
kept. Then the growth with records and with rules. Runs are interleaved; wall and processor
seconds are medians, ratios are taken within one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.evidence.assigning import assign
from pipeline.evidence.folding import sql_string
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.rules import RuleSet
from pipeline.evidence.study_types import StudyTypes, load_study_types
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT
from pipeline.warehouse import database, load, stage


def loaded(files: list[Path]) -> duckdb.DuckDBPyConnection:
    """The files' records in core, in memory, on two threads."""
    con = duckdb.connect()
    database.configure(con)
    con.execute("SET threads = 2; SET preserve_insertion_order = false; SET memory_limit = '6GB'")
    for path in database.schema_files(ROOT / "sql"):
        con.execute(path.read_text(encoding="utf-8"))
    stage.create_staging(con)
    for path in files:
        stage.stage_file(con, path, raw_file=None, stamp=path.name)
        load.merge(con, datetime(2000, 1, 1))  # noqa: DTZ001
        stage.empty_staging(con)
    return con


def bare(con: duckdb.DuckDBPyConnection, rules: RuleSet) -> None:
    """Every pattern on every text of its zones; the units are there already."""
    by_zone: dict[str, list[str]] = {}
    for signal in rules.signals():
        if signal.kind == "text":
            for zone in signal.zones:
                by_zone.setdefault(zone, []).append(signal.value)
    for zone, patterns in by_zone.items():
        found = ", ".join(
            f"count(*) FILTER (regexp_matches(judged, {sql_string(regular_expression(p))}))"
            for p in patterns
        )
        con.execute(f"SELECT {found} FROM evidence_units WHERE zone = '{zone}'").fetchall()  # noqa: S608


def part_of(con: duckdb.DuckDBPyConnection, share: int) -> str:
    """A schema that presents every `share`-th record."""
    schema = f"part_{share}"
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    tables = con.execute(
        "SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'core' "
        "AND column_name = 'pmid' AND database_name = current_database()"
    ).fetchall()
    for (table,) in tables:
        con.execute(
            f"CREATE OR REPLACE TABLE {schema}.{table} AS "  # noqa: S608
            f"SELECT * FROM core.{table} WHERE abs(pmid) // 2 % {share} = 0"
        )
    return schema


def half_of(study_types: StudyTypes) -> StudyTypes:
    """Every second rule that gives a type, and all aspects and flags."""
    kept = study_types.type_rules()[::2]
    rules = (*kept, *study_types.rules.rules[study_types.type_count :])
    return dataclasses.replace(
        study_types,
        type_count=len(kept),
        rules=dataclasses.replace(study_types.rules, rules=rules),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="PubMed XML files, .gz")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    con = loaded(options.files)
    study_types = load_study_types(ROOT / "data" / "reference" / "study_types.toml")
    half = half_of(study_types)
    schemas = {2: part_of(con, 2), 4: part_of(con, 4)}
    subjects: dict[str, Callable[[], object]] = {
        "text units": lambda: build_units(con, "core"),
        "bare SELECT": lambda: bare(con, study_types.rules),
        "types, half the rules": lambda: assign(con, half, "core"),
        "types": lambda: assign(con, study_types, "core"),
    }
    for share, schema in schemas.items():
        subjects[f"units, 1/{share} of the records"] = lambda s=schema: build_units(con, s)  # type: ignore[misc]
        subjects[f"types, 1/{share} of the records"] = lambda s=schema: assign(con, study_types, s)  # type: ignore[misc]
    wall: dict[str, list[float]] = {name: [] for name in subjects}
    processor: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(options.runs):
        for name, subject in subjects.items():
            began, used = time.perf_counter(), time.process_time()
            subject()
            wall[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - used)
    build_units(con, "core")
    records, characters = con.execute(
        "SELECT count(DISTINCT pmid), sum(length(judged)) FROM evidence_units"
    ).fetchall()[0]
    patterns = sum(signal.kind == "text" for signal in study_types.rules.signals())
    print(
        f"{records} records, {characters / 1e6:.1f} million characters, "
        f"{len(study_types.rules.rules)} rules with {patterns} patterns; {options.runs} runs"
    )
    for name in subjects:
        seconds, cpu = statistics.median(wall[name]), statistics.median(processor[name])
        print(f"  {name:28s} {seconds:7.2f} s wall {cpu:7.2f} s processor")
    whole = [a + b for a, b in zip(wall["text units"], wall["types"], strict=True)]
    whole_cpu = [a + b for a, b in zip(processor["text units"], processor["types"], strict=True)]
    floor = [a + b for a, b in zip(wall["text units"], wall["bare SELECT"], strict=True)]
    per_rule = 1000 * statistics.median(whole_cpu) / len(study_types.rules.rules)
    ratios = zip(wall["types"], wall["bare SELECT"], whole, floor, strict=True)
    types_alone, with_units = zip(*((a / b, c / d) for a, b, c, d in ratios), strict=True)
    print(
        f"records per second: {records / statistics.median(whole):.0f} (wall), "
        f"{2 * records / statistics.median(whole_cpu):.0f} (on two free processors)\n"
        f"a rule and million characters: {per_rule / characters * 1e6:.2f} ms of processor\n"
        f"ratio to the bare SELECT: {statistics.median(types_alone):.2f} (types alone), "
        f"{statistics.median(with_units):.2f} (with text units)"
    )


if __name__ == "__main__":
    main()
