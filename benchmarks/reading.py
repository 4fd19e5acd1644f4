"""Reading a PubMed file: what lxml alone must take, ours, and other people's programs.

`python -m benchmarks.reading SUBJECT FILE` is one run of one subject, in this process.
"""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measured import Cost, Table, here, medians, tell

if TYPE_CHECKING:
    from pipeline.scan import FileReader

FLOOR = "floor"
RECORDS_OF_PUBMED = 41_000_000
_PEERS = Path(__file__).with_name("peers.py")


def floor(path: Path) -> Callable[[], None]:
    """Bare lxml: iterparse from .gz by tag, each record cleared, nothing extracted."""
    from lxml import etree

    def work() -> None:
        with gzip.open(path) as stream:
            for _, element in etree.iterparse(stream, tag="PubmedArticle"):
                element.clear()

    return work


def parse(path: Path) -> Callable[[], None]:
    """Every table of core, as Python rows."""
    from pipeline.pubmed import records

    def work() -> None:
        for _ in records.read_batches(path):
            pass

    return work


def stage(path: Path) -> Callable[[], None]:
    """Every table of core, in DuckDB, committed."""
    import duckdb

    from pipeline.warehouse.stage import create_staging, stage_file

    def work() -> None:
        with duckdb.connect() as con:
            create_staging(con)
            stage_file(con, path, raw_file=path.name, stamp=path.name)

    return work


def match(path: Path) -> Callable[[], None]:
    """What `bulk-load --match kratom` does with a file."""
    from pipeline.scan import Scanner

    return _scan(path, Scanner)


def counts(path: Path) -> Callable[[], None]:
    """What `bulk-load --counts` does with a file."""
    from pipeline.file_counts import Counter

    return _scan(path, Counter)


def everything(path: Path) -> Callable[[], None]:
    """What `bulk-load --all` does with a file, up to the warehouse: judging is most of it."""
    from pipeline.whole_files import WholeFileReader

    return _scan(path, WholeFileReader)


def _scan(path: Path, reader: type[FileReader]) -> Callable[[], None]:
    from pipeline.scan import Scans
    from pipeline.settings import ROOT

    rules = reader.load_rules(ROOT / "data" / "reference")
    searches = [search for search in rules.topics.searches if search.name == "kratom"]

    def work() -> None:
        with tempfile.TemporaryDirectory() as directory:
            reader(rules, searches, (), Scans(Path(directory), "benchmark")).scan(path)

    return work


SUBJECTS = {
    FLOOR: ("floor: bare lxml from .gz, nothing extracted", floor),
    "parse": ("ketum, parsed: every field as rows", parse),
    "stage": ("ketum, parsed and staged in DuckDB", stage),
    "match": ("ketum, --match kratom", match),
    "counts": ("ketum, --counts", counts),
    "all": ("ketum, --all: parsed, judged, written", everything),
}
PEERS = {
    "xtract": "EDirect's xtract, seven fields",
    "pubmedparser2": "pubmedparser2, seven fields",
    "pubmed_parser": "pubmed_parser, all options",
    "biopython": "Bio.Entrez.read",
    "pubmed2db": "pubmed2db, parsed and loaded",
}


def commands(path: Path, peers: str) -> dict[str, list[str]]:
    """What to run by its label, of what is installed.

    Args:
        path: the PubMed file.
        peers: the Python in which other people's programs are installed.
    """
    found = {label: here("reading", name, path) for name, (label, _) in SUBJECTS.items()}
    xtract = 'gzip -dc "$1" | xtract -pattern PubmedArticle -element MedlineCitation/PMID '
    fields = "ArticleTitle AbstractText Author/LastName PubDate/Year ISOAbbreviation ELocationID"
    if shutil.which("xtract"):
        program = f"{xtract}{fields} >/dev/null"
        found[PEERS["xtract"]] = ["sh", "-c", program, "sh", str(path)]
    for name in ("pubmedparser2", "pubmed_parser", "biopython", "pubmed2db"):
        found[PEERS[name]] = [peers, str(_PEERS), name, str(path)]
    return found


def section(path: Path, runs: int, peers: str) -> list[Table]:
    """Measure all, in turn; the second table computes from it."""
    costs = medians(commands(path, peers), runs)
    least = costs[SUBJECTS[FLOOR][0]]
    assert isinstance(least, Cost), least
    count = _records(path)
    table = Table(
        f"Reading {path.name}, {count:,} records: medians of {runs} runs in turn",
        ["what", "processor s", "x floor", "records a second", "MB"],
    )
    for label in [*(label for label, _ in SUBJECTS.values()), *PEERS.values()]:
        found = costs.get(label, "not installed")
        if isinstance(found, Cost):
            numbers = [f"{found.processor:.2f}", f"{found.processor / least.processor:.2f}"]
            more = [f"{count / found.processor:,.0f}", f"{found.memory:.0f}"]
            table.rows.append([label, *numbers, *more])
        else:
            table.rows.append([label, found[:60], "", "", ""])
    return [table, whole(costs, count)]


def whole(costs: dict[str, Cost | str], count: int) -> Table:
    """Computed from the figures above: all of PubMed."""
    import os

    cores = os.cpu_count() or 1
    table = Table(
        f"Computed: {RECORDS_OF_PUBMED // 1_000_000} million records on {cores} cores",
        ["what", "hours"],
        notes=[
            f"Not measured: processor seconds a record of the table above, times "
            f"{RECORDS_OF_PUBMED:,}, divided by {cores} cores. Writing what is kept, and "
            "publishing, come on top."
        ],
    )
    for name in ("parse", "match", "counts"):
        label = SUBJECTS[name][0]
        found = costs.get(label)
        if isinstance(found, Cost):
            hours = found.processor / count * RECORDS_OF_PUBMED / cores / 3600
            table.rows.append([label, f"{hours:.1f}"])
    return table


def _records(path: Path) -> int:
    with gzip.open(path) as stream:
        return sum(line.count(b"<PubmedArticle>") for line in stream)


def main() -> None:
    """One run of one subject."""
    name, path = sys.argv[1], Path(sys.argv[2])
    tell(SUBJECTS[name][1](path))


if __name__ == "__main__":
    main()
