"""What must hold of a spoilt file, whatever was done to it: nothing lost or wrong without a word.

Every record is read with the values an independent reading of its bytes gives, or set aside with
its bytes, or the file is refused with a reason; and what was left alone is read as if its
neighbour had never been spoilt, unless a comment now hides it.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO

from lxml import etree

from pipeline.errors import KetumError
from pipeline.pubmed.parsing.bytes import sets_of
from pipeline.pubmed.parsing.cutting import extract
from pipeline.pubmed.parsing.reader import Deletion, Unreadable
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import open_records
from tests.pubmed.one_by_one import Record, read_records

from .mutate import XML, Spoilt
from .oracle import Row, Rows, expected_rows

READ, REFUSED = "read", "refused"
_TOP = re.compile(
    rb"<!--.*?-->|<\?.*?\?>|<!(?:DOCTYPE|doctype)[^\[>]*(?:\[[^\]]*\][^>]*)?>"
    rb"|</?(?:PubmedArticleSet|PubmedBookArticleSet|BookDocumentSet)\b[^>]*>"
    rb"|<Delete(?:Citation|Document)\b[^>]*?/>"
    rb"|<(Delete(?:Citation|Document))\b.*?</\1\s*>|\xef\xbb\xbf|\s+",
    re.S,
)
_TURNS = re.compile(rb"<\?.*?\?>|</Pubmed(?:Book)?ArticleSet", re.S)
_SAID = re.compile(rb"""<\?xml\s.*?encoding\s*=\s*["']([-\w.]+)""", re.S)
_HIDING = re.compile(rb"<!--|<!\[CDATA|<\?|<!DOCTYPE")
_ENTITIES = b"".join(
    b'<!ENTITY %s "&#%d;">' % (name.encode(), point)
    for name, point in html.entities.name2codepoint.items()
    if name not in ("amp", "lt", "gt", "quot")
)
_PARSER = {
    encoding: etree.XMLParser(
        load_dtd=False, no_network=True, encoding=encoding, remove_comments=False
    )
    for encoding in ("utf-8", "iso-8859-1", "windows-1252", "us-ascii", "koi8-r")
}
_SHELL = b'<PubmedBookArticle xmlns:mml="http://www.w3.org/1998/Math/MathML">'
_ARTICLES = PARSED_COLUMNS["articles"][1:]
_GUESSED = {"raw_offset"} | {
    f"{kind}_{part}"
    for kind in ("issue", "electronic")
    for part in ("year", "month", "day", "date_precision")
}
Comparable = dict[str, list[Row]]


def _comparable(rows: Rows) -> Comparable:
    """Rows without what may differ.

    That is their place in the file, which moves with what stands before them, and what is
    derived of a spoilt date: how it is guessed is the matter of tests/pubmed/test_dates.py.
    """
    found = {table: list(own) for table, own in rows.items() if own}
    found["articles"] = [
        tuple(value for name, value in zip(_ARTICLES, row, strict=True) if name not in _GUESSED)
        for row in found["articles"]
    ]
    return found


def _read(record: Record) -> Comparable:
    return _comparable({table: [row[1:] for row in rows] for table, rows in record.rows.items()})


@cache
def _expected_of_good(raw: bytes) -> Comparable:
    return _expected(raw, "utf-8")


def _expected(raw: bytes, encoding: str) -> Comparable:
    """The rows of a record, from a parse of its own with the entities a DTD would define."""
    doctype = b"<!DOCTYPE PubmedArticle [" + _ENTITIES + b"]>" if b"&" in raw else b""
    shells = 1 + raw.startswith(b"<BookDocument")  # such a record has lost its own
    root = etree.fromstring(
        doctype + _SHELL * shells + raw + b"</PubmedBookArticle>" * shells, _PARSER[encoding]
    )
    return _comparable(expected_rows(root[0], raw, 0))


def _said_encoding(data: bytes, items: list[Record | Unreadable | Deletion], offset: int) -> str:
    """The encoding of the last XML declaration before an offset, if no set ended since."""
    inside = [(i.offset, i.offset + len(i.raw)) for i in items if not isinstance(i, Deletion)]
    said = "utf-8"
    for found in _TURNS.finditer(data, 0, offset):
        if any(begin < found.start() < end for begin, end in inside):
            continue
        if found[0].startswith(b"</"):
            said = "utf-8"
        elif re.match(rb"<\?xml\s", found[0]):
            declared = _SAID.match(found[0])
            said = declared[1].decode().lower() if declared else "utf-8"
    return said if said in _PARSER else "utf-8"


def broken(spoilt: Spoilt, kind: str = XML) -> tuple[str, list[str]]:
    """Read a spoilt file.

    Returns:
        How it ended (read, or refused), and every invariant that does not hold.
    """
    if kind != XML:
        return _broken_export(spoilt)
    try:
        items = list(read_records(spoilt.data))
    except KetumError as error:
        return REFUSED, [] if error.cause and error.next_step else ["refused without a next step"]
    data = spoilt.data
    if spoilt.encoding == "utf-16":
        data = data.decode("utf-16").encode()
    told = [*_lost(data, items), *_wrong(data, items, spoilt), *_hurt(data, items, spoilt)]
    if spoilt.encoding != "utf-8" or any(isinstance(item, Unreadable) for item in items):
        told += _changed(spoilt.data, items)
    return READ, told


def _lost(data: bytes, items: list[Record | Unreadable | Deletion]) -> Iterator[str]:
    """Bytes between records that are neither told of nor mark-up of the set."""
    at = 0
    spans = [(i.offset, i.offset + len(i.raw)) for i in items if not isinstance(i, Deletion)]
    for begin, end in [*sorted(spans), (len(data), len(data))]:
        while at < begin:
            found = _TOP.match(data, at, begin)
            if not found:
                yield f"nobody tells of {data[at : min(begin, at + 60)]!r}"
                break
            at = found.end()
        at = max(at, end)
    for item in items:
        if isinstance(item, Unreadable) and data[item.offset :][: len(item.raw)] != item.raw:
            yield f"the bytes set aside are not those at {item.offset}"


def _changed(data: bytes, items: list[Record | Unreadable | Deletion]) -> Iterator[str]:
    """What is another thing once it was cut out and put into a set of its own."""
    given = [item for item in items if not isinstance(item, Deletion)]
    spans = [(item.offset, len(item.raw)) for item in given]
    pieces = zip(extract(BytesIO(data), spans), given, strict=True)
    copy = b"".join(sets_of((*piece, isinstance(item, Record)) for piece, item in pieces))
    again = [item for item in read_records(copy) if not isinstance(item, Deletion)]

    def known(item: Record | Unreadable) -> tuple[object, ...]:
        if isinstance(item, Record):
            return item.raw, _read(item)
        return item.raw, item.reason

    if [known(item) for item in given] != [known(item) for item in again]:
        yield "what is kept is read otherwise"


def _wrong(
    data: bytes, items: list[Record | Unreadable | Deletion], spoilt: Spoilt
) -> Iterator[str]:
    """Values that differ from what another reading of the same bytes gives."""
    for item in items:
        if not isinstance(item, Record):
            continue
        encoding = _said_encoding(data, items, item.offset)
        found = _read(item)
        if item.raw in spoilt.records and encoding == "utf-8":
            expected = _expected_of_good(item.raw)
        else:
            try:
                expected = _expected(item.raw, encoding)
            except (etree.XMLSyntaxError, IndexError, KeyError, ValueError) as error:
                yield f"read, but another reader says {error!r}"
                continue
        if expected != found:
            yield from _differences(expected, found)


def _differences(expected: Comparable, found: Comparable) -> Iterator[str]:
    for table in sorted(expected.keys() | found.keys()):
        ours, theirs = found.get(table, []), expected.get(table, [])
        if len(ours) != len(theirs):
            yield f"{table} has {len(ours)} rows, not {len(theirs)}: {ours} {theirs}"
            continue
        columns = [n for n in PARSED_COLUMNS[table][1:] if table != "articles" or n not in _GUESSED]
        for one, other in zip(ours, theirs, strict=True):
            for column, value, right in zip(columns, one, other, strict=True):
                if value != right:
                    yield f"{table}.{column} is {value!r}, not {right!r}"


def _hurt(
    data: bytes, items: list[Record | Unreadable | Deletion], spoilt: Spoilt
) -> Iterator[str]:
    """Records left alone that are not read, though nothing hides them."""
    read = {(item.offset, item.raw) for item in items if isinstance(item, Record)}
    shift = 0
    for raw, place in zip(spoilt.records, spoilt.offsets, strict=True):
        if place is None:
            continue
        if spoilt.encoding == "utf-16":  # the mark is gone, all else is UTF-8 again
            shift = 0
        elif spoilt.encoding != "utf-8":
            return  # it is said to be of another encoding, and nobody can tell
        if (place + shift, raw) in read:
            continue
        hidden = any(
            item.offset < place < item.offset + len(item.raw)
            for item in items
            if not isinstance(item, Deletion)
        )
        changed = data[:place]
        if not (hidden and _HIDING.search(changed)) and not _is_between_marks(changed):
            yield f"the record at {place} was left alone and is not read"


def _is_between_marks(before: bytes) -> bool:
    """Whether a comment or instruction that began before is still open, or the encoding changed."""
    if re.search(rb"""encoding\s*=\s*["'](?!utf-8)""", before):
        return True
    opened = [(before.rfind(b"<!--"), 4, b"-->"), (before.rfind(b"<?"), 2, b"?>")]
    return any(at >= 0 and before.find(end, at + skip) < 0 for at, skip, end in opened)


# --- MEDLINE exports ----------------------------------------------------------------------------


@cache
def _alone(raw: bytes) -> dict[str, list[Row]]:
    (batch,) = open_records(raw)
    return {table: [row[1:] for row in rows] for table, rows in batch.tables.items()}


def _broken_export(spoilt: Spoilt) -> tuple[str, list[str]]:
    """As for XML; what was left alone is read as it is read alone."""
    try:
        batches = list(open_records(spoilt.data))
    except KetumError as error:
        return REFUSED, [] if error.cause and error.next_step else ["refused without a next step"]
    told = []
    columns = PARSED_COLUMNS["articles"]
    sha = columns.index("record_sha256")
    read = {row[sha]: row[1:] for batch in batches for row in batch.tables["articles"]}
    for raw, place in zip(spoilt.records, spoilt.offsets, strict=True):
        if place is None:
            continue
        (alone,) = _alone(raw)["articles"]
        if read.get(alone[sha - 1]) != alone:
            told.append(f"the record at {place} was left alone and is not read as alone")
    for batch in batches:
        for odd in batch.unreadable:
            if spoilt.data[odd.offset :][: len(odd.raw)] != odd.raw:
                told.append(f"the bytes set aside are not those at {odd.offset}")
    starts = len(re.findall(rb"^PMID-", spoilt.data, re.M))
    items = sum(batch.record_count + len(batch.unreadable) for batch in batches)
    if items < starts:
        told.append(f"{starts} records begin, and {items} are told of")
    return READ, told
