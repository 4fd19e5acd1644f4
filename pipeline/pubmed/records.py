"""Records out of a file of any kind, as rows, streaming, nothing lost.

PubMed XML is cut record by record (`cutting`), parsed by lxml without any DTD or network, and
walked once; each child goes to the reader of its tag (`parsing/`). Text is verbatim: mark-up is
flattened, nothing trimmed. What the DTD does not have is counted in a `Tally`; what cannot be read
is set aside with its bytes, and reading goes on.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO

from pipeline.csv_rows import Row, read_rows
from pipeline.errors import ConfigurationError, SourceError
from pipeline.identifiers import normal_doi, same_doi
from pipeline.pubmed.parsing.bytes import PIECE, Joined, Source, open_bytes, source_name
from pipeline.pubmed.parsing.context import BadRecordError
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.dates import read_words, small_number
from pipeline.pubmed.parsing.medline import read_medline
from pipeline.pubmed.parsing.medline_lines import FIRST_LINE, cut_medline
from pipeline.pubmed.parsing.reader import Deletion, RecordReader, Unreadable
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    Tables,
    Tally,
    empty_tables,
)

__all__ = [
    "PARSED_COLUMNS",
    "Batch",
    "Deletion",
    "Record",
    "Tally",
    "Unreadable",
    "open_records",
    "pmid_of_doi",
    "read_batches",
    "read_records",
    "sniff",
    "uncollected",
]


# -- PubMed XML


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    Attributes:
        kind: article or book.
        offset, length, raw: its bytes in the uncompressed file.
        rows: rows by table, with the columns of PARSED_COLUMNS; tables without rows are absent.
    """

    record_no: int
    pmid: int
    pmid_version: int
    kind: str
    offset: int
    length: int
    raw: bytes = field(repr=False)
    rows: Tables = field(repr=False)


@dataclass(slots=True)
class Batch:
    """Some records of one reading, as rows ready for DuckDB's appender.

    Attributes:
        tables: rows by table, every table of PARSED_COLUMNS.
        held: number and SHA-256 of each record that was passed over, since its bytes are held.
        tally: shared by all batches of a reading; final after the last one.
    """

    tables: Tables
    deletions: list[Deletion]
    unreadable: list[Unreadable]
    tally: Tally
    held: list[tuple[int, str]] = field(default_factory=list)

    @property
    def record_count(self) -> int:
        return len(self.tables["articles"])


def read_batches(
    source: Source | bytes,
    size: int = 100,
    *,
    first_record_no: int = 1,
    name: str | None = None,
    held: Collection[str] = (),
) -> Iterator[Batch]:
    """Read a PubMed XML file as batches of rows: the fast way.

    Args:
        source: a path, plain or .gz, a binary stream, or the bytes themselves.
        size: records a batch; rows of few are still near the processor when they are let go.
        first_record_no: number of the first record; unreadable ones count too.
        name: what to call the source in messages, if not by its own name.
        held: SHA-256 of records that need not be read (`Batch.held`).

    Yields:
        At least one Batch, the last with what the end of the file says (DeleteCitation).

    Raises:
        SourceError: not PubMed XML, damaged, or (after the last whole batch) cut.
        ConfigurationError: the file's encoding is unknown.
    """
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        cutter = Cutter(stream, name or source_name(source))
        tally: Tally = Tally()
        reader = RecordReader(cutter, tally, first_record_no, held)
        cuts = iter(cutter)
        is_last = False
        while not is_last:
            with uncollected():
                is_last = _fill(reader, cuts, size)
            yield _take(reader, tally)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector, while rows are made or moved.

    It has nothing to find among rows, but would look through all of them again and again. Those
    that are still there at the end count as old: otherwise its next run would begin with them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()  # all objects leave the youngest generation,
            gc.unfreeze()  # and join the oldest, without a look at any
            gc.enable()


def _fill(reader: RecordReader, cuts: Iterator[Cut], size: int) -> bool:
    """Read up to `size` records; True when there are no more."""
    read = reader.read
    for count, cut in enumerate(cuts, 1):
        read(cut)
        if count >= size:
            return False
    return True


def _take(reader: RecordReader, tally: Tally) -> Batch:
    """What was read since the last batch, which then belongs to the caller alone."""
    tables, odd = reader.context.tables, reader.unreadable
    batch = Batch(tables, reader.deletions, odd, tally, reader.known)
    reader.context.new_batch()
    reader.deletions, reader.unreadable, reader.known = [], [], []
    return batch


def read_records(
    source: Source | bytes, *, first_record_no: int = 1
) -> Iterator[Record | Unreadable | Deletion]:
    """Every record of a PubMed XML file, in order, with what could not be read and deletions.

    Args and Raises: as `read_batches`.
    """
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        cutter = Cutter(stream, source_name(source))
        reader = RecordReader(cutter, Tally(), first_record_no)
        for cut in cutter:
            reader.read(cut)
            yield from reader.unreadable
            yield from reader.deletions
            reader.unreadable, reader.deletions = [], []
            tables = {table: rows for table, rows in reader.context.tables.items() if rows}
            if tables:
                reader.context.new_batch()
                yield _as_record(tables, cut)


def _as_record(tables: Tables, cut: Cut) -> Record:
    row = dict(zip(PARSED_COLUMNS["articles"], tables["articles"][0], strict=True))
    return Record(
        record_no=row["record_no"],
        pmid=row["pmid"],
        pmid_version=row["pmid_version"],
        kind=row["record_kind"],
        offset=row["raw_offset"],
        length=row["raw_length"],
        raw=cut.raw,
        rows=tables,
    )


# -- Files people have: PubMed XML, MEDLINE text exports and plain lists of citations
#
# What a file is, its content says: names and extensions are often wrong (`.txt` exports, `.xml`
# that is gzip). All kinds come as the same batches of rows.

LIST_COLUMNS_NEEDED = ("pmid", "doi", "year", "title")
LIST_COLUMNS_READ = {"journal": "journal_title"}
FAULTS_SHOWN = 5


def open_records(
    source: Source | bytes,
    size: int = 1000,
    *,
    first_record_no: int = 1,
    held: Collection[str] = (),
) -> Iterator[Batch]:
    """Read any file of records we know.

    Args:
        source: a path, plain or .gz, a binary stream, or the bytes.
        size: records a batch.
        first_record_no: number of the first record, as for `read_batches`.
        held: as for `read_batches`; what is no XML is read in any case.

    Raises:
        SourceError: the content is of no kind we read.
        ConfigurationError: a citation list lacks a column or an identifier.
    """
    data: BinaryIO
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        name = source_name(source)
        kind, data = sniff(stream)
        if kind == "xml":
            first = first_record_no
            yield from read_batches(data, size, first_record_no=first, name=name, held=held)
        elif kind == "medline":
            yield from _medline_batches(data, size, first_record_no)
        elif kind == "csv":
            yield from _citation_batches(data, name, size, first_record_no)
        else:
            raise SourceError(
                f"{name} is neither PubMed XML, nor a MEDLINE export, nor a citation list.",
                effect="Nothing of it was kept.",
                next_step="export again from PubMed, as format PubMed (.nbib) or XML.",
            )


def sniff(stream: BinaryIO) -> tuple[str, BinaryIO]:
    """What a stream of uncompressed bytes holds: xml, medline, csv, or unknown.

    Returns:
        The kind, and a stream that begins where this one did.
    """
    head = stream.read(4096)
    whole: BinaryIO = io.BufferedReader(Joined(head, stream), PIECE)
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not plain or plain.startswith(b"<"):
        return "xml", whole
    if FIRST_LINE.match(plain):
        return "medline", whole
    first_line = plain.split(b"\n")[0].decode("utf-8", "replace").lower()
    columns = [cell.strip().strip('"') for cell in first_line.split(",")]
    if set(LIST_COLUMNS_NEEDED) & set(columns):
        return "csv", whole
    return "unknown", whole


def pmid_of_doi(doi: str) -> int:
    """A negative number that stands for a citation known only by its DOI, always the same.

    How the DOI is written does not matter (see `same_doi`).
    """
    plain = same_doi(doi) or doi.strip().lower()
    return -(int.from_bytes(sha256(plain.encode()).digest()[:8], "big") % LARGEST_INTEGER + 1)


def _medline_batches(stream: BinaryIO, size: int, first: int) -> Iterator[Batch]:
    tally: Tally = Tally()
    batch = Batch(empty_tables(), [], [], tally)
    for number, cut in enumerate(cut_medline(stream), first):
        try:
            tables = read_medline(number, cut, tally)
        except BadRecordError as error:
            batch.unreadable.append(Unreadable(number, cut.offset, cut.raw, str(error)))
            continue
        for table, rows in tables.items():
            batch.tables[table] += rows
        if batch.record_count >= size:
            yield batch
            batch = Batch(empty_tables(), [], [], tally)
    yield batch


def _lines(stream: Iterable[bytes], name: str) -> Iterator[str]:
    """The lines of a CSV as text."""
    for line in stream:
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{name} is not UTF-8: {error}.") from error


def _citation_batches(stream: BinaryIO, name: str, size: int, first: int) -> Iterator[Batch]:
    tally: Tally = Tally()
    batch = Batch(empty_tables(), [], [], tally)
    known: dict[str, int] = {}
    faults: list[str] = []
    number = first
    for row in read_rows(_lines(stream, name), name, LIST_COLUMNS_NEEDED):
        if number == first and not faults:
            for column in row.cells.keys() - {*LIST_COLUMNS_NEEDED, *LIST_COLUMNS_READ}:
                tally["attribute", f"citation list@{column}"] += 1
        try:
            pmid, doi = _identifiers(row)
            _see_that_it_is_new(row, pmid, doi, known)
        except ValueError as error:
            faults.append(f"line {row.line}: {error}")
            continue
        _citation(batch, number, row, pmid, doi)
        number += 1
        if batch.record_count >= size:
            yield batch
            batch = Batch(empty_tables(), [], [], tally)
    if faults:
        more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        raise ConfigurationError(
            f"{name}, {'; '.join(faults[:FAULTS_SHOWN])}{more}.",
            effect="Nothing of the list was kept.",
            next_step="correct these lines, or remove them.",
        )
    yield batch


def _identifiers(row: Row) -> tuple[int | None, str | None]:
    """PMID and DOI of a row.

    Raises:
        ValueError: it has neither, or what stands in their place is not an identifier.
    """
    given, written = row.get("pmid"), row.get("doi")
    pmid = small_number(given) if given else None
    if given and not pmid:
        raise ValueError(f"{given!r} is no PMID")
    doi = normal_doi(written)
    if written and not doi:
        raise ValueError(f"{written!r} is no DOI")
    if not pmid and not doi:
        raise ValueError("the citation has neither PMID nor DOI")
    return pmid, doi


def _see_that_it_is_new(row: Row, pmid: int | None, doi: str | None, known: dict[str, int]) -> None:
    """Keep in mind which article stands in which line.

    Two PMIDs with one DOI are two records of PubMed; a DOI without PMID may be either.

    Args:
        row: the row.
        pmid: its PMID.
        doi: its DOI.
        known: identifiers of earlier rows and their lines; those of this row are added.

    Raises:
        ValueError: the article stands in an earlier line already.
    """
    by_pmid = f"PMID {pmid}" if pmid else None
    by_doi = f"DOI {doi.lower()}" if doi else None
    alone = f"{by_doi} alone" if by_doi else None
    repeated = [by_pmid, alone if pmid else by_doi]
    for name in repeated:
        if name and name in known:
            shown = name.removesuffix(" alone")
            raise ValueError(f"{shown} stands in line {known[name]} already")
    for name in (by_pmid, by_doi, None if pmid else alone):
        if name:
            known.setdefault(name, row.line)


def _citation(batch: Batch, number: int, row: Row, pmid: int | None, doi: str | None) -> None:
    """Add a citation; the DOI stands among the identifiers too."""
    year = row.get("year")
    date = read_words(year or "")
    article: dict[str, Any] = {
        "record_no": number,
        "pmid": pmid or pmid_of_doi(doi or ""),
        "pmid_version": 0,
        "record_kind": "citation",
        "record_source": "sparse",
        "title": row.get("title"),
        "doi": doi,
        "issue_date_verbatim": year,
        "issue_year": date.year,
        "issue_date_precision": date.precision if year else None,
        "record_sha256": sha256(row.text.encode()).hexdigest(),
        **{column: [] for column in LIST_COLUMNS},
        **{column: row.get(name) for name, column in LIST_COLUMNS_READ.items()},
    }
    columns = PARSED_COLUMNS["articles"]
    batch.tables["articles"].append(tuple([article.get(column) for column in columns]))
    if doi:
        identifier = (number, 1, "ArticleId", "doi", doi, None)
        batch.tables["article_identifiers"].append(identifier)
