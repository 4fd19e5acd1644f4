"""One file of PubMed XML, read for what some searches match: its records, in their own bytes.

A scan belongs to one process and holds nothing of the warehouse, so that several can run beside
each other (`many_files`). What it finds of a file is written into a directory of scans, whole or
not at all: a run that was killed finds it there and goes on with the next file.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline import progress
from pipeline.errors import SourceError
from pipeline.evidence.record import TopicHit, read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import Search, Topics, hits_of, load_topics
from pipeline.pubmed.parsing.bytes import Head, open_bytes, sets_of, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally
from pipeline.pubmed.records import Batch, uncollected
from pipeline.pubmed.sieve import Sieve
from pipeline.rules.text import Language, load_language
from pipeline.storage import sha256_of, write_atomically
from pipeline.warehouse import fingerprint, stage

PMID = PARSED_COLUMNS["articles"].index("pmid")
_MD5 = re.compile(r"\b[0-9a-fA-F]{32}\b")


@dataclass(frozen=True)
class Scan:
    """What a file holds.

    Attributes:
        file_sha256: of the file as it is on disk.
        read: records in it that can be read.
        kept: of these, those that match a search or are held already.
        deletions: PMIDs that a DeleteCitation names.
        unreadable: pieces that cannot be read as a record.
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
        directory: where they are.
        key: names what was looked for, so that no scan for something else is taken up.
    """

    directory: Path
    key: str

    @classmethod
    def looking_for(cls, directory: Path, *what: str) -> Scans:
        """The scans of this parser for something: they are taken up only where all is the same."""
        parts = (fingerprint.parser_version(), *what)
        return cls(directory, hashlib.sha256("\n".join(parts).encode()).hexdigest())

    def find(self, file_sha256: str) -> Scan | None:
        """The scan of a file that an earlier run finished."""
        path = self.directory / self.name(file_sha256, "json")
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
        write_atomically(self.directory / self.name(scan.file_sha256, "json"), said)

    def name(self, file_sha256: str, kind: str) -> str:
        """The name of a file of this scan, which says whose it is and what was looked for."""
        return f"{file_sha256}-{self.key[:16]}.{kind}"


class TopicRules(NamedTuple):
    """Topics, and the language that cuts texts into their zones, without all other rules."""

    topics: Topics
    language: Language

    @classmethod
    def load(cls, directory: Path) -> TopicRules:
        """Read both from a directory of reference files.

        Raises:
            ConfigurationError: one is missing or wrong.
        """
        return cls(
            load_topics(directory / "topics.toml"), load_language(directory / "language.toml")
        )


Rules = TopicRules | Reference
"""What says which topics a record is on."""


class FileReader(ABC):
    """Reads files of PubMed XML, one after the other, for the same purpose.

    Args:
        rules: what records are matched, counted or judged by.
        searches: any of them makes a record match.
        held: PMIDs that are kept whatever their new copy says: it replaces the one held.
        scans: where results go.
    """

    @abstractmethod
    def __init__(
        self, rules: Any, searches: Sequence[Search], held: Collection[int], scans: Scans
    ) -> None: ...

    @staticmethod
    @abstractmethod
    def load_rules(directory: Path) -> Rules:
        """The rules that such a reader needs, in a process that has loaded none."""

    scans: Scans

    def scan(self, path: Path) -> Scan:
        """Read a file to its end, unless an earlier run did.

        Raises:
            SourceError: it is not PubMed XML, damaged, cut, or not what its .md5 says.
        """
        is_checked = check_md5(path)
        digest = sha256_of(path)
        return self.scans.find(digest) or self.read(path, digest, is_checked)

    @abstractmethod
    def read(self, path: Path, digest: str, is_checked: bool) -> Scan:
        """Read a file of this SHA-256; `is_checked` if a .md5 file confirmed its bytes."""


class Scanner(FileReader):
    """Finds the records that match a search or are held."""

    load_rules = staticmethod(TopicRules.load)

    def __init__(
        self, rules: Rules, searches: Sequence[Search], held: Collection[int], scans: Scans
    ) -> None:
        self.scans = scans
        self._searches = searches
        self._held = frozenset(held)
        self._finder = TopicFinder(rules)
        phrases = {topic.name: topic.phrases_needed for topic in rules.topics.topics}
        self._sieve = Sieve([phrases[name] for name in search.topics] for search in searches)

    def read(self, path: Path, digest: str, is_checked: bool) -> Scan:
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
            body=self.scans.name(digest, "xml"),
            others=self.scans.name(digest, "pmids"),
        )
        self.scans.write(scan, body_of(kept, deletions), others)
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


def body_of(pieces: Sequence[Piece], deletions: Sequence[tuple[int, int]]) -> bytes:
    """Pieces byte by byte in sets in which they mean the same, then the deletions."""
    parts = [(piece.head, piece.raw, piece.was_read) for piece in pieces]
    if deletions:
        listed = [b'<PMID Version="%d">%d</PMID>' % (version, pmid) for pmid, version in deletions]
        gone = [b"<DeleteCitation>", *listed, b"</DeleteCitation>"]
        parts.append((Head(), b"\n".join(gone), True))
    return b"".join(sets_of(parts))


def check_md5(path: Path) -> bool:
    """Whether a .md5 file is beside a file, as NLM's servers have it, and says its MD5.

    Raises:
        SourceError: it says another one.
    """
    beside = path.with_name(f"{path.name}.md5")
    if not beside.is_file():
        return False
    stated = _MD5.search(beside.read_text(encoding="utf-8", errors="replace"))
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if stated is None or stated[0].lower() != found:
        raise SourceError(
            f"{source_name(path)} has the MD5 {found}, and {source_name(beside)} says "
            f"{stated[0].lower() if stated else 'none'}.",
            effect="The file was not read; what was read before it is kept.",
            next_step="fetch both again, then the same command.",
        )
    return True


# -- What the parser must see of a file, a batch at a time, and the topics those records are on


class Piece(NamedTuple):
    """A stretch of a file that was parsed: a record, or bytes that could not be read."""

    head: Head
    raw: bytes
    was_read: bool
    pmid: int | None = None


def parsed(
    cutter: Cutter, reader: RecordReader, is_passed: Callable[[Cut], bool]
) -> Iterator[list[Piece]]:
    """Parse what has to be parsed; a batch of its pieces at a time, with their rows in `reader`.

    Args:
        cutter: the file.
        reader: takes the rows; the caller must have used up those of one batch before the next.
        is_passed: whether a record need not be parsed; it takes what is wanted of such a record.
    """
    pieces: list[Piece] = []
    with uncollected():
        for cut in cutter:
            if cut.kind == "record" and is_passed(cut):
                continue
            reader.read(cut)
            if reader.unreadable:
                pieces += [Piece(cutter.head, odd.raw, False) for odd in reader.unreadable]
                reader.unreadable = []
            elif cut.kind == "record":
                row = reader.context.tables["articles"][-1]
                pieces.append(Piece(cutter.head, cut.raw, True, row[PMID]))
            if len(pieces) >= stage.BATCH_SIZE:
                yield pieces
                pieces = []
        yield pieces


class TopicFinder:
    """Says of parsed records which topics they are on, by the local predicate."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._con = duckdb.connect()
        stage.create_staging(self._con)

    def hits(self, rows: Tables) -> dict[int, tuple[TopicHit, ...]]:
        """Record number to the topics of that record; of those on any."""
        if not rows["articles"]:
            return {}
        batch = Batch(rows, [], [], Tally())
        stage.stage_batches(self._con, iter([batch]), raw_file=None, stamp="")
        found: dict[int, tuple[TopicHit, ...]] = {}
        for records in read_records(self._con, "staging.keyed"):
            # here a record's number takes the place of its PMID
            found |= hits_of(self._rules.topics, self._rules.language, records)
        stage.empty_staging(self._con)
        return found
