"""How merging grows in `bulk-load --all`: parts of real files, multiplied to many records.

`python -m benchmarks.whole_files DIRECTORY COUNT... [--days FILE N]` reads and judges the files of
a directory as workers do (what an earlier run read is taken up), and merges them into a new
warehouse, once for each COUNT of records, in the run's one transaction: load, judge (what workers
judged is taken in) and commit. Where there are fewer records than COUNT, the parts are repeated
under new PMIDs, DOIs and numbers of registrations; all other rows are those of the files.

With --days, N days of records of FILE follow (new, revised, deleted, new versions: many_records),
each read, merged and judged by itself; then all files are merged at once into another warehouse,
and every table of core and evidence must hold the same rows there. The files of DIRECTORY must be
of many_records for that.

Processor seconds and the peak of memory are those of a process of its own, a phase each.
"""

# SQL here is made of names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.many_records import Source, write_day
from benchmarks.measured import cost, here
from pipeline.evidence.judge import judge
from pipeline.evidence.judged_files import Part, stage_parts, take_judged
from pipeline.evidence.reference import Reference
from pipeline.many_files import stamp
from pipeline.scan import Scan, Scans
from pipeline.settings import ROOT, Settings
from pipeline.storage import literal
from pipeline.warehouse import database, load
from pipeline.whole_files import WholeFileReader

DAY = 3_000
_FIRST_DAY = datetime(2026, 1, 1)  # noqa: DTZ001
_ARTICLES = "core.articles.parquet"
_REGISTRATIONS = "judged.registrations.parquet"
_OF_COPY = {
    _ARTICLES: "pmid + {0} AS pmid, doi || '.{1}' AS doi, "
    "md5(record_sha256 || '{1}') AS record_sha256",
    _REGISTRATIONS: "number || '.{1}' AS number",
}
"""What differs in a copy; child tables name records by number, so that they stay as they are."""


class Bench:
    """Parts of files, and warehouses made of them.

    Args:
        parts: where what was read of files lies.
        place: of the parts of copies, and of the warehouses.
    """

    def __init__(self, parts: Path, place: Path) -> None:
        self.reference = Reference.load(ROOT / "data" / "reference")
        self._scans = Scans.looking_for(parts, self.reference.sha256)
        self._parts, self.place = parts, place

    def read(self, files: Sequence[Path]) -> list[Scan]:
        """Read and judge files, or take up what was read of them."""
        reader = WholeFileReader(self.reference, (), (), self._scans)
        return [reader.scan(path) for path in files]

    def days(self) -> list[Part]:
        """The parts of the days, each read when it is its turn."""
        return [
            Part(self._parts / scan.body, f"in_place/{stamp(path)}", stamp(path), scan.deletions, 0)
            for path in sorted((self.place / "days").glob("*.xml.gz"))
            for scan in self.read([path])
        ]

    def repeated(self, directory: Path, count: int) -> list[Part]:
        """Parts of `count` records or a few more, made where they are not there."""
        scans = self.read(sorted(directory.glob("*.xml.gz")))
        bodies = [literal(self._parts / scan.body / _ARTICLES) for scan in scans]
        found: list[Part] = []
        records = 0
        with duckdb.connect() as con:
            ((apart,),) = con.execute(
                f"SELECT max(pmid) - min(pmid) + 1 FROM read_parquet([{', '.join(bodies)}])"
            ).fetchall()
            while records < count:
                copy, number = divmod(len(found), len(scans))
                scan = scans[number]
                target = self.place / "copies" / f"{len(found):05d}"
                if not target.exists():
                    _copy(con, self._parts / scan.body, target, copy, apart)
                name = f"pubmed26n{len(found) + 1:04d}"
                found.append(Part(target, f"in_place/{name}", name, 0, scan.unreadable))
                records += scan.read
        return found

    def warehouse(self, name: str) -> tuple[duckdb.DuckDBPyConnection, Path]:
        """A warehouse, made where it is not there."""
        settings = Settings(self.place / name)
        con = database.connect(settings, "archive:many", _FIRST_DAY)
        return con, settings.warehouse("archive:many")

    def merge(
        self, con: duckdb.DuckDBPyConnection, parts: Sequence[Part], at: datetime
    ) -> dict[str, float]:
        """Merge parts in one transaction; processor seconds of each step."""
        told: dict[str, float] = {}
        began = time.process_time()

        def took(step: str) -> None:
            nonlocal began
            told[step] = round(time.process_time() - began, 2)
            print(step, told[step], file=sys.stderr, flush=True)
            began = time.process_time()

        staged = stage_parts(con, parts)
        con.execute("BEGIN")
        load.merge(con, at)
        took("load")
        judge(con, self.reference, load.changed(con), take_judged)
        took("judge")
        con.execute("COMMIT")
        took("commit")
        return {"records": staged.records, **told}


def _copy(
    con: duckdb.DuckDBPyConnection, source: Path, target: Path, copy: int, apart: int
) -> None:
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.name in _OF_COPY and copy:
            columns = _OF_COPY[file.name].format(copy * apart, copy)
            con.execute(
                f"COPY (SELECT * REPLACE ({columns}) FROM {literal(file)}) "
                f"TO {literal(target / file.name)} (FORMAT parquet)"
            )
        else:
            (target / file.name).symlink_to(file.absolute())


def rows_held(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """A query for the rows of each table of core and evidence, without when they came.

    Texts of records that were deleted in between are left out: those were held meanwhile, or not.
    """
    tables = con.execute(
        """
        SELECT schema_name || '.' || table_name,
            list(column_name) FILTER (suffix(column_name, '_at') OR column_name = 'source_stamp'),
            bool_or(column_name = 'content_sha')
        FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name IN ('core', 'evidence')
            AND table_name IN (SELECT table_name FROM duckdb_tables())
        GROUP BY ALL
        """
    ).fetchall()
    queries: dict[str, str] = {}
    for table, times, is_revisions in tables:
        left_out = f"EXCLUDE ({', '.join(times)})" if times else ""
        where = "WHERE pmid NOT IN (SELECT pmid FROM core.deleted_citations)" * is_revisions
        queries[table] = f"SELECT * {left_out} FROM {table} {where}"
    return queries


def held(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """The number of rows of each table of core and evidence, and a fingerprint of them."""
    return {
        table: con.execute(
            f"SELECT count(*), bit_xor(hash(one)), sum(hash(one)::HUGEINT) FROM ({rows}) AS one"
        ).fetchall()
        for table, rows in rows_held(con).items()
    }


def _load(bench: Bench, options: argparse.Namespace) -> dict[str, object]:
    parts = bench.repeated(options.directory, options.counts[0])
    con, path = bench.warehouse("days")
    told: dict[str, object] = {**bench.merge(con, parts, _FIRST_DAY)}
    con.execute("CHECKPOINT")
    return {**told, "MB": path.stat().st_size / 1e6}


def _days(bench: Bench, options: argparse.Namespace) -> dict[str, object]:
    con, path = bench.warehouse("days")
    told = [
        bench.merge(con, [part], _FIRST_DAY + timedelta(days=number))
        for number, part in enumerate(bench.days(), 1)
    ]
    con.execute("CHECKPOINT")
    return {"days": told, "MB": path.stat().st_size / 1e6}


def _whole(bench: Bench, options: argparse.Namespace) -> dict[str, object]:
    con, _ = bench.warehouse("whole")
    parts = [*bench.repeated(options.directory, options.counts[0]), *bench.days()]
    bench.merge(con, parts, _FIRST_DAY)
    in_one = held(con)
    con.close()
    in_days = held(bench.warehouse("days")[0])
    return {
        "differ": [name for name in in_one if in_one[name] != in_days[name]],
        "rows": {name: found[0][0] for name, found in in_one.items()},  # type: ignore[index]
    }


_PHASES = {"load": _load, "days": _days, "whole": _whole}


def main() -> None:
    """One count and phase in this process, or each in one of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    parser.add_argument("counts", type=int, nargs="+")
    parser.add_argument("--days", nargs=2, metavar=("FILE", "N"))
    parser.add_argument("--phase", choices=_PHASES, help="this alone, in this process")
    parser.add_argument("--place", type=Path, help="of this phase")
    options = parser.parse_args()
    parts = options.directory.with_suffix(".parts")
    if options.phase:
        print(json.dumps(_PHASES[options.phase](Bench(parts, options.place), options)))
        return
    for count in options.counts:
        with tempfile.TemporaryDirectory(dir=parts.parent) as name:
            place = Path(name)
            if options.days:
                (place / "days").mkdir()
                source, days = Source(Path(options.days[0]), is_short=True), int(options.days[1])
                for day in range(days):
                    write_day(source, place / "days", day, DAY, count, is_spread=False)
            for phase in _PHASES if options.days else ["load"]:
                found = cost(
                    here(
                        "whole_files", options.directory, count, "--phase", phase, "--place", place
                    )
                )
                print(count, phase, dict(found.told), f"{found.memory:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
