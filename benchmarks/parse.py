"""How fast is reading a PubMed file? One command: `python -m benchmarks.parse FILE...`.

Runs are interleaved, so that a busy machine slows all alike; what counts is the median of
processor time, and its ratio to the floor: lxml's iterparse over the same .gz by tag, each
record cleared, nothing extracted.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
from lxml import etree

from pipeline.evidence.reference import Reference
from pipeline.pubmed import records
from pipeline.scan import Scanner, Scans
from pipeline.settings import ROOT
from pipeline.warehouse.stage import create_staging, stage_file


def floor(path: Path) -> None:
    """All that lxml must do: decompress, parse, give the records back."""
    with gzip.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            element.clear()


def parse(path: Path) -> None:
    """Every table of core, as Python rows."""
    for _ in records.read_batches(path):
        pass


def parse_and_stage(path: Path) -> None:
    """Every table of core, in DuckDB, committed."""
    with duckdb.connect() as con:
        create_staging(con)
        stage_file(con, path, raw_file=path.name, stamp=path.name)


def scan_for_kratom(path: Path) -> None:
    """What `bulk-load --match kratom` does with a file: its records by number, those that match."""
    reference = _reference()
    searches = [search for search in reference.topics.searches if search.name == "kratom"]
    with tempfile.TemporaryDirectory() as directory:
        scans = Scans(Path(directory), "benchmark")
        Scanner(reference.topics, reference.language, searches, (), scans).scan(path)


@cache
def _reference() -> Reference:
    return Reference.load(ROOT / "data" / "reference")


def pubmed_parser(path: Path) -> None:
    """The peer, if it is installed, with all its options."""
    peer = importlib.import_module("pubmed_parser")

    for _ in peer.parse_medline_xml(
        str(path),
        year_info_only=False,
        nlm_category=True,
        author_list=True,
        reference_list=True,
        parse_downto_mesh_subterms=True,
    ):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="PubMed XML files, .gz")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    subjects: list[Callable[[Path], None]] = [floor, parse, parse_and_stage, scan_for_kratom]
    _reference()  # compiled once a process, whatever the number of files
    if importlib.util.find_spec("pubmed_parser"):
        subjects.append(pubmed_parser)
    for path in options.files:
        times: dict[str, list[float]] = {subject.__name__: [] for subject in subjects}
        for _ in range(options.runs):
            for subject in subjects:
                began = time.process_time()
                subject(path)
                times[subject.__name__].append(time.process_time() - began)
        medians = {name: statistics.median(runs) for name, runs in times.items()}
        print(f"{path.name}, {options.runs} runs, processor seconds (median, best, x floor)")
        for name, median in medians.items():
            ratio = median / medians["floor"]
            print(f"  {name:20s} {median:7.2f} {min(times[name]):7.2f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
