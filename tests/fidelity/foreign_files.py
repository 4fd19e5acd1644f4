"""Read files that somebody else has with ketum and with readers of plain text, and compare.

    python -m tests.fidelity.foreign_files PATH...

Each PATH is a file, or a folder whose .nbib, .medline, .txt and .xml files are taken, plain or
.gz. PubMed XML is compared value by value with plain XPath (oracle.py), MEDLINE exports tag by tag
with a reader of lines (nbib_oracle.py). What ketum sets aside must have a fault that the other
reader sees too. Prints differences with file, PMID and tag, and a sum; exit code 1 on any.
"""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree

from pipeline.errors import KetumError
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import open_records

from . import nbib_oracle, oracle
from .check_file import Differences, compare_record

SUFFIXES = {".nbib", ".medline", ".txt", ".xml"}
SETS = ("PubmedArticleSet", "PubmedBookArticleSet", "BookDocumentSet", "MedlineCitationSet")
LARGEST = 32_767
"""More rows than that of one kind cannot be numbered."""
Tables = dict[str, list[tuple[Any, ...]]]


@dataclass
class Report:
    """What was read, and what was not the same."""

    files: int = 0
    records: int = 0
    quarantined: int = 0
    refused: int = 0
    skipped: int = 0
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def differ(self, path: Path, pmid: object, tag: str, words: str) -> None:
        self.lines.append(f"{path}: PMID {pmid}: {tag}: {words}")

    def set_aside(self, path: Path, pmid: object, reason: str) -> None:
        self.quarantined += 1
        self.notes.append(f"quarantined: {path}: PMID {pmid}: {reason}")

    def total(self) -> str:
        return (
            f"{len(self.lines)} differences in {self.records} records of {self.files} files"
            f" ({self.quarantined} records quarantined, {self.refused} files refused,"
            f" {self.skipped} of another kind)"
        )


class Reading:
    """A file as ketum reads it, batch by batch, so that a large one need not fit into memory.

    Attributes:
        odd: what is set aside, by running number.
        tally: what is counted as unknown.
        refusal: why the file is not read, known at its end.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.odd: dict[int, Any] = {}
        self.tally: Counter[tuple[str, str]] = Counter()
        self.refusal = ""
        self._key = key
        self._found: dict[int, Tables] = {}
        self._batches = open_records(path)

    def take(self, key: int) -> Tables | None:
        """The rows of the record with this number or offset; None if it has none."""
        while key not in self._found and key not in self.odd and self._pull():
            pass
        return self._found.pop(key, None)

    def rest(self) -> list[Tables]:
        """What nobody has taken."""
        while self._pull():
            pass
        return list(self._found.values())

    def _pull(self) -> bool:
        try:
            batch = next(self._batches, None)
        except KetumError as error:
            self.refusal, batch = str(error), None
        if batch is None:
            return False
        self.tally = batch.tally
        is_number = self._key == "record_no"
        self.odd |= {odd.record_no if is_number else odd.offset: odd for odd in batch.unreadable}
        at = PARSED_COLUMNS["articles"].index(self._key)
        keys = {row[0]: row[at] for row in batch.tables["articles"]}
        for table, rows in batch.tables.items():
            for number, *row in rows:
                empty: Tables = {name: [] for name in PARSED_COLUMNS}
                self._found.setdefault(keys[number], empty)[table].append(tuple(row))
        return True


def check(path: Path, report: Report) -> None:
    """Compare one file."""
    report.files += 1
    content = _bytes(path)
    plain = (content or b"")[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_nbib = re.match(rb"PMID {0,3}-", plain) is not None
    if plain and not is_nbib and not plain.startswith(b"<"):
        report.skipped += 1
        return
    reading = Reading(path, "record_no" if is_nbib else "raw_offset")
    found = Report()
    if content is not None:
        (_check_nbib if is_nbib else _check_xml)(path, content, reading, found)
    for tables in reading.rest():
        found.differ(path, tables["articles"][0][0], "record", "is not in the file")
    if reading.refusal:
        report.refused += 1
        report.notes.append(f"refused: {path}: {reading.refusal[:160]}")
        if content and (is_nbib or not _fault_of_set(content)):
            report.differ(path, "-", "file", "ketum refuses what the plain reader can read")
        return
    if content is None:
        report.differ(path, "-", "file", "ketum reads what the plain reader cannot decompress")
    report.records += found.records
    report.quarantined += found.quarantined
    report.lines += found.lines
    report.notes += found.notes


def _bytes(path: Path) -> bytes | None:
    """The uncompressed file; None if it cannot be had."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error):
        return None


# -- MEDLINE exports


def _check_nbib(path: Path, content: bytes, reading: Reading, report: Report) -> None:
    for number, record in enumerate(nbib_oracle.read_plain(content), 1):
        report.records += 1
        if tables := reading.take(number):
            if record.fault and record.fault != nbib_oracle.PERHAPS_CUT:
                report.differ(path, record.pmid, "record", f"read although it has {record.fault}")
                continue
            named = {
                table: [dict(zip(PARSED_COLUMNS[table][1:], row, strict=True)) for row in rows]
                for table, rows in tables.items()
            }
            for tag, words in nbib_oracle.compare(record, named, reading.tally):
                report.differ(path, record.pmid, tag, words)
        elif odd := reading.odd.get(number):
            report.set_aside(path, record.pmid or "?", odd.reason)
            lines = Counter(tag for tag, _ in record.fields)
            if not record.fault and max(lines.values(), default=0) <= LARGEST:
                report.differ(
                    path, record.pmid, "record", f"set aside without a fault: {odd.reason}"
                )
            elif (odd.raw, odd.offset) != (record.raw, record.offset):
                report.differ(path, record.pmid, "record", "the bytes kept are not the record's")
        else:
            report.differ(path, record.pmid, "record", "lost without a word")


# -- PubMed XML


def _fault_of_set(content: bytes) -> str:
    """Why an XML file is no whole set of records; empty if it is one."""
    root = None
    try:
        options = {"resolve_entities": False, "no_network": True, "load_dtd": False}
        reader = etree.iterparse(
            BytesIO(content), events=("start", "end"), huge_tree=True, **options
        )
        for event, element in reader:
            if root is None:
                root = element
            elif event == "end" and element.getparent() is root:
                root.remove(element)
    except (etree.XMLSyntaxError, ValueError) as error:
        return str(error)
    return "" if root is not None and root.tag in SETS else "its root is no set of records"


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def _expected(path: Path, content: bytes) -> Iterator[tuple[tuple[int, int], oracle.Record | None]]:
    """Every record with its place; None instead of a record that is not well-formed.

    A file that is well-formed is read as a whole, another record by record.
    """
    spans = oracle.record_spans(content)
    if not _fault_of_set(content):
        records = (item for item in oracle.read_file(path) if isinstance(item, oracle.Record))
        yield from zip(spans, records, strict=True)
        return
    for number, (begin, end) in enumerate(spans, 1):
        raw = content[begin:end]
        try:
            rows = oracle.expected_rows(etree.fromstring(raw, _parser()), raw, begin)
            pmid, version = rows["articles"][0][:2]
            yield (begin, end), oracle.Record(number, int(str(pmid)), int(str(version)), rows)
        except (etree.XMLSyntaxError, ValueError, IndexError):
            yield (begin, end), None


def _check_xml(path: Path, content: bytes, reading: Reading, report: Report) -> None:
    for (begin, _), record in _expected(path, content):
        report.records += 1
        pmid = record.pmid if record else "?"
        if tables := reading.take(begin):
            if record is None:
                report.differ(
                    path, pmid, "record", f"read although byte {begin} is not well-formed"
                )
                continue
            differences = Differences()
            compare_record(differences, f"record {record.number}", record.rows, tables)
            for where, examples in differences.examples.items():
                report.differ(path, pmid, where, examples[0])
        elif odd := reading.odd.get(begin):
            report.set_aside(path, pmid, odd.reason)
            if record and max(map(len, record.rows.values())) <= LARGEST:
                report.differ(path, pmid, "record", f"set aside without a fault: {odd.reason}")
        else:
            report.differ(path, pmid, "record", f"lost without a word at byte {begin}")


def files_of(paths: list[str]) -> Iterator[Path]:
    """The files named, and those of the folders named."""
    for path in map(Path, paths):
        if path.is_dir():
            for found in sorted(path.rglob("*")):
                inner = Path(found.stem) if found.suffix == ".gz" else found
                if found.is_file() and inner.suffix.lower() in SUFFIXES:
                    yield found
        else:
            yield path


def main(paths: list[str]) -> int:
    """Compare all files; returns the exit code."""
    report = Report()
    for path in files_of(paths):
        lines, notes = len(report.lines), len(report.notes)
        check(path, report)
        for line in (*report.notes[notes:], *report.lines[lines:]):
            print(line, flush=True)
    print(report.total())
    return 1 if report.lines or not report.files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
