"""Records from files people have: PubMed XML (plain or .gz), .nbib exports, citation lists.

Only what matches a search, or is held already, goes into the raw archive: XML records as their
original bytes in new sets of the same encoding and namespaces, deletions included; a .nbib
export or list whole and uncompressed, with the numbers of its matching records. XML is read by
`scan`, several files beside each other where there are processors for it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import journal as journals
from pipeline import many_files
from pipeline.errors import SourceError
from pipeline.evidence.record import read_records
from pipeline.evidence.topics import Search, found_by
from pipeline.pubmed.archive import Entry
from pipeline.pubmed.parsing.bytes import open_bytes
from pipeline.pubmed.records import sniff
from pipeline.run import Run
from pipeline.scan import Scan, Scanner, Scans
from pipeline.storage import sha256_of, shown
from pipeline.warehouse import stage

log = logging.getLogger("ketum")


@dataclass(frozen=True)
class Matched:
    """What was read in files.

    Attributes:
        files: how many there were.
        read: records in them.
        kept: records that match a search, or are held already.
        deletions: PMIDs that a DeleteCitation names.
        notes: what is wrong with the series of files, a sentence each.
    """

    files: int
    read: int
    kept: int
    deletions: int
    notes: tuple[str, ...]


def archive_matching(run: Run) -> Matched:
    """Read the run's files, and archive what matches any of the searches asked for.

    A PMID that one file makes us keep is kept from all of them: a newer copy that no longer
    matches replaces the one that did.

    Raises:
        ConfigurationError: a file is missing or is not a PubMed file; nothing changed.
        SourceError: a file is damaged or cut, or differs from its .md5.
    """
    files = run.options.from_files
    many_files.require(files)
    held = []
    if run.has_warehouse:
        held = [row[0] for row in run.con.execute("SELECT pmid FROM core.articles").fetchall()]
    match = run.options.match
    searches = [one for one in run.topics.searches if one.name in match or not match]
    scans, found = _scanned(run, [path for path in files if _is_xml(path)], searches, held)
    read = kept = deletions = 0
    for path in files:
        if path in found:
            scan = found[path]
            entry: Entry = {
                "object": run.archive.put(scans.body(scan)),
                "file_sha256": scan.file_sha256,
                "records_read": scan.read,
                "records_kept": scan.kept,
            }
            deletions += scan.deletions
        else:
            entry = _archive_other(run, path, searches, held)
        note_file(run, path, entry)
        read += entry["records_read"]
        kept += entry["records_kept"]
    shutil.rmtree(scans.directory, ignore_errors=True)
    earlier = (entry.get("file", "") for entry in earlier_entries(run))
    notes = (many_files.missing(files), many_files.late(files, earlier))
    return Matched(len(files), read, kept, deletions, tuple(note for note in notes if note))


def note_file(run: Run, path: Path, entry: Entry) -> None:
    """Note in the run's ledger what was read of a file."""
    about: Entry = {
        "kind": "records",
        "file": shown(Path(path.name)),
        "received_at": run.as_of.isoformat(),
        "stamp": many_files.stamp(path),
    }
    run.archive.note(run.run_id, about | entry)


def earlier_entries(run: Run) -> Iterator[Entry]:
    """What the ledgers of earlier runs of this origin say of files; only of committed ones."""
    for journal in journals.read_done(run.settings.runs, run.origin):
        yield from run.archive.entries(journal.run_id, "records")


def _scanned(
    run: Run, files: list[Path], searches: list[Search], held: list[int]
) -> tuple[Scans, dict[Path, Scan]]:
    """What XML files hold, with the copies of what other files made us keep.

    Raises:
        SourceError: a file is damaged or cut, differs from its .md5, or changed meanwhile.
    """

    def scan_all(chosen: list[Path], kept: list[int]) -> tuple[Scans, dict[Path, Scan]]:
        looked_for = (*(search.name for search in searches), *map(str, sorted(kept)))
        scans = Scans.looking_for(run.settings.scans(run.origin), run.reference.sha256, *looked_for)
        options = run.options
        found = many_files.scan_all(
            chosen, Scanner, run.reference, searches, kept, scans, options.processes, options.dask
        )
        return scans, found

    scans, found = scan_all(files, held)
    matched = {pmid for scan in found.values() for pmid in scan.matched}
    missed = [path for path in files if matched.intersection(scans.others(found[path]))]
    if missed:
        for path, scan in scan_all(missed, [*held, *matched])[1].items():
            if scan.file_sha256 != found[path].file_sha256:
                raise SourceError(
                    f"{shown(Path(path.name))} changed while it was read.",
                    effect="Nothing of it was kept.",
                    next_step="the same command again.",
                )
            found[path] = scan
    return scans, found


def _is_xml(path: Path) -> bool:
    """Whether a file is XML; a damaged one is, so that it is reported when its turn comes."""
    try:
        with open_bytes(path) as stream:
            return sniff(stream)[0] == "xml"
    except SourceError:
        return True


def _archive_other(run: Run, path: Path, searches: list[Search], held: list[int]) -> Entry:
    """Archive an export or a list whole; returns its entry of the ledger."""
    with duckdb.connect() as con:
        stage.create_staging(con)
        counts = stage.stage_file(con, path, raw_file=None, stamp=many_files.stamp(path))
        # in this schema, the number of a record takes the place of its PMID
        topics, language = run.reference.topics, run.reference.language
        matching = [
            number
            for records in read_records(con, "staging.keyed")
            for number in found_by(searches, topics, language, records)
        ]
        rows = con.execute(
            """
            SELECT record_no FROM staging.core.articles
            WHERE list_contains($held::INTEGER[], pmid)
                OR pmid IN (
                    SELECT pmid FROM staging.core.articles
                    WHERE list_contains($matching::INTEGER[], record_no)
                )
            ORDER BY record_no
            """,
            {"held": held, "matching": matching},
        ).fetchall()
    wanted = [row[0] for row in rows]
    with open_bytes(path) as stream:
        body = stream.read()
    return {
        "object": run.archive.put(body),
        "kept_record_nos": wanted,
        "file_sha256": sha256_of(path),
        "records_read": counts.records,
        "records_kept": len(wanted),
    }
