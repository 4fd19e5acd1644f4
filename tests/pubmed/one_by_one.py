"""Records of PubMed XML one by one, each with its bytes; what ships reads them in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.pubmed.parsing.bytes import Source, open_bytes, source_name
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import Deletion, RecordReader, Unreadable
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally


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


def read_records(source: Source) -> Iterator[Record | Unreadable | Deletion]:
    """Every record of a PubMed XML file, in order, with what could not be read and deletions.

    Raises: as `read_batches`.
    """
    with open_bytes(source) as stream:
        cutter = Cutter(stream, source_name(source))
        reader = RecordReader(cutter, Tally(), first_record_no=1)
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
