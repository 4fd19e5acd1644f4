"""Records from files people have: PubMed XML (plain or .gz), .nbib exports, citation lists.

A file is read whole into an in-memory database, matched by the searches' local
predicates, and only what matches goes into the raw archive: XML records as their
original bytes in new sets of the same encoding and namespaces, deletions included; a .nbib
export or list whole and uncompressed, with the numbers of its matching records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from pipeline import progress
from pipeline.errors import ConfigurationError
from pipeline.evidence.record import Record, read_records
from pipeline.evidence.topics import found_by
from pipeline.options import OFFLINE
from pipeline.pubmed.files import sniff
from pipeline.pubmed.parsing.bytes import Head, open_bytes, sets_of
from pipeline.pubmed.parsing.cutting import extract
from pipeline.run import Run
from pipeline.storage import sha256_of, shown
from pipeline.warehouse import database, stage
from pipeline.warehouse.fingerprint import schema_files

CITATION_LIST = "known_citations.csv"


@dataclass(frozen=True)
class Matched:
    """What was read in files.

    Attributes:
        files: how many there were.
        read: records in them.
        kept: records that match a search, or are held already.
        deletions: PMIDs that a DeleteCitation names.
    """

    files: int
    read: int
    kept: int
    deletions: int


def archive_matching(run: Run) -> Matched:
    """Read the run's files, and archive what matches any search.

    Raises:
        ConfigurationError: a file is missing or is no PubMed file; nothing changed.
    """
    for path in run.options.from_files:
        if not path.is_file():
            raise ConfigurationError(
                f"There is no file {shown(path)}.",
                effect="Nothing changed.",
                next_step="name PubMed XML, .xml.gz or .nbib files after --from.",
            )
    read = kept = deletions = 0
    for path in run.options.from_files:
        with duckdb.connect() as con:
            database.configure(con)
            for schema in schema_files(run.settings.sql):
                con.execute(schema.read_text(encoding="utf-8"))
            stage.create_staging(con)
            counts = stage.stage_file(con, path, raw_file=None, stamp=file_stamp(path))
            wanted = _wanted(con, run)
            entry = {
                "kind": "records",
                "file": shown(Path(path.name)),
                "file_sha256": sha256_of(path),
                "received_at": run.as_of.isoformat(),
                "stamp": file_stamp(path),
                "records_read": counts.records,
                "records_kept": len(wanted),
            }
            with open_bytes(path) as stream:
                kind, content = sniff(stream)
                body = b"" if kind == "xml" else content.read()
            if kind == "xml":
                entry["object"] = run.archive.put(_cut_out(con, path, wanted))
            else:
                entry["object"] = run.archive.put(body)
                entry["kept_record_nos"] = wanted
            run.archive.note(run.run_id, entry)
        read += counts.records
        kept += len(wanted)
        deletions += counts.deletions
    return Matched(len(run.options.from_files), read, kept, deletions)


def _wanted(con: duckdb.DuckDBPyConnection, run: Run) -> list[int]:
    """Numbers of the records to keep: every copy of a PMID that matches or is held already.

    A newer copy may no longer match; it must still replace the one we hold.
    """
    held = []
    if run.has_warehouse:
        held = [row[0] for row in run.con.execute("SELECT pmid FROM core.articles").fetchall()]
    reference = run.reference
    # in this schema, the number of a record stands in place of its PMID
    records = _counted(con, chain.from_iterable(read_records(con, "staging.keyed")))
    matching = list(found_by(run.searches, reference.topics, reference.language, records))
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
    return [row[0] for row in rows]


def _counted(con: duckdb.DuckDBPyConnection, records: Iterable[Record]) -> Iterator[Record]:
    """The records, as somebody at a terminal sees them go by."""
    (total,) = con.execute("SELECT count(*) FROM staging.core.articles").fetchall()[0]
    for number, record in enumerate(records, 1):
        progress.note(number, total)
        yield record


def archive_citation_list(run: Run) -> int:
    """Archive the sparse citation list beside a replayed archive; returns its rows."""
    path = run.options.archive_directory / CITATION_LIST
    if run.mode != OFFLINE or not path.is_file():
        return 0
    body = path.read_bytes()
    run.archive.note(
        run.run_id,
        {
            "kind": "records",
            "file": path.name,
            "received_at": run.as_of.isoformat(),
            "stamp": file_stamp(path),
            "object": run.archive.put(body),
        },
    )
    return max(body.count(b"\n") - 1, 0)


def file_stamp(path: Path) -> str:
    """The name that orders a file among others: pubmed21n1298.xml.gz gives pubmed21n1298."""
    return re.sub(r"(\.(xml|nbib|txt|csv))?(\.gz)?$", "", shown(Path(path.name))).replace(":", "_")


def _cut_out(con: duckdb.DuckDBPyConnection, path: Path, wanted: list[int]) -> bytes:
    """Sets of the wanted records and of all that could not be read, byte by byte; and deletions."""
    spans = con.execute(
        """
        SELECT raw_offset, raw_length, true FROM staging.core.articles
        WHERE list_contains(?::INTEGER[], record_no)
        UNION ALL
        SELECT raw_offset, raw_length, false FROM staging.core.unreadable
        ORDER BY 1
        """,
        [wanted],
    ).fetchall()
    deletions = con.execute(
        "SELECT pmid, pmid_version FROM staging.core.deletions ORDER BY ALL"
    ).fetchall()
    places = [(offset, length) for offset, length, _ in spans]
    pieces = [
        (head, raw, was_read)
        for (head, raw), (_, _, was_read) in zip(extract(path, places), spans, strict=True)
    ]
    if deletions:
        listed = [b'<PMID Version="%d">%d</PMID>' % (version, pmid) for pmid, version in deletions]
        gone = [b"<DeleteCitation>", *listed, b"</DeleteCitation>"]
        pieces.append((Head(), b"\n".join(gone), True))
    return b"".join(sets_of(pieces))
