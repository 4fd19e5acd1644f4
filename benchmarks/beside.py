"""Files read by one process and by two, on records of a PubMed file under new PMIDs.

`python -m benchmarks.beside DIRECTORY PROCESSES matching|counts` is one run: what workers do of
`bulk-load --match kratom` or `--counts`, up to the warehouse.

What two processes gain is computed from processor time, so that it holds on a busy machine: the
parent's own share is done by nobody else (Amdahl), and what two processes take together beyond what
one took, such as their start, is counted half.
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
from pipeline.file_counts import Counter
from pipeline.scan import FileReader, Scanner, Scans

FILES = 8
KINDS = {"matching": "--match kratom", "counts": "--counts"}
READERS: dict[str, type[FileReader]] = {"matching": Scanner, "counts": Counter}


def section(path: Path, runs: int) -> Table:
    """Measure one and two processes in turn, for each kind of reading."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        count = _write(path, directory)
        commands = {
            f"{KINDS[kind]}, {number}": here("beside", directory, number, kind)
            for kind in KINDS
            for number in (1, 2)
        }
        costs = medians(commands, runs)
    table = Table(
        f"{FILES} files of {count:,} records (real ones, new PMIDs): medians of {runs} runs",
        ["what, processes", "wall s", "processor s", "of it the parent's", "MB a process"],
    )
    for label, found in costs.items():
        assert isinstance(found, Cost), found
        seconds = (found.told["wall"], found.processor, found.told["parent"])
        numbers = [f"{number:.2f}" for number in seconds]
        table.rows.append([label, *numbers, f"{found.memory:.0f}"])
    for kind in KINDS.values():
        one, two = costs[f"{kind}, 1"], costs[f"{kind}, 2"]
        assert isinstance(one, Cost)
        assert isinstance(two, Cost)
        table.notes.append(gain(kind, one, two))
    table.notes.append(
        "The gain by the clock means something only where nothing else runs on this machine."
    )
    return table


def gain(kind: str, one: Cost, two: Cost) -> str:
    """A sentence on what two processes gain."""
    parent = two.told["parent"]
    bound = one.processor / (parent + (two.processor - parent) / 2)
    return (
        f"{kind}: two processes were {one.told['wall'] / two.told['wall']:.2f} times one by the "
        f"clock. Computed from processor time, with a core each: {bound:.2f} times; "
        f"{parent / two.processor:.1%} is the parent's, and two took "
        f"{two.processor - one.processor:.1f} s more than one, most of it their start."
    )


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
    from pipeline.settings import ROOT

    directory, processes = Path(sys.argv[1]), int(sys.argv[2])
    reference = Reference.load(ROOT / "data" / "reference")
    searches = [search for search in reference.topics.searches if search.name == "kratom"]
    with tempfile.TemporaryDirectory() as name:
        scans = Scans(Path(name), "b" * 64)
        files = sorted(directory.glob("*.xml.gz"))
        began, used = time.perf_counter(), time.process_time()
        many_files.scan_all(files, READERS[sys.argv[3]], reference, searches, (), scans, processes)
        wall, parent = time.perf_counter() - began, time.process_time() - used
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = parent + workers.ru_utime + workers.ru_stime
    print(json.dumps({"processor": processor, "parent": parent, "wall": wall}))


if __name__ == "__main__":
    main()
