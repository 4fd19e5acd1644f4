"""Cut a PubMed XML stream into whole records, with the byte offset of each.

Parsing record by record is faster than one tree for the file and lets one broken record be
set aside. Input: bytes of a document (or several, one after the other) whose root is a
PubmedArticleSet, PubmedBookArticleSet or BookDocumentSet (PubMed DTD, "Set-level elements").
Assumed: an encoding that contains ASCII (UTF-8 at PubMed), and that records do not nest. An
end tag inside a comment or CDATA section is not taken for the end of its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, NoReturn

from pipeline.errors import SourceError
from pipeline.pubmed.parsing.bytes import PIECE, extract, open_bytes, source_name

__all__ = ["Cut", "Cutter", "Head", "extract", "open_bytes", "source_name"]

LONGEST_RECORD = 256 * 1024 * 1024
"""No PubMed record comes near this; without a bound a missing end tag would eat the memory."""

RECORD_TAGS = (b"PubmedArticle", b"PubmedBookArticle", b"BookDocument")
DELETION_TAGS = (b"DeleteCitation", b"DeleteDocument")
ROOT_TAGS = (b"PubmedArticleSet", b"PubmedBookArticleSet", b"BookDocumentSet")

_NAME = re.compile(rb"</?([A-Za-z_:][-\w:.]*)")
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([-\w.]+)["']""")
_NAMESPACES = re.compile(rb"""\sxmlns:[\w.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_ERROR = re.compile(rb"<(ERROR|error)>(.*?)</\1>", re.S)
_NEXT = re.compile(
    rb"<(?:PubmedArticle|PubmedBookArticle|BookDocument|Delete(?:Citation|Document)"
    rb"|/?(?:PubmedArticleSet|PubmedBookArticleSet|BookDocumentSet))[\s/>]"
)
_COMMENT_OR_CDATA = re.compile(rb"<!--|<!\[CDATA\[")


class Cut(NamedTuple):
    """One stretch of a stream.

    Attributes:
        kind: record, deletion or stray (bytes the DTD does not have between records).
        name: the element they begin with, e.g. PubmedArticle; empty if with none.
        offset: position of the first byte in the uncompressed stream.
        raw: the bytes, from start tag to end tag.
    """

    kind: str
    name: str
    offset: int
    raw: bytes


class Head(NamedTuple):
    """What stands before the first record and applies to all: encoding, namespaces."""

    encoding: str
    namespaces: bytes


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
        self.head = Head("utf-8", b"")

    def __iter__(self) -> Iterator[Cut]:
        """Yield every record, deletion list and oddity in order.

        Raises:
            SourceError: not a PubMed document, or (at the end) a document that was cut.
        """
        if self._more() and self._buffer.startswith(b"\xef\xbb\xbf"):
            self._position = 3  # a byte order mark
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
                self._root(tag)
            elif buffer.startswith(b"<?", start):
                self._declaration(self._upto(b"?>"))
            elif buffer.startswith(b"<!--", start):
                self._upto(b"-->")
            elif buffer.startswith((b"<!DOCTYPE", b"<!doctype"), start):
                self._doctype()
            elif not self._open_root:
                self._refuse()
            else:
                yield self._stray(tag.decode("utf-8", "replace"))
        if not self._seen_root:
            self._refuse()
        if self._open_root:
            self._cut_short()

    def _usual_record(self) -> Cut | None:
        """The next record, if all of it is in the buffer and nothing odd stands before it.

        A short cut for nearly all records; None leaves the question to the general way.
        """
        buffer, start = self._buffer, self._position
        begin = buffer.find(b"<PubmedArticle>", start, start + 64)
        if begin < 0 or not self._open_root or buffer[start:begin].strip():
            return None
        end = buffer.find(b"</PubmedArticle>", begin)
        if end < 0 or buffer.find(b"!", begin, end) >= 0:
            return None
        self._position = end + 16
        return Cut("record", "PubmedArticle", self._dropped + begin, buffer[begin : end + 16])

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
        """Go to the next byte that is no white space; False at the end of the stream."""
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

    def _upto(self, end: bytes) -> bytes:
        at = self._find(end, 0)
        if at < 0:
            self._cut_short()
        return self._take(at + len(end))

    def _tag_name(self) -> bytes:
        found = _NAME.match(self._buffer, self._position)
        return found[1] if found else b""

    # -- what stands in a file -------------------------------------------------------------

    def _element(self, kind: str, tag: bytes) -> Cut:
        """Take an element to its end tag."""
        offset = self._dropped + self._position
        if not self._seen_root:  # a bare record: readable, but not a file of PubMed's
            self._refuse()
        opened = self._find(b">", 0)
        if (
            opened > 0
            and self._buffer[self._position + opened - 1 : self._position + opened] == b"/"
        ):
            return Cut(kind, tag.decode(), offset, self._take(opened + 1))
        end = b"</" + tag + b">"
        at = self._find(end, 0)
        while at >= 0 and self._is_hidden(at):
            at = self._find(end, at + 1)
        if at < 0:
            self._cut_short()
        return Cut(kind, tag.decode("utf-8", "replace"), offset, self._take(at + len(end)))

    def _is_hidden(self, at: int) -> bool:
        """Is this end tag inside a comment or CDATA section?"""
        begin, end = self._position, self._position + at
        if self._buffer.find(b"!", begin, end) < 0:  # one byte is found faster than two
            return False
        while found := _COMMENT_OR_CDATA.search(self._buffer, begin, end):
            closing = b"-->" if found[0] == b"<!--" else b"]]>"
            closed = self._buffer.find(closing, found.end(), end)
            if closed < 0:
                return True
            begin = closed + len(closing)
        return False

    def _root(self, tag: bytes) -> None:
        raw = self._upto(b">")
        if raw.startswith(b"</"):
            self._open_root = b""
            return
        self._seen_root = True
        self._open_root = b"" if raw.endswith(b"/>") else tag
        self.head = self.head._replace(namespaces=b"".join(_NAMESPACES.findall(raw)))

    def _declaration(self, raw: bytes) -> None:
        if found := _ENCODING.match(raw):
            self.head = self.head._replace(encoding=found[1].decode().lower())

    def _doctype(self) -> None:
        """Skip the DOCTYPE with its internal subset: no entity of a file is ever expanded."""
        end = self._find(b">", 0)
        subset = self._find(b"[", 0) if end > 0 else -1
        if 0 < subset < end:
            close = self._find(b"]", subset)
            end = self._find(b">", close) if close > 0 else -1
        if end < 0:
            self._cut_short()
        if self._buffer[self._position + 9 : self._position + 30].split()[:1] in (
            [b"html"],
            [b"html>"],
        ):
            self._refuse()
        self._take(end + 1)

    def _stray(self, name: str) -> Cut:
        """Bytes that should not stand between records: up to the next element we know."""
        offset, length = self._dropped + self._position, 1
        while True:
            found = _NEXT.search(self._buffer, self._position + length)
            if found:
                return Cut("stray", name, offset, self._take(found.start() - self._position))
            length = max(1, len(self._buffer) - self._position - 24)
            if not self._more():
                return Cut("stray", name, offset, self._take(len(self._buffer)))

    # -- refusals --------------------------------------------------------------------------

    def _refuse(self) -> NoReturn:
        """Say what the document is instead of a set of PubMed records."""
        start = self._buffer[self._position : self._position + 4096]
        if found := _ERROR.search(start):
            told = found[2].decode("utf-8", "replace").strip()
            cause = f"{self._name} is an error message of NCBI, not records: {told[:200]}"
        elif not start and not self._dropped:
            cause = f"{self._name} is empty."
        elif not start:
            cause = f"{self._name} ends before any record: it was cut, or is no PubMed XML."
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
