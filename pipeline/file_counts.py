"""`bulk-load --counts`: how many records NLM's files hold by year, all and by topic.

The files keep their records; what is counted is written to `data/counts/NAME.json`, and belongs to
no origin: the next update of any takes it into its raw archive and its tables. Of each PMID one
copy counts, the one that `warehouse.load` would hold, and none that a DeleteCitation names.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline import many_files, progress
from pipeline.clock import Clock
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import Search, Topics
from pipeline.pubmed.about_pubmed import PUBMED, PUBMED_QUERY
from pipeline.pubmed.parsing.bytes import open_bytes, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally
from pipeline.pubmed.sieve import Sieve, dates_of
from pipeline.scan import FileReader, Rules, Scan, Scans, TopicFinder, TopicRules, parsed
from pipeline.settings import Options, Settings
from pipeline.storage import for_duckdb, for_reading, hold_lock, literal, shown, write_atomically
from pipeline.warehouse.breakdowns import refusal

_PMIDS_AT_A_TIME = 4_000_000
"""Copies are compared by ranges of PMIDs, so that memory does not grow with PubMed."""
_MEMORY = "1GB"

_READ = """
    CREATE TABLE copies AS
    SELECT f.file_no, f.is_numbered, p.* EXCLUDE (filename)
    FROM read_parquet($paths, filename = true) AS p
    JOIN files AS f ON f.path = p.filename
"""
_COUNT = """
    INSERT INTO counted
    WITH standing AS (
        SELECT c.*
        FROM copies AS c
        WHERE c.pmid BETWEEN $first AND $last AND c.place IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM gone AS d
            WHERE d.pmid = c.pmid AND d.pmid_version = c.pmid_version AND (
                d.file_no = c.file_no
                OR (d.is_numbered AND c.is_numbered AND c.file_no < d.file_no)
            )
        )
    ),
    winners AS (
        SELECT entered, year, topics FROM standing
        QUALIFY row_number() OVER (
            PARTITION BY pmid
            ORDER BY pmid_version DESC, coalesce(revised, DATE '0001-01-01') DESC,
                file_no DESC, place DESC
        ) = 1
    )
    SELECT year(entered), year, topics, count(*), max(entered) FROM winners GROUP BY ALL
"""


class Counted(NamedTuple):
    """Records of one entry year, publication year and set of topics.

    Attributes:
        topics: a bit for each topic (`topic_bits`).
        last_entry: the latest Entry Date among them.
    """

    edat_year: int | None
    year: int | None
    topics: int
    record_count: int
    last_entry: date | None


class FileCounts(NamedTuple):
    """What was counted, and where it is written.

    Attributes:
        record_count: records, each PMID once.
        missing: names that the series lacks between its first number, 1, and its last.
        is_whole: it is one numbered series without a gap, so that it holds all of PubMed.
    """

    path: Path
    file_count: int
    record_count: int
    missing: tuple[str, ...]
    is_whole: bool

    def text(self) -> str:
        """A sentence or two for the terminal."""
        written = (
            f"Counted {self.record_count} records in {self.file_count} file(s); "
            f"written to {shown(self.path)}. The next update takes it in."
        )
        if self.is_whole:
            return written
        named = ", ".join(self.missing[:10]) + (" and more" if len(self.missing) > 10 else "")
        lack = f"lack {named}" if self.missing else "are not one numbered series of NLM's"
        return f"{written} No shares come of it, as the files {lack}: they are not all of PubMed."


def count_files(options: Options, settings: Settings, clock: Clock) -> FileCounts:
    """Count the records of some files, keep none of them, and write the counts.

    Args:
        options: which files, read by whom, and the name of the counts: older ones of the same name
            are replaced.
        settings: where the topics are, and where the counts go.
        clock: says when it is.

    Raises:
        SourceError: a file is damaged or cut, or differs from its .md5; what others hold is kept.
        LockedError: files are being counted under this name already.
        MachineError: no space or memory is left; the same command goes on where there is.
    """
    files, name = options.from_files, options.origin.partition(":")[2]
    target = settings.counts / f"{name}.json"
    with hold_lock(settings.counts / f".{name}.lock", f"counts {name}"):
        reference = Reference.load(settings.reference)
        scans = Scans.looking_for(settings.scans(f"counts:{name}"), reference.sha256)
        try:
            found = many_files.scan_all(
                files, Counter, reference, (), (), scans, options.processes, options.dask
            )
            counted = _count(found, scans)
            body = _body(files, found, counted, reference.topics, clock)
            write_atomically(target, json.dumps(body, indent=1).encode() + b"\n")
        except (OSError, MemoryError, duckdb.Error) as error:
            if cause := refusal(settings.data, error):
                raise cause from error
            raise
        shutil.rmtree(scans.directory, ignore_errors=True)
    total = sum(one.record_count for one in counted)
    return FileCounts(target, len(files), total, tuple(body["missing"]), body["is_whole"])


def _count(found: Mapping[Path, Scan], scans: Scans) -> list[Counted]:
    """Count the copy of each record that stands when all files are taken together."""
    ordered = sorted(found, key=many_files.stamp)
    rows = [
        (number, str((scans.directory / found[path].body).absolute()), many_files.is_numbered(path))
        for number, path in enumerate(ordered)
    ]
    paths = list(dict.fromkeys(for_reading(Path(path)) for _, path, _ in rows))
    together = scans.directory / "together.duckdb"
    together.unlink(missing_ok=True)  # of a run that was killed
    with duckdb.connect(for_duckdb(together), config={"memory_limit": _MEMORY}) as con:
        con.execute("SET preserve_insertion_order = false")
        con.execute("CREATE TABLE files (file_no INTEGER, path VARCHAR, is_numbered BOOLEAN)")
        con.executemany("INSERT INTO files VALUES (?, ?, ?)", rows)
        con.execute(_READ, {"paths": paths})
        con.execute("CREATE TABLE gone AS FROM copies WHERE place IS NULL")
        con.execute(
            "CREATE TABLE counted (edat_year SMALLINT, year SMALLINT, topics UBIGINT, "
            "record_count BIGINT, last_entry DATE)"
        )
        highest = con.execute("SELECT max(pmid) FROM copies").fetchone()
        last = (highest and highest[0]) or 0
        for first in range(0, last + 1, _PMIDS_AT_A_TIME):
            con.execute(_COUNT, {"first": first, "last": first + _PMIDS_AT_A_TIME - 1})
        return [Counted(*row) for row in con.execute("FROM counted").fetchall()]


def _body(
    files: Sequence[Path],
    found: Mapping[Path, Scan],
    counted: Sequence[Counted],
    topics: Topics,
    clock: Clock,
) -> dict[str, Any]:
    """What is written of a count, as JSON has it."""
    missing = many_files.lacking(files, from_one=True)
    entries = [one.last_entry for one in counted if one.last_entry is not None]
    return {
        "counted_at": clock.now().isoformat(),
        "last_entry": max(entries).isoformat() if entries else None,
        "is_whole": not missing and many_files.is_one(files) and bool(entries),
        "missing": missing,
        "files": [
            {
                "file": shown(Path(path.name)),
                "file_sha256": found[path].file_sha256,
                "record_count": found[path].read,
                "deletion_count": found[path].deletions,
                "unreadable_count": found[path].unreadable,
                "is_checked": found[path].is_checked,
            }
            for path in files
        ],
        "counts": [
            {"kind": kind, "name": name, "strategy": strategy, "is_denominator": is_denominator,
             "date_tag": date_tag, "year": year, "record_count": number}
            for kind, name, strategy, is_denominator, needed in _counted_of(topics)
            for date_tag in ("edat", "publication")
            for year, number in _by_year(counted, needed, date_tag).items()
        ],
    }  # fmt: skip


def _counted_of(topics: Topics) -> list[tuple[str, str, str, bool, int]]:
    """Kind, name, query, whether shares are made of it, and the bits of what is counted."""
    bits = topic_bits(topics)
    return [
        ("all", PUBMED, PUBMED_QUERY, True, 0),
        *(("topic", one.name, one.query, one.is_counted, bits[one.name]) for one in topics.topics),
        *(
            ("search", one.name, topics.pubmed_query(one.name), False,
             sum(bits[name] for name in set(one.topics)))
            for one in topics.searches
        ),
    ]  # fmt: skip


def _by_year(counted: Sequence[Counted], needed: int, date_tag: str) -> dict[int | None, int]:
    found: dict[int | None, int] = {}
    for one in counted:
        if one.topics & needed == needed:
            year = one.edat_year if date_tag == "edat" else one.year
            found[year] = found.get(year, 0) + one.record_count
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0])))


# -- One file: a few dates and the topics of each record, read by a worker

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


class Counter(FileReader):
    """Reads files for nothing but a few dates and the topics of each record.

    What it finds is a table with a row for each record and each deletion.
    """

    load_rules = staticmethod(TopicRules.load)

    def __init__(
        self, rules: Rules, _searches: Sequence[Search], _held: Collection[int], scans: Scans
    ) -> None:
        self.scans = scans
        self._bits = topic_bits(rules.topics)
        self._finder = TopicFinder(rules)
        self._sieve = Sieve([topic.phrases_needed] for topic in rules.topics.topics)

    def read(self, path: Path, digest: str, is_checked: bool) -> Scan:
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
            body=self.scans.name(digest, "parquet"),
            others="",
        )
        self.scans.write(scan, _as_parquet([*copies, *deletions]))
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


def _as_parquet(copies: Sequence[Copy]) -> bytes:
    with tempfile.TemporaryDirectory() as directory, duckdb.connect() as con:
        path = Path(directory) / "copies.parquet"
        con.execute(f"CREATE TABLE copies ({COPY_COLUMNS})")
        with con.appender("copies") as appender:
            appender.append_rows(copies)
        con.execute(f"COPY (FROM copies ORDER BY pmid) TO {literal(path)} (FORMAT parquet)")
        return path.read_bytes()
