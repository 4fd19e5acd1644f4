"""One file of PubMed XML, read for nothing but counts: a few dates and the topics of each record.

What it finds is written where scans are (`scan`), as a table with a row for each record and each
deletion, so that a run that was killed goes on with the next file. `counted` makes counts of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline import progress
from pipeline.evidence.topics import Search, Topics
from pipeline.pubmed.parsing.bytes import open_bytes, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally
from pipeline.pubmed.record_dates import dates_of
from pipeline.pubmed.sieve import Sieve
from pipeline.rules.language import Language
from pipeline.scan import Scan, Scanner, Scans, scan_once
from pipeline.sieving import TopicFinder, parsed
from pipeline.storage import literal

COPY_COLUMNS = (
    "pmid INTEGER, pmid_version SMALLINT, place BIGINT, revised DATE, entered DATE, "
    "year SMALLINT, topics UBIGINT"
)
"""Of the table of a file; place is the record's first byte, NULL for a deletion."""
_ARTICLE = PARSED_COLUMNS["articles"].index
_EVENT = PARSED_COLUMNS["history_dates"].index


class Copy(NamedTuple):
    """A record of a file, or a deletion, as it is counted; `COPY_COLUMNS` has the types."""

    pmid: int
    pmid_version: int
    place: int | None
    revised: date | None = None
    entered: date | None = None
    year: int | None = None
    topics: int = 0


def topic_bits(topics: Topics) -> dict[str, int]:
    """The bit of each topic in `Copy.topics`."""
    return {topic.name: 1 << number for number, topic in enumerate(topics.topics)}


class Counter:
    """Counts files, one after the other, by the same topics."""

    def __init__(self, topics: Topics, language: Language, scans: Scans) -> None:
        """Compile the topics.

        Args:
            topics: a record is counted for each of them that it is on.
            language: cuts texts into their zones.
            scans: where results go.
        """
        self._bits = topic_bits(topics)
        self._scans = scans
        self._finder = TopicFinder(topics, language)
        self._sieve = Sieve([topic.phrases_needed] for topic in topics.topics)

    def scan(self, path: Path) -> Scan:
        """Read a file to its end, unless an earlier run did.

        Raises:
            SourceError: it is no PubMed XML, damaged, cut, or not what its .md5 says.
        """
        return scan_once(path, self._scans, self._scan)

    def _scan(self, path: Path, digest: str, is_checked: bool) -> Scan:
        copies: list[Copy] = []
        deletions: list[Copy] = []
        unreadable = 0
        with open_bytes(path) as stream:
            cutter = Cutter(stream, source_name(path))
            reader = RecordReader(cutter, Tally(), 1)

            def is_passed(cut: Cut) -> bool:
                opened = self._sieve.opened(cut, cutter.head)
                dates = dates_of(cut.raw, opened[1]) if opened else None
                if opened is None or dates is None:
                    return False
                (pmid, version), (revised, entered, year) = opened[0], dates
                copies.append(Copy(pmid, version, cut.offset, revised, entered, year))
                return True

            for pieces in parsed(cutter, reader, is_passed):
                copies += self._copies(reader.context.tables)
                reader.context.new_batch()
                unreadable += sum(not piece.was_read for piece in pieces)
                deletions += [Copy(one.pmid, one.pmid_version, None) for one in reader.deletions]
                reader.deletions = []
                progress.note(len(copies))
        scan = Scan(
            file_sha256=digest,
            read=len(copies),
            kept=0,
            deletions=len(deletions),
            unreadable=unreadable,
            matched=(),
            is_checked=is_checked,
            body=self._scans.name(digest, "parquet"),
            others="",
        )
        self._scans.write(scan, _as_parquet([*copies, *deletions]))
        return scan

    def _copies(self, rows: Tables) -> Iterator[Copy]:
        """Parsed records as they are counted; `core.article_years` says the same of them."""
        hits = self._finder.hits(rows)
        entered: dict[int, date] = {}
        for event in rows["history_dates"]:
            moment = event[_EVENT("event_at")]
            if event[_EVENT("pub_status")] == "pubmed" and moment is not None:
                entered[event[0]] = min(moment.date(), entered.get(event[0], date.max))
        for row in rows["articles"]:
            yield Copy(
                row[_ARTICLE("pmid")],
                row[_ARTICLE("pmid_version")],
                row[_ARTICLE("raw_offset")],
                row[_ARTICLE("date_revised")],
                entered.get(row[0]),
                row[_ARTICLE("issue_year")] or row[_ARTICLE("electronic_year")],
                sum(self._bits[hit.topic] for hit in hits.get(row[0], ())),
            )


def scanner_for(
    topics: Topics,
    language: Language,
    searches: Sequence[Search],
    held: Collection[int],
    scans: Scans,
) -> Scanner | Counter:
    """What reads files for some scans: for records that match, or for counts alone."""
    if scans.wanted == "counts":
        return Counter(topics, language, scans)
    return Scanner(topics, language, searches, held, scans)


def _as_parquet(copies: Sequence[Copy]) -> bytes:
    with tempfile.TemporaryDirectory() as directory, duckdb.connect() as con:
        path = Path(directory) / "copies.parquet"
        con.execute(f"CREATE TABLE copies ({COPY_COLUMNS})")
        with con.appender("copies") as appender:
            appender.append_rows(copies)
        con.execute(f"COPY (FROM copies ORDER BY pmid) TO {literal(path)} (FORMAT parquet)")
        return path.read_bytes()
