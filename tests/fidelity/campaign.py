"""Spoilt files by the thousand, through a reader, through `update` in this process, or as commands.

    python -m tests.fidelity.campaign records 1000000 --seed a
    python -m tests.fidelity.campaign update 3000
    python -m tests.fidelity.campaign commands 300
    python -m tests.fidelity.campaign records 100000 --kind nbib

Prints every invariant that does not hold, with the seed that makes the file again, and how long it
took. Exit code 1 if there was any. docs/reliability.md has the figures of the last ones.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import KetumError
from pipeline.pubmed.records import open_records
from pipeline.settings import Options, Settings
from pipeline.storage import for_duckdb
from pipeline.update import run_update
from tests.conftest import the_database_alone

from .invariants import REFUSED, broken
from .mutate import NBIB, XML, Spoilt, spoil

BATCH = {"update": 500, "commands": 20}
SLOW = 5.0
"""Seconds one file may take; the usual one takes a thousandth of one."""


@dataclass(frozen=True)
class Case:
    """One spoilt file and what reading it alone gave."""

    seed: str
    spoilt: Spoilt
    end: str
    told: list[str]
    seconds: float


def cases(number: int, seed: str, kind: str, numbered: bool = False) -> Iterator[Case]:
    """Spoilt files, each read once; `numbered` gives no two records of them the same PMID."""
    for place in range(number):
        own = f"{seed}/{place}"
        spoilt = spoil(random.Random(own), kind, 1_000_000 + 10 * place if numbered else None)
        start = time.monotonic()
        try:
            end, told = broken(spoilt, kind)
        except Exception:
            end, told = "crashed", [traceback.format_exc()]
        yield Case(own, spoilt, end, told, time.monotonic() - start)


def through_update(
    given: list[Case], directory: Path, kind: str, as_commands: bool
) -> Iterator[str]:
    """Read files together with `update --from`; yields what does not hold of the warehouse.

    A file that is refused alone is given alone, and must be refused again.
    """
    readable = [case for case in given if case.end != REFUSED]
    groups = [readable] if readable else []
    groups += [[case] for case in given if case.end == REFUSED]
    for place, group in enumerate(groups):
        data = directory / f"data{place}"
        files = []
        for case in group:
            files.append(directory / f"{case.seed.replace('/', '-')}.{kind}")
            files[-1].write_bytes(case.spoilt.data)
        code, said = _run(data, files, as_commands)
        is_refused = group[0].end == REFUSED
        if code not in ((2, 3) if is_refused else (0,)) or "Traceback" in said:
            yield f"{', '.join(case.seed for case in group)}: exit {code}, {said[-2000:]}"
        elif not is_refused:
            yield from _not_held(data, group, files)


def _run(data: Path, files: list[Path], as_command: bool) -> tuple[int, str]:
    if as_command:
        program = "import sys; from pipeline.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", program, "update", "--from", *map(str, files)]
        environment = {**os.environ, "KETUM_DATA": str(data)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        return done.returncode, done.stderr
    os.environ["KETUM_DATA"] = str(data)
    try:
        run_update(Options(from_files=tuple(files)), Settings.from_environment())
    except KetumError as error:
        return error.exit_code, error.text()
    except Exception:
        return 1, traceback.format_exc()
    return 0, ""


def _not_held(data: Path, group: list[Case], files: list[Path]) -> Iterator[str]:
    """Records read alone that the warehouse lacks or holds otherwise, and bytes it did not keep."""
    path = (data / "published" / "latest" / "ketum.duckdb").resolve()
    with closing(duckdb.connect(for_duckdb(path), read_only=True)) as con:
        held = {
            row[0]: row[1:]
            for row in con.execute(
                "SELECT pmid, record_sha256, title, issue_year FROM core.articles"
            ).fetchall()
        }
        (aside,) = con.execute("SELECT count(*) FROM ops.quarantine").fetchall()[0]
    set_aside = 0
    for case, file in zip(group, files, strict=True):
        for batch in open_records(file):
            set_aside += len(batch.unreadable)
            for row in batch.tables["articles"]:
                pmid, title = row[1], row[5]
                if title and "kratom" in title.lower() and pmid >= 1_000_000:
                    found = held.get(pmid)
                    if found is None:
                        yield f"{case.seed}: PMID {pmid} was read and is not held"
                    elif found[1] != title:
                        yield f"{case.seed}: PMID {pmid} is held with another title"
    if aside < set_aside:
        yield f"{group[0].seed} and on: {set_aside} were set aside alone, {aside} are kept"


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("way", choices=("records", "update", "commands"))
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--kind", choices=(XML, NBIB), default=XML)
    asked = parser.parse_args()
    ends: Counter[str] = Counter()
    faults = 0
    start = time.monotonic()

    def tell(fault: str) -> None:
        nonlocal faults
        faults += 1
        print(fault, flush=True)

    waiting: list[Case] = []
    for case in cases(asked.number, asked.seed, asked.kind, asked.way != "records"):
        ends[case.end] += 1
        slow = [f"took {case.seconds:.1f} s"] if case.seconds > SLOW else []
        for fault in [*case.told, *slow]:
            tell(f"{case.seed} ({case.spoilt.what}): {fault}")
        if (done := sum(ends.values())) % 50_000 == 0:
            print(f"{done} files, {time.monotonic() - start:.0f} s, {dict(ends)}", flush=True)
        waiting.append(case)
        if asked.way == "records":
            waiting.clear()
        elif len(waiting) == BATCH[asked.way] or done == asked.number:
            with tempfile.TemporaryDirectory() as scratch, the_database_alone("marts"):
                for fault in through_update(
                    waiting, Path(scratch), asked.kind, asked.way == "commands"
                ):
                    tell(fault)
            waiting.clear()
    seconds = time.monotonic() - start
    print(f"{asked.number} files, {dict(ends)}, {faults} faults, {seconds:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
