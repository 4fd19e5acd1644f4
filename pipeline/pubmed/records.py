"""PubMed XML to rows: every record of a file, streaming, nothing lost.

One record at a time is cut from the stream (`cutting`), parsed by lxml without any DTD or
network, and walked once; each child goes to the reader of its tag (`parsing/`). Text is
verbatim: mark-up is flattened, nothing trimmed. What the DTD does not have is counted in a
`Tally`; what cannot be read is set aside with its bytes, and reading goes on.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from pipeline.pubmed.parsing.bytes import Source, open_bytes, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import Deletion, RecordReader, Unreadable
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally

__all__ = [
    "PARSED_COLUMNS",
    "Batch",
    "Deletion",
    "Record",
    "Tally",
    "Unreadable",
    "read_batches",
    "read_records",
    "uncollected",
]


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
        tally: shared by all batches of a reading; final after the last one.
    """

    tables: Tables
    deletions: list[Deletion]
    unreadable: list[Unreadable]
    tally: Tally

    @property
    def record_count(self) -> int:
        return len(self.tables["articles"])


def read_batches(
    source: Source | bytes,
    size: int = 1000,
    *,
    first_record_no: int = 1,
    name: str | None = None,
) -> Iterator[Batch]:
    """Read a PubMed XML file as batches of rows: the fast way.

    Args:
        source: a path, plain or .gz, a binary stream, or the bytes themselves.
        size: records a batch.
        first_record_no: number of the first record; unreadable ones count too.
        name: what to call the source in messages, if not by its own name.

    Yields:
        At least one Batch, the last with what the end of the file says (DeleteCitation).

    Raises:
        SourceError: not PubMed XML, damaged, or (after the last whole batch) cut.
        ConfigurationError: the file's encoding is unknown.
    """
    with open_bytes(BytesIO(source) if isinstance(source, bytes) else source) as stream:
        cutter = Cutter(stream, name or source_name(source))
        tally: Tally = Tally()
        reader = RecordReader(cutter, tally, first_record_no)
        cuts = iter(cutter)
        is_last = False
        while not is_last:
            with uncollected():
                is_last = _fill(reader, cuts, size)
            yield _take(reader, tally)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector, while rows are made or moved.

    It has nothing to find among rows, but would look through all of them again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
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
    batch = Batch(reader.context.tables, reader.deletions, reader.unreadable, tally)
    reader.context.new_batch()
    reader.deletions, reader.unreadable = [], []
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
