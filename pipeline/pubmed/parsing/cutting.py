"""Cut a PubMed XML stream into whole records, with the byte offset of each.

Parsing record by record is faster than one tree for the file and lets one broken record be
set aside. Input: bytes of a document (or several, one after the other) whose root is a
PubmedArticleSet, PubmedBookArticleSet or BookDocumentSet (PubMed DTD, "Set-level elements").
Assumed: an encoding that contains ASCII (`open_bytes` sees to UTF-16), and that records do not
nest: a record without its end tag ends where the next begins, so that no other record is lost. A
tag inside a comment or CDATA section neither ends nor begins a record. Each byte is looked at a
fixed number of times, whatever a file holds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, NoReturn

from pipeline.errors import ConfigurationError, SourceError
from pipeline.pubmed.parsing.bytes import (
    BYTE_ORDER_MARK,
    PIECE,
    Head,
    Source,
    is_declaration,
    open_bytes,
    source_name,
)

LONGEST_RECORD = 256 * 1024 * 1024
"""No PubMed record comes near this; without a bound a missing end tag would eat the memory."""

RECORD_TAGS = (b"PubmedArticle", b"PubmedBookArticle", b"BookDocument")
DELETION_TAGS = (b"DeleteCitation", b"DeleteDocument")
ROOT_TAGS = (b"PubmedArticleSet", b"PubmedBookArticleSet", b"BookDocumentSet")

_NAME = re.compile(rb"</?([A-Za-z_:][-\w:.]*)")
_ERROR = re.compile(rb"<(ERROR|error)>(.*?)</\1>", re.S)
_STARTS = rb"<(?:PubmedArticle|PubmedBookArticle|BookDocument|DeleteCitation|DeleteDocument)[\s/>]"
_ROOTS = rb"</?(?:PubmedArticleSet|PubmedBookArticleSet|BookDocumentSet)[\s/>]"
_HIDES = rb"(?P<hides><!--|<!\[CDATA\[)"
_CLOSES = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_LONGEST_MARK = 64
"""No pattern here matches more bytes: so many are looked at again when more have been read."""


def _marks(tag: bytes) -> re.Pattern[bytes]:
    """What may decide where an element ends: its end tag, another beginning, what hides them."""
    starts = _STARTS.replace(b"|BookDocument|", b"|") if tag == b"PubmedBookArticle" else _STARTS
    return re.compile(
        rb"(?P<end></" + tag + rb"\s{0,32}>)|" + _HIDES + rb"|" + starts + rb"|" + _ROOTS
    )


_MARKS = {tag: _marks(tag) for tag in (*RECORD_TAGS, *DELETION_TAGS)}
_AFTER_STRAY = re.compile(_HIDES + rb"|" + _STARTS + rb"|" + _ROOTS)


class Cut(NamedTuple):
    """One stretch of a stream.

    Attributes:
        kind: record, deletion or stray (bytes the DTD does not have between records).
        name: the element they begin with, e.g. PubmedArticle; empty if with none.
        offset: position of the first byte in the uncompressed stream.
        raw: the bytes, from start tag to end tag.
        is_ended: it has its end tag; one without ends where the next element begins.
    """

    kind: str
    name: str
    offset: int
    raw: bytes
    is_ended: bool = True


class Cutter:
    """Iterate over the records of one stream; `head` is set once the first has been cut.

    Args:
        stream: uncompressed bytes.
        name: what to call it in messages.
    """

    def __init__(self, stream: BinaryIO, name: str = "the stream") -> None:
        self._stream = stream
        self._name = name
        self._buffer = b""
        self._position = 0  # in the buffer
        self._dropped = 0  # bytes of the stream before the buffer
        self._open_root = b""
        self._seen_root = False
        self._ended = False
        self._never_closed: set[bytes] = set()
        self.head = Head()

    def __iter__(self) -> Iterator[Cut]:
        """Yield every record, deletion list and oddity in order.

        Raises:
            SourceError: not a PubMed document, or (at the end) a document that was cut.
        """
        while True:
            while usual := self._usual_record():
                yield usual
            if not self._skip_space():
                break
            buffer, start = self._buffer, self._position
            tag = self._tag_name()
            if tag in RECORD_TAGS:
                yield self._element("record", tag)
            elif tag in DELETION_TAGS:
                yield self._element("deletion", tag)
            elif tag in ROOT_TAGS:
                yield from self._root(tag)
            elif buffer.startswith(b"<?", start) and (end := self._after_hidden(b"<?", 2)) > 2:
                yield from self._instruction(self._take(end))
            elif buffer.startswith(b"<!--", start) and (end := self._after_hidden(b"<!--", 4)) > 4:
                self._take(end)
            elif buffer.startswith((b"<!DOCTYPE", b"<!doctype"), start) and not self._open_root:
                self._doctype()
            elif buffer.startswith(BYTE_ORDER_MARK, start) and not self._open_root:
                self._take(len(BYTE_ORDER_MARK))
                self.head = Head(has_mark=True)
            elif not self._open_root:
                self._refuse()
            else:
                yield self._stray(tag.decode("utf-8", "replace"))
        if not self._seen_root:
            self._refuse()
        if self._open_root:
            self._cut_short()

    def _usual_record(self) -> Cut | None:
        """The next record, if nothing odd stands in it or before it.

        A short cut for nearly all records; None leaves the question to the general way.
        """
        while True:
            buffer, start = self._buffer, self._position
            begin = buffer.find(b"<PubmedArticle>", start, start + 64)
            if begin < 0 or not self._open_root or buffer[start:begin].strip():
                return None
            end = buffer.find(b"PubmedArticle", begin + 15) - 2
            if end >= 0 and len(buffer) >= end + 16:
                break
            if not self._more():
                return None
        raw = buffer[begin : end + 16]
        if (
            not raw.endswith(b"</PubmedArticle>")
            or (b"!" in raw and b"<!" in raw)  # one byte is found many times faster than two
            or b"<PubmedBookArticle" in raw
        ):
            return None
        self._position = end + 16
        return Cut("record", "PubmedArticle", self._dropped + begin, raw)

    # -- reading -------------------------------------------------------------------------

    def _more(self) -> bool:
        """Read on, dropping what has been used; larger pieces for a longer record."""
        kept = self._buffer[self._position :]
        piece = b"" if self._ended else self._stream.read(max(PIECE, len(kept)))
        self._ended = not piece
        self._dropped += self._position
        self._position = 0
        self._buffer = kept + piece
        if len(kept) > LONGEST_RECORD:
            raise SourceError(
                f"{self._name} has a record of more than {LONGEST_RECORD >> 20} MB at byte"
                f" {self._dropped}.",
                effect="The file was not read to its end.",
                next_step="see whether this is PubMed XML.",
            )
        return bool(piece)

    def _skip_space(self) -> bool:
        """Go to the next byte that is not white space; False at the end of the stream."""
        while True:
            rest = len(self._buffer) - self._position
            if rest > 64:  # the usual gap is a line end and some blanks
                window = self._buffer[self._position : self._position + 64].lstrip()
                if window:
                    self._position += 64 - len(window)
                    return True
                self._position += 64
                continue
            left = self._buffer[self._position :].lstrip()
            self._position = len(self._buffer) - len(left)
            if left and self._ended:
                return True
            if not self._more() and not left:
                return False

    def _find(self, wanted: bytes, start: int) -> int:
        """Where `wanted` next stands at or after `start` bytes into the element, or -1."""
        while True:
            at = self._buffer.find(wanted, self._position + start)
            if at >= 0:
                return at - self._position
            start = max(start, len(self._buffer) - self._position - len(wanted) + 1)
            if not self._more():
                return -1

    def _take(self, length: int) -> bytes:
        raw = self._buffer[self._position : self._position + length]
        self._position += length
        return raw

    def _tag_name(self) -> bytes:
        found = _NAME.match(self._buffer, self._position)
        return found[1] if found else b""

    # -- what stands in a file -------------------------------------------------------------

    def _element(self, kind: str, tag: bytes) -> Cut:
        """Take an element to its end tag, or to where it must have ended without one."""
        offset = self._dropped + self._position
        if not self._seen_root:  # a bare record: readable, but not a file of PubMed's
            self._refuse()
        opened = self._find(b">", 0)
        if opened > 0 and self._buffer.startswith(b"/", self._position + opened - 1):
            return Cut(kind, tag.decode(), offset, self._take(opened + 1))
        length, is_ended = self._length(_MARKS[tag], len(tag) + 1)
        if length < 0:
            self._cut_short()
        raw = self._take(length)
        return Cut(kind, tag.decode(), offset, raw if is_ended else raw.rstrip(), is_ended)

    def _length(self, marks: re.Pattern[bytes], at: int) -> tuple[int, bool]:
        """How many bytes there are up to a mark that no comment or CDATA section hides.

        Returns:
            The number, or -1 at the end of the stream; and whether the mark is an end tag,
            which is part of the element.
        """
        while True:
            found = marks.search(self._buffer, self._position + at)
            if found is None:
                at = max(at, len(self._buffer) - self._position - _LONGEST_MARK)
                if not self._more():
                    return -1, False
                continue
            begin, end = found.start() - self._position, found.end() - self._position
            if found.lastgroup != "hides":
                return (end, True) if found.lastgroup else (begin, False)
            at = self._after_hidden(found[0], end)

    def _after_hidden(self, mark: bytes, at: int) -> int:
        """Where a comment or CDATA section ends; one that never does hides nothing."""
        closes = _CLOSES[mark]
        if closes in self._never_closed:
            return at
        closed = self._find(closes, at)
        if closed < 0:
            self._never_closed.add(closes)
            return at
        return closed + len(closes)

    def _root(self, tag: bytes) -> Iterator[Cut]:
        """A root begins or ends; one that begins within another shows that that one was cut."""
        offset, was_open = self._dropped + self._position, self._open_root
        raw = self._take(self._find(b">", 0) + 1)
        if not raw:
            self._cut_short()
        is_whole = raw.rfind(b"<") == 0
        if not is_whole:  # the tag of something else ends it: this one has lost its end
            self._position -= len(raw) - raw.index(b"<", 1)
            raw = raw[: raw.index(b"<", 1)]
        if raw.startswith(b"</"):
            self._open_root = b""
            self.head = Head()
        else:
            self._seen_root = True
            self._open_root = b"" if raw.endswith(b"/>") else tag
            self.head = self.head.rooted(raw)
        if not is_whole or (was_open and not raw.startswith(b"</")):
            yield Cut("stray", tag.decode(), offset, raw.rstrip())

    def _instruction(self, raw: bytes) -> Iterator[Cut]:
        """A processing instruction says nothing; the XML declaration begins a document."""
        if is_declaration(raw):
            self.head = self.head.declared(raw)
            if self._open_root:
                yield Cut("stray", "", self._dropped + self._position - len(raw), raw)

    def _doctype(self) -> None:
        """Skip the DOCTYPE with its internal subset: no entity of a file is ever expanded."""
        end = self._find(b">", 0)
        subset = self._buffer.find(b"[", self._position, self._position + end) - self._position
        if end > 0 and subset > 0:
            close = self._find(b"]", subset)
            end = self._find(b">", close) if close > 0 else -1
        if end < 0:
            self._cut_short()
        if self._buffer[self._position + 9 : self._position + 30].split()[:1] in (
            [b"html"],
            [b"html>"],
        ):
            self._refuse()
        self.head = self.head.typed(self._take(end + 1))

    def _stray(self, name: str) -> Cut:
        """Bytes that should not stand between records: up to the next element we know."""
        offset = self._dropped + self._position
        length, _ = self._length(_AFTER_STRAY, 1)
        raw = self._take(length if length >= 0 else len(self._buffer))
        return Cut("stray", name, offset, raw.rstrip())

    # -- refusals --------------------------------------------------------------------------

    def _refuse(self) -> NoReturn:
        """Say what the document is instead of a set of PubMed records."""
        start = self._buffer[self._position : self._position + 4096]
        if found := _ERROR.search(start):
            told = found[2].decode("utf-8", "replace").strip()
            cause = f"{self._name} is an error message of NCBI, not records: {told[:200]}"
        elif self._seen_root:
            cause = f"{self._name} goes on after its end, at byte {self._dropped + self._position}."
        elif not start and not self._dropped:
            cause = f"{self._name} is empty."
        elif not start:
            cause = f"{self._name} ends before any record: it was cut, or is not PubMed XML."
        else:
            shown = start[:60].decode("utf-8", "replace")
            cause = f"{self._name} is not PubMed XML: it begins with {shown!r}."
        raise SourceError(
            cause,
            effect="Nothing of it was kept.",
            next_step="give a PubMed XML file (root PubmedArticleSet), plain or .gz.",
        )

    def _cut_short(self) -> NoReturn:
        if not self._seen_root:
            self._refuse()
        root = self._open_root.decode() or "root"
        raise SourceError(
            f"{self._name} was cut: it ends at byte {self._dropped + len(self._buffer)} without"
            f" </{root}>.",
            effect="The records before that are whole, the rest is missing.",
            next_step="fetch the file again and compare its checksum.",
        )


def extract(source: Source, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[Head, bytes]]:
    """The original bytes at some spans of a file, each with the head that says how to read them.

    Args:
        source: the file the offsets were made from, plain or .gz.
        spans: (offset, length) of cuts of this file, ascending by offset; they may repeat.

    Raises:
        ConfigurationError: a span does not belong to this file.
    """
    with open_bytes(source) as stream:
        cutter = Cutter(stream, source_name(source))
        cuts = iter(cutter)
        cut = Cut("", "", -1, b"")
        for offset, length in spans:
            while cut.offset < offset:
                cut = next(cuts, Cut("", "", sys.maxsize, b""))
            if (cut.offset, len(cut.raw)) != (offset, length):
                raise ConfigurationError(
                    f"{source_name(source)} has no record of {length} bytes at {offset}.",
                    effect="The record cannot be taken from it.",
                    next_step="see whether the file changed while it was read.",
                )
            yield cutter.head, cut.raw
