"""How merging grows in `bulk-load --all`: parts of real files, multiplied to many records.

`python -m benchmarks.whole_files DIRECTORY COUNT...` reads and judges the files of a directory as
workers do (what an earlier run read is taken up), and merges them into a new warehouse, once for
each COUNT of records, in the run's one transaction: load, judge (what workers judged is taken in)
and commit. Where there are fewer records than COUNT, the parts are repeated under new PMIDs, DOIs
and numbers of registrations; all other rows are those of the files, byte for byte.

Processor seconds and the peak of memory are those of a process of its own.
"""

# SQL here is made of names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb

from benchmarks.measured import cost, here
from pipeline.evidence.judge import judge
from pipeline.evidence.reference import Reference
from pipeline.evidence.whole_file import JUDGED, take_judged
from pipeline.scan import Scan, Scans
from pipeline.settings import ROOT, Settings
from pipeline.storage import literal
from pipeline.warehouse import database, fingerprint, load
from pipeline.warehouse.parts import Part, stage_parts
from pipeline.whole_files import WholeFileReader

APART = 1_000_000
"""Between the PMIDs of two copies: more than PMIDs of a benchmark's files lie apart."""
_ARTICLES = "core.articles.parquet"
_REGISTRATIONS = "judged.registrations.parquet"
_OF_COPY = {
    _ARTICLES: "pmid + {0} AS pmid, doi || '.{1}' AS doi, "
    "md5(record_sha256 || '{1}') AS record_sha256",
    _REGISTRATIONS: "number || '.{1}' AS number",
}
"""What differs in a copy; child tables name records by number, so that they stay as they are."""


def read(directory: Path, parts: Path) -> list[Scan]:
    """Read and judge the files of a directory."""
    reference = Reference.load(ROOT / "data" / "reference")
    key = f"{fingerprint.parser_version()} {reference.sha256}"
    scans = Scans(parts, hashlib.sha256(key.encode()).hexdigest())
    reader = WholeFileReader(reference, (), (), scans)
    return [reader.scan(path) for path in sorted(directory.glob("*.xml.gz"))]


def repeat(scans: list[Scan], parts: Path, target: Path, count: int) -> list[Part]:
    """Parts of `count` records or a few more."""
    found: list[Part] = []
    records = 0
    with duckdb.connect() as con:
        while records < count:
            copy, place = divmod(len(found), len(scans))
            scan = scans[place]
            directory = target / f"{len(found):05d}"
            directory.mkdir()
            for file in (parts / scan.body).iterdir():
                if file.name in _OF_COPY and copy:
                    columns = _OF_COPY[file.name].format(copy * APART, copy)
                    con.execute(
                        f"COPY (SELECT * REPLACE ({columns}) FROM {literal(file)}) "
                        f"TO {literal(directory / file.name)} (FORMAT parquet)"
                    )
                else:
                    (directory / file.name).symlink_to(file.absolute())
            stamp = f"pubmed26n{len(found) + 1:04d}"
            found.append(Part(directory, f"in_place/{stamp}", stamp, 0, scan.unreadable))
            records += scan.read
    return found


def merge(directory: Path, parts: Path, count: int) -> dict[str, float]:
    """Merge that many records into a new warehouse; processor seconds of each step."""
    reference = Reference.load(ROOT / "data" / "reference")
    scans = read(directory, parts)
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=parts.parent) as name:
        base = Path(name)
        repeated = repeat(scans, parts, base, count)
        con = database.connect(Settings(base), "archive:many", datetime(2026, 1, 1))  # noqa: DTZ001
        began = time.process_time()

        def took(step: str) -> None:
            nonlocal began
            told[step] = round(time.process_time() - began, 2)
            print(step, told[step], file=sys.stderr, flush=True)
            began = time.process_time()

        staged = stage_parts(con, repeated, [table.partition(".")[2] for table in JUDGED])
        con.execute("BEGIN")
        load.merge(con, datetime(2026, 1, 1))  # noqa: DTZ001
        took("load")
        judge(con, reference, load.changed(con), take_judged)
        took("judge")
        con.execute("COMMIT")
        took("commit")
        con.execute("CHECKPOINT")
        con.close()
        path = Settings(base).warehouse("archive:many")
        told |= {"records": staged.records, "MB": path.stat().st_size / 1e6}
    return told


def main() -> None:
    """One count in this process, or each in one of its own."""
    directory, parts = Path(sys.argv[1]), Path(sys.argv[1]).with_suffix(".parts")
    counts = [int(one) for one in sys.argv[2:]]
    if "KETUM_MERGE" in os.environ:
        print(json.dumps(merge(directory, parts, counts[0])))
        return
    for count in counts:
        found = cost(here("whole_files", directory, count), KETUM_MERGE="yes")
        print(count, dict(found.told), f"{found.memory:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
