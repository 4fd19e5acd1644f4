"""Files people have: PubMed XML, MEDLINE text exports and plain lists of citations.

What a file is, its content says: names and extensions are often wrong (`.txt` exports,
`.xml` that is gzip). All kinds come as the same batches of rows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO
from typing import Any, BinaryIO

from pipeline.errors import ConfigurationError, SourceError
from pipeline.pubmed.parsing.bytes import PIECE, Joined, Source, open_bytes, source_name
from pipeline.pubmed.parsing.context import BadRecordError
from pipeline.pubmed.parsing.dates import read_words, small_number
from pipeline.pubmed.parsing.medline import cut_medline, read_medline
from pipeline.pubmed.parsing.tables import (
    LARGEST_INTEGER,
    LIST_COLUMNS,
    PARSED_COLUMNS,
    empty_tables,
)
from pipeline.pubmed.parsing.tally import Tally
from pipeline.pubmed.records import Batch, Unreadable, read_batches

_MEDLINE_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*PMID- ?\d")
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.I)
LIST_COLUMNS_NEEDED = ("pmid", "doi", "year", "title")
LIST_COLUMNS_READ = {"journal": "journal_title"}


def open_records(
    source: Source | bytes, size: int = 1000, *, first_record_no: int = 1
) -> Iterator[Batch]:
    """Read any file of records we know.

    Args:
        source: a path, plain or .gz, a binary stream, or the bytes.
        size: records a batch.
        first_record_no: number of the first record, as for `read_batches`.

    Raises:
        SourceError: the content is of no kind we read.
        ConfigurationError: a citation list lacks a column or an identifier.
    """
    data: BinaryIO
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        name = source_name(source)
        kind, data = sniff(stream)
        if kind == "xml":
            yield from read_batches(data, size, first_record_no=first_record_no, name=name)
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
    if _MEDLINE_LINE.match(head):
        return "medline", whole
    first_line = plain.split(b"\n")[0].decode("utf-8", "replace").lower()
    columns = [cell.strip().strip('"') for cell in first_line.split(",")]
    if set(LIST_COLUMNS_NEEDED) & set(columns):
        return "csv", whole
    return "unknown", whole


def read_citation_list(
    source: Source | bytes, *, size: int = 1000, first_record_no: int = 1
) -> Iterator[Batch]:
    """Read a CSV of citations with at least the columns pmid, doi, year and title.

    Raises:
        ConfigurationError: a column is missing, or a row has neither PMID nor DOI.
    """
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        yield from _citation_batches(stream, source_name(source), size, first_record_no)


def pmid_of_doi(doi: str) -> int:
    """A negative number that stands for a citation known only by its DOI, always the same.

    Case and the resolver's address do not matter (DOI handbook: names are case-insensitive).
    """
    plain = _DOI_PREFIX.sub("", doi.strip()).lower()
    return -(int.from_bytes(sha256(plain.encode()).digest()[:8], "big") % LARGEST_INTEGER + 1)


def _medline_batches(stream: BinaryIO, size: int, first: int) -> Iterator[Batch]:
    tally: Tally = Tally()
    batch = Batch(empty_tables(), [], [], tally)
    for number, (offset, raw) in enumerate(cut_medline(stream), first):
        try:
            tables = read_medline(number, raw, tally)
        except BadRecordError as error:
            batch.unreadable.append(Unreadable(number, offset, raw, str(error)))
            continue
        for table, rows in tables.items():
            batch.tables[table] += rows
        if batch.record_count >= size:
            yield batch
            batch = Batch(empty_tables(), [], [], tally)
    yield batch


class _Lines:
    """The lines of a CSV as text, remembering the bytes of the row being read."""

    def __init__(self, stream: Iterable[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self.taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.taken.append(line)
            try:
                yield line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ConfigurationError(f"{self._name} is not UTF-8: {error}.") from error

    def take(self) -> bytes:
        """The bytes of the row just read, without its line end."""
        raw = b"".join(self.taken)
        self.taken = []
        return raw.rstrip(b"\r\n")


def _citation_batches(stream: BinaryIO, name: str, size: int, first: int) -> Iterator[Batch]:
    lines = _Lines(stream, name)
    reader = csv.DictReader(iter(lines))
    columns = [column.strip().lower() for column in reader.fieldnames or []]
    if missing := [column for column in LIST_COLUMNS_NEEDED if column not in columns]:
        raise ConfigurationError(
            f"{name} has no column {', '.join(missing)}.",
            effect="Nothing of it was kept.",
            next_step="name the columns pmid, doi, year, title in its first line.",
        )
    reader.fieldnames = columns
    tally: Tally = Tally()
    for column in columns:
        if column not in LIST_COLUMNS_NEEDED and column not in LIST_COLUMNS_READ:
            tally["attribute", f"citation list@{column}"] += 1
    lines.take()
    batch = Batch(empty_tables(), [], [], tally)
    for number, row in enumerate(_told_by_line(reader, name), first):
        _citation(batch, number, row, lines.take(), f"{name}, line {reader.line_num}")
        if batch.record_count >= size:
            yield batch
            batch = Batch(empty_tables(), [], [], tally)
    yield batch


def _told_by_line(reader: csv.DictReader[str], name: str) -> Iterator[dict[str | Any, str | Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ConfigurationError(
            f"{name}, line {reader.line_num + 1}: a cell cannot be read: {error}.",
            effect="Nothing of the list was kept.",
            next_step="see whether a quotation mark is missing there.",
        ) from None


def _citation(batch: Batch, number: int, row: dict[str, str], raw: bytes, where: str) -> None:
    """Add a citation; the DOI stands among the identifiers too."""
    doi = (row["doi"] or "").strip()
    given = (row["pmid"] or "").strip()
    pmid = small_number(given) if given else None
    if given and not pmid:
        raise ConfigurationError(f"{where}: {given!r} is no PMID.", next_step="correct the line.")
    if not pmid and not doi:
        raise ConfigurationError(
            f"{where}: the citation has neither PMID nor DOI.",
            effect="Nothing of the list was kept.",
            next_step="give one of them, or remove the line.",
        )
    year = (row["year"] or "").strip()
    date = read_words(year)
    article: dict[str, Any] = {
        "record_no": number,
        "pmid": pmid or pmid_of_doi(doi),
        "pmid_version": 0,
        "record_kind": "citation",
        "record_source": "sparse",
        "title": row["title"] or None,
        "doi": doi or None,
        "issue_date_verbatim": year or None,
        "issue_year": date.year,
        "issue_date_precision": date.precision if year else None,
        "record_sha256": sha256(raw).hexdigest(),
        **{column: [] for column in LIST_COLUMNS},
        **{column: row.get(name) or None for name, column in LIST_COLUMNS_READ.items()},
    }
    columns = PARSED_COLUMNS["articles"]
    batch.tables["articles"].append(tuple([article.get(column) for column in columns]))
    if doi:
        identifier = (number, 1, "ArticleId", "doi", doi, None)
        batch.tables["article_identifiers"].append(identifier)
