"""See that a raw archive is whole: every ledger line has its body, and the body what it states.

Everything else can be rebuilt from the raw archive, so it is what must not be damaged. Only
reads; a run at work does no harm, its unfinished ledger is checked as far as it goes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline import progress
from pipeline.errors import ConfigurationError
from pipeline.journal import Journal
from pipeline.pubmed import counts, fetch
from pipeline.pubmed.answers import RECOUNT, WINDOW, read_page
from pipeline.pubmed.archive import Archive, Entry
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer

_ANY_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - naive UTC, as every time here; not looked at
_IS_SET = re.compile(rb"<PubmedArticleSet\b")


class Audit(NamedTuple):
    """What was looked at, and what is wrong.

    Attributes:
        line_count: ledger lines.
        object_count: distinct bodies and reference files they and the journals name.
        faults: what is missing or not as stated, one sentence each.
        orphans: files under objects/ that nothing names: left by runs that were cut off, harmless.
    """

    line_count: int
    object_count: int
    faults: list[str]
    orphans: list[str]


class _Line(NamedTuple):
    """A ledger line and where it stands, or a journal's word on a reference file (no entry)."""

    where: str
    entry: Entry


def audit(root: Path, journals: Sequence[Journal]) -> Audit:
    """Check an archive directory (`objects/`, `runs/`) against its ledgers and journals.

    Args:
        root: data/raw/<origin>.
        journals: those of its runs; empty if they are not at hand.
    """
    archive = Archive(root)
    faults = [fault for journal in journals for fault in _ledger_faults(archive, journal)]
    named: dict[str, list[_Line]] = defaultdict(list)
    line_count = 0
    for ledger in sorted((root / "runs").glob("*.jsonl")):
        try:
            entries = archive.entries(ledger.stem)
        except ConfigurationError as error:
            faults.append(error.cause)
            continue
        line_count += len(entries)
        for number, entry in enumerate(entries, 1):
            if "object" in entry:
                named[entry["object"]].append(_Line(f"runs/{ledger.name} line {number}", entry))
    for journal in journals:
        for name, stored in journal.reference.items():
            named[stored].append(_Line(f"{name} of run {journal.run_id}", {}))
    for number, (name, lines) in enumerate(sorted(named.items()), 1):
        progress.note(number, len(named), "files")
        faults += _object_faults(archive, name, lines)
    there = {path.relative_to(root).as_posix() for path in _files(root / "objects")}
    return Audit(line_count, len(named), faults, sorted(there - named.keys()))


def _ledger_faults(archive: Archive, journal: Journal) -> Iterator[str]:
    """A run that was committed has a ledger, and its last line is whole."""
    if not journal.is_done:
        return
    ledger = archive.ledger(journal.run_id)
    if not ledger.is_file():
        yield f"The ledger runs/{ledger.name} of a committed run is missing."
    elif not ledger.read_bytes().endswith(b"\n"):
        yield f"The ledger runs/{ledger.name} of a committed run is cut."


def _object_faults(archive: Archive, name: str, lines: list[_Line]) -> Iterator[str]:
    """What is wrong with one body, read once for all the lines that name it."""
    try:
        body = archive.get(name)
    except ConfigurationError as error:
        yield f"{error.cause} It is named by {lines[0].where} and {len(lines) - 1} more."
        return
    told: set[str] = set()
    for line in lines:
        for fault in _line_faults(body, line.entry):
            if fault not in told:  # the same body is often received anew, and stated alike
                told.add(fault)
                yield f"{name} is not what {line.where} states: {fault}."


def _line_faults(body: bytes, entry: Entry) -> Iterator[str]:
    """Where a body differs from what a ledger line says of it."""
    if "bytes" in entry and entry["bytes"] != len(body):
        yield f"it has {len(body)} bytes, not {entry['bytes']}"
    try:
        if entry.get("kind") == counts.KIND:
            count, _ = counts.read_count(body)
            if count != entry.get("count"):
                yield f"it counts {count} records, not {entry.get('count')}"
        elif "role" in entry:
            page = read_page(body, entry["role"], {}, _ANY_TIME)
            if page.count != entry.get("count"):
                yield f"it counts {page.count} records, not {entry.get('count')}"
            is_listed = page.count <= WINDOW and entry["role"] != RECOUNT
            if is_listed and len(page.pmids) != page.count:
                yield f"it lists {len(page.pmids)} records, not {page.count}"
        elif "pmids" in entry:
            fetch.check_set(entry["pmids"])(body)
            if fetch.pmids_in(body) != set(entry["pmids"]):
                yield "its records are not those of the PMIDs listed"
        elif _IS_SET.search(body[:1000]) and not body.rstrip().endswith(b"</PubmedArticleSet>"):
            yield "it is no complete PubmedArticleSet"  # of files: may hold records nobody can read
    except (TransientAnswer, PermanentAnswer) as answer:
        yield str(answer)


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())
