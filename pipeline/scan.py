"""One file of PubMed XML, read for what some searches match: its records, in their own bytes.

A scan belongs to one process and holds nothing of the warehouse, so that several can run beside
each other (`bulk`). What it finds of a file is written into a directory of scans, whole or not at
all: a run that was killed finds it there and goes on with the next file.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline import progress
from pipeline.errors import SourceError
from pipeline.evidence.topics import Search, Topics
from pipeline.pubmed.parsing.bytes import Head, open_bytes, sets_of, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.pubmed.parsing.tables import Tally
from pipeline.pubmed.sieve import Sieve
from pipeline.rules.language import Language
from pipeline.sieving import PMID, Piece, TopicFinder, parsed
from pipeline.storage import sha256_of, write_atomically

Wanted = Literal["matching", "counts", "everything"]
_MD5 = re.compile(r"\b[0-9a-fA-F]{32}\b")


@dataclass(frozen=True)
class Scan:
    """What a file holds.

    Attributes:
        file_sha256: of the file as it lies there.
        read: records in it that can be read.
        kept: of these, those that match a search or are held already.
        deletions: PMIDs that a DeleteCitation names.
        unreadable: pieces that are no readable record.
        matched: PMIDs with a copy that matches.
        is_checked: a .md5 file beside it says the same as its bytes.
        body: what is kept, as sets of records (name of a file among the scans); where records are
            only counted, a row for each of them; where all are kept, a directory of their rows.
        others: PMIDs of all other records, four bytes each (name of a file among the scans); none
            where records are only counted, or all kept.
    """

    file_sha256: str
    read: int
    kept: int
    deletions: int
    unreadable: int
    matched: tuple[int, ...]
    is_checked: bool
    body: str
    others: str


@dataclass(frozen=True)
class Scans:
    """The scans of one set of searches and held records, in a directory.

    Attributes:
        directory: where they lie.
        key: names what was looked for, so that no scan for something else is taken up.
        wanted: what of a file: the records that match, counts of them (`counting`), or everything
            (`whole_file`).
    """

    directory: Path
    key: str
    wanted: Wanted = "matching"

    def find(self, file_sha256: str) -> Scan | None:
        """The scan of a file that an earlier run finished."""
        path = self._path(file_sha256, "json")
        if not path.is_file():
            return None
        said = json.loads(path.read_text(encoding="utf-8"))
        return Scan(**said | {"matched": tuple(said["matched"])})

    def body(self, scan: Scan) -> bytes:
        """What is kept of a file."""
        return (self.directory / scan.body).read_bytes()

    def others(self, scan: Scan) -> array[int]:
        """PMIDs of the records that are not kept."""
        found = array("i")
        found.frombytes((self.directory / scan.others).read_bytes())
        return found

    def write(self, scan: Scan, body: bytes, others: array[int] | None = None) -> None:
        """Write a scan; its .json comes last and makes it count."""
        write_atomically(self.directory / scan.body, body)
        if others is not None:
            write_atomically(self.directory / scan.others, others.tobytes())
        self.note(scan)

    def note(self, scan: Scan) -> None:
        """Make a scan count: all it names is written."""
        said = json.dumps(asdict(scan)).encode()
        write_atomically(self._path(scan.file_sha256, "json"), said)

    def name(self, file_sha256: str, kind: str) -> str:
        return f"{file_sha256}-{self.key[:16]}.{kind}"

    def _path(self, file_sha256: str, kind: str) -> Path:
        return self.directory / self.name(file_sha256, kind)


class Scanner:
    """Scans files, one after the other, for the same searches."""

    def __init__(
        self,
        topics: Topics,
        language: Language,
        searches: Sequence[Search],
        held: Collection[int],
        scans: Scans,
    ) -> None:
        """Compile what is looked for.

        Args:
            topics: what to match.
            language: cuts texts into their zones.
            searches: any of them makes a record match.
            held: PMIDs that are kept whatever their new copy says: it replaces the one held.
            scans: where results go.
        """
        self._searches = searches
        self._held = frozenset(held)
        self._scans = scans
        self._finder = TopicFinder(topics, language)
        phrases = {topic.name: topic.phrases_needed for topic in topics.topics}
        self._sieve = Sieve([phrases[name] for name in search.topics] for search in searches)

    def scan(self, path: Path) -> Scan:
        """Read a file to its end, unless an earlier run did.

        Raises:
            SourceError: it is no PubMed XML, damaged, cut, or not what its .md5 says.
        """
        return scan_once(path, self._scans, self._scan)

    def _scan(self, path: Path, digest: str, is_checked: bool) -> Scan:
        kept: list[Piece] = []
        others, matched = array("i"), set[int]()
        deletions: list[tuple[int, int]] = []
        with open_bytes(path) as stream:
            cutter = Cutter(stream, source_name(path))
            reader = RecordReader(cutter, Tally(), 1)

            def is_passed(cut: Cut) -> bool:
                passed = self._sieve.passed(cut, cutter.head)
                if passed is None or passed.pmid in self._held:
                    return False
                others.append(passed.pmid)
                return True

            for pieces in parsed(cutter, reader, is_passed):
                found = self._matching(reader)
                matched |= found
                deletions += [(gone.pmid, gone.pmid_version) for gone in reader.deletions]
                reader.deletions = []
                progress.note(len(kept) + len(others) + len(pieces))
                for piece in pieces:
                    if piece.pmid is None or piece.pmid in found or piece.pmid in self._held:
                        kept.append(piece)
                    else:
                        others.append(piece.pmid)
        records = sum(piece.pmid is not None for piece in kept)
        scan = Scan(
            file_sha256=digest,
            read=records + len(others),
            kept=records,
            deletions=len(deletions),
            unreadable=len(kept) - records,
            matched=tuple(sorted(matched)),
            is_checked=is_checked,
            body=self._scans.name(digest, "xml"),
            others=self._scans.name(digest, "pmids"),
        )
        self._scans.write(scan, body_of(kept, deletions), others)
        return scan

    def _matching(self, reader: RecordReader) -> set[int]:
        """The PMIDs among the rows of a reader that a search matches; the rows are used up."""
        rows = reader.context.tables
        reader.context.new_batch()
        hits = self._finder.hits(rows)
        pmids = {row[0]: row[PMID] for row in rows["articles"]}
        return {
            pmids[number]
            for number, found in hits.items()
            if any(search.finds(found) for search in self._searches)
        }


def scan_once(path: Path, scans: Scans, read: Callable[[Path, str, bool], Scan]) -> Scan:
    """The scan of a file, which an earlier run may have finished.

    Args:
        path: the file.
        scans: where those of earlier runs lie.
        read: reads it, given its SHA-256 and whether a .md5 file confirmed its bytes.

    Raises:
        SourceError: it is no PubMed XML, damaged, cut, or not what its .md5 says.
    """
    is_checked = check_md5(path)
    digest = sha256_of(path)
    return scans.find(digest) or read(path, digest, is_checked)


def body_of(pieces: Sequence[Piece], deletions: Sequence[tuple[int, int]]) -> bytes:
    """Pieces byte by byte in sets in which they mean the same, then the deletions."""
    parts = [(piece.head, piece.raw, piece.was_read) for piece in pieces]
    if deletions:
        listed = [b'<PMID Version="%d">%d</PMID>' % (version, pmid) for pmid, version in deletions]
        gone = [b"<DeleteCitation>", *listed, b"</DeleteCitation>"]
        parts.append((Head(), b"\n".join(gone), True))
    return b"".join(sets_of(parts))


def check_md5(path: Path) -> bool:
    """Whether a .md5 file lies beside a file, as NLM's servers have it, and says its MD5.

    Raises:
        SourceError: it says another one.
    """
    beside = path.with_name(f"{path.name}.md5")
    if not beside.is_file():
        return False
    told = _MD5.search(beside.read_text(encoding="utf-8", errors="replace"))
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if told is None or told[0].lower() != found:
        raise SourceError(
            f"{source_name(path)} has the MD5 {found}, and {source_name(beside)} says "
            f"{told[0].lower() if told else 'none'}.",
            effect="The file was not read; what was read before it is kept.",
            next_step="fetch both again, then the same command.",
        )
    return True
