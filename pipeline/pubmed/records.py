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
from typing import BinaryIO

from pipeline.errors import SourceError
from pipeline.pubmed.parsing.bytes import PIECE, Joined, Source, open_bytes, source_name
from pipeline.pubmed.parsing.citation_list import COLUMNS_NEEDED, read_citations
from pipeline.pubmed.parsing.context import BadRecordError
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.medline import read_medline
from pipeline.pubmed.parsing.medline_lines import FIRST_LINE, cut_medline
from pipeline.pubmed.parsing.reader import Deletion, RecordReader, Unreadable
from pipeline.pubmed.parsing.tables import Tables, Tally, empty_tables

# -- PubMed XML


@dataclass(slots=True)
class Batch:
    """Some records of one reading, as rows ready for DuckDB's appender.

    Attributes:
        tables: rows by table, every table of PARSED_COLUMNS.
        held: number and SHA-256 of each record passed over because its bytes are held already.
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
    source: Source,
    size: int = 100,
    *,
    first_record_no: int = 1,
    name: str | None = None,
    held: Collection[str] = (),
) -> Iterator[Batch]:
    """Read a PubMed XML file as batches of rows: the fast way.

    Args:
        source: the file, its bytes, or a stream of them.
        size: records a batch; a small batch is freed while it is still in the processor's cache.
        first_record_no: number of the first record; unreadable ones count too.
        name: what to call the source in messages, if not by its own name.
        held: SHA-256 of records that need not be read (`Batch.held`).

    Yields:
        At least one Batch, the last with what the end of the file says (DeleteCitation).

    Raises:
        SourceError: not PubMed XML, damaged, or (after the last whole batch) cut.
        ConfigurationError: the file's encoding is unknown.
    """
    with open_bytes(source) as stream:
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


# -- Files people have: PubMed XML, MEDLINE text exports and plain lists of citations
#
# What a file is, its content says: names and extensions are often wrong (`.txt` exports, `.xml`
# that is gzip). All kinds come as the same batches of rows.


def open_records(
    source: Source,
    size: int = 1000,
    *,
    first_record_no: int = 1,
    held: Collection[str] = (),
) -> Iterator[Batch]:
    """Read any file of records we know.

    Args:
        source: the file, its bytes, or a stream of them.
        size: records a batch.
        first_record_no: number of the first record, as for `read_batches`.
        held: as for `read_batches`; exports and lists are read in any case.

    Raises:
        SourceError: the content is of no kind we read.
        ConfigurationError: a citation list lacks a column or an identifier.
    """
    data: BinaryIO
    with open_bytes(source) as stream:
        name = source_name(source)
        kind, data = sniff(stream)
        if kind == "xml":
            first = first_record_no
            yield from read_batches(data, size, first_record_no=first, name=name, held=held)
        elif kind == "medline":
            tally: Tally = Tally()
            yield from _in_batches(_medline(data, first_record_no, tally), size, tally)
        elif kind == "csv":
            tally = Tally()
            citations = read_citations(data, name, first_record_no, tally)
            yield from _in_batches(citations, size, tally)
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
    if set(COLUMNS_NEEDED) & set(columns):
        return "csv", whole
    return "unknown", whole


def _in_batches(read: Iterable[Tables | Unreadable], size: int, tally: Tally) -> Iterator[Batch]:
    """Records that were read one by one, put together; at least one batch."""
    batch = Batch(empty_tables(), [], [], tally)
    for one in read:
        if isinstance(one, Unreadable):
            batch.unreadable.append(one)
            continue
        for table, rows in one.items():
            batch.tables[table] += rows
        if batch.record_count >= size:
            yield batch
            batch = Batch(empty_tables(), [], [], tally)
    yield batch


def _medline(stream: BinaryIO, first: int, tally: Tally) -> Iterator[Tables | Unreadable]:
    for number, cut in enumerate(cut_medline(stream), first):
        try:
            record = read_medline(number, cut, tally)
        except BadRecordError as error:
            yield Unreadable(number, cut.offset, cut.raw, str(error))
        else:
            yield record
