"""What the parser must see of a file, a batch at a time, and the topics those records are on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import duckdb

from pipeline.evidence.record import TopicHit, read_records
from pipeline.evidence.topics import Topics, topics_of
from pipeline.pubmed.parsing.bytes import Head
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS, Tables, Tally
from pipeline.pubmed.records import Batch, uncollected
from pipeline.rules.language import Language
from pipeline.warehouse import stage

PMID = PARSED_COLUMNS["articles"].index("pmid")


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
        reader: takes the rows; who asks for the next batch has used up those of the last.
        is_passed: whether a record need not be parsed; whatever is wanted of it, this takes.
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

    def __init__(self, topics: Topics, language: Language) -> None:
        self._topics, self._language = topics, language
        self._con = duckdb.connect()
        stage.create_staging(self._con)

    def hits(self, rows: Tables) -> dict[int, tuple[TopicHit, ...]]:
        """Record number to the topics of that record; of those on any."""
        if not rows["articles"]:
            return {}
        batch = Batch(rows, [], [], Tally())
        stage.stage_batches(self._con, iter([batch]), raw_file=None, stamp="")
        found = {}
        for records in read_records(self._con, "staging.keyed"):
            for record in records:  # its number stands in place of its PMID here
                hits = topics_of(self._topics, record.units(self._language), record.tags()).hits
                if hits:
                    found[record.pmid] = hits
        stage.empty_staging(self._con)
        return found
