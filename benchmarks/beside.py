"""Files read by one process and by two, on records of a PubMed file under new PMIDs.

`python -m benchmarks.beside DIRECTORY PROCESSES` is one run: `bulk-load --match kratom` up to the
warehouse, which is what workers do.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.many_records import Source, write
from benchmarks.measured import Cost, Table, here, medians

FILES = 8


def section(path: Path, runs: int) -> Table:
    """Measure both in turn."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        count = _write(path, directory)
        commands = {str(number): here("beside", directory, number) for number in (1, 2)}
        costs = medians(commands, runs)
    one, two = costs["1"], costs["2"]
    assert isinstance(one, Cost), one
    assert isinstance(two, Cost), two
    table = Table(
        f"--match kratom, {FILES} files of {count:,} records (real ones, new PMIDs): "
        f"medians of {runs} runs in turn",
        ["processes", "wall s", "processor s", "of it the parent's", "MB a process"],
    )
    for label, found in costs.items():
        assert isinstance(found, Cost)
        seconds = (found.told["wall"], found.processor, found.told["parent"])
        numbers = [f"{number:.2f}" for number in seconds]
        table.rows.append([label, *numbers, f"{found.memory:.0f}"])
    parent = two.told["parent"]
    bound = one.processor / (parent + (two.processor - parent) / 2)
    by_clock = one.told["wall"] / two.told["wall"]
    table.notes = [
        f"Two processes were {by_clock:.2f} times one by the clock, which means something only "
        "where nothing else runs on this machine. Computed from processor time, "
        f"with a core each: {bound:.2f} times; what the workers need to begin is in it."
    ]
    return table


def _write(path: Path, directory: Path) -> int:
    """Files without a record in common; returns how many records each has."""
    source = Source(path)
    size = len(source.pmids)
    for number in range(FILES):
        records = (source.record(one) for one in range(number * size, (number + 1) * size))
        write(directory / f"pubmed26n{number + 1:04d}.xml.gz", records)
    return size


def main() -> None:
    """One run."""
    from pipeline import many_files
    from pipeline.evidence.reference import Reference
    from pipeline.scan import Scans
    from pipeline.settings import ROOT

    directory, processes = Path(sys.argv[1]), int(sys.argv[2])
    reference = Reference.load(ROOT / "data" / "reference")
    searches = [search for search in reference.topics.searches if search.name == "kratom"]
    with tempfile.TemporaryDirectory() as name:
        scans = Scans(Path(name), "b" * 64)
        files = sorted(directory.glob("*.xml.gz"))
        began, used = time.perf_counter(), time.process_time()
        many_files.scan_all(files, reference, searches, (), scans, processes)
        wall, parent = time.perf_counter() - began, time.process_time() - used
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = parent + workers.ru_utime + workers.ru_stime
    print(json.dumps({"processor": processor, "parent": parent, "wall": wall}))


if __name__ == "__main__":
    main()
