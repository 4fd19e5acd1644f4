"""The bytes of a source, and the head before its records that says how to read them.

A file or stream is plain or gzip; text of 16 bits becomes UTF-8.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from isal import igzip, isal_zlib

from pipeline.errors import SourceError
from pipeline.storage import shown

PIECE = 128 * 1024
"""Read in pieces of this size: larger ones took as long in trials, and more memory."""

_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]
Source = str | Path | BinaryIO | bytes
"""Where records are read from: a file, plain or gzip, a binary stream, or the bytes themselves."""
_UTF_16 = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}
"""How a stream of 16 bits begins: with its mark, or with an angle bracket (XML 1.0, appendix F)."""


class Joined(io.RawIOBase):
    """A stream with the bytes that were looked at put back in front."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head or self._rest.read(len(buffer))
        kept, self._head = piece[: len(buffer)], piece[len(buffer) :]
        buffer[: len(kept)] = kept
        return len(kept)


class _AsUtf8(io.RawIOBase):
    """A stream of UTF-16 as UTF-8.

    Halves of characters are passed on as they are: no reader takes them for UTF-8, so that what
    they stand in is set aside and nothing is guessed.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        is_last = False
        while not self._left and not is_last:
            piece = self._stream.read(PIECE)
            is_last = not piece
            text = self._decoder.decode(piece, is_last)
            self._left = text.encode("utf-8", "surrogatepass")
        kept, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(kept)] = kept
        return len(kept)


@contextmanager
def open_bytes(source: Source) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a source, UTF-16 as UTF-8.

    Both gzip and UTF-16 are known by how they begin.

    Raises:
        SourceError: the file cannot be opened, or its compressed data are damaged or cut.
    """
    name = source_name(source)
    try:
        raw = (
            io.BytesIO(source)
            if isinstance(source, bytes)
            else Path(source).open("rb", buffering=0)  # noqa: SIM115 - closed below
            if isinstance(source, str | Path)
            else source
        )
    except OSError as error:
        raise SourceError(
            f"{name} cannot be opened: {error.strerror}.", effect="Nothing was read."
        ) from error
    buffered = io.BufferedReader(raw, PIECE)  # type: ignore[type-var]
    try:
        plain: Any = buffered
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            plain = igzip.IGzipFile(fileobj=buffered)  # type: ignore[no-untyped-call]
        if encoding := _UTF_16.get(plain.peek(2)[:2]):
            plain = io.BufferedReader(_AsUtf8(plain, encoding), PIECE)
        yield plain
    except (EOFError, igzip.BadGzipFile, UnicodeDecodeError, _DAMAGED) as error:
        raise SourceError(
            f"{name} is cut or damaged: {error}.",
            effect="What was read of it is not kept.",
            next_step="fetch the file again and compare its checksum.",
        ) from error
    finally:
        buffered.detach()  # closing it would close a stream that is not ours
        if raw is not source:
            raw.close()


def source_name(source: Source) -> str:
    """What to call a source in a message."""
    if isinstance(source, (str, Path)):
        return shown(Path(Path(source).name))
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else "the stream"


BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END = b"</PubmedArticleSet>\n"
_DECLARATION = re.compile(rb"<\?xml\s")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([-\w.]+)["']""")
_OF_16_BITS = re.compile(r"(?:cs)?(?:utf-?16|utf-?32|ucs-?[24]|iso-10646|unicode)")
"""Such a declaration is of the file before `open_bytes` made UTF-8 of it, or it is not true."""
_NAMESPACES = re.compile(rb"""\sxmlns:[\w.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_OWN_ENTITY = re.compile(rb"<!ENTITY\s+([A-Za-z][A-Za-z0-9]*)\s")


class Head(NamedTuple):
    """Encoding, namespaces and entities of a document.

    Attributes:
        encoding: as declared, in small letters.
        has_mark: it begins with the byte order mark of UTF-8, whatever it declares.
        namespaces: the declarations of prefixes at the root, each with a blank before it.
        entities: names the document declares itself; no entity of a file is ever expanded.
    """

    encoding: str = "utf-8"
    has_mark: bool = False
    namespaces: tuple[bytes, ...] = ()
    entities: frozenset[bytes] = frozenset()

    def declared(self, declaration: bytes) -> Head:
        """The head that the XML declaration of a document begins."""
        found = _ENCODING.search(declaration)
        said = found[1].decode().lower() if found else "utf-8"
        is_utf_8 = self.has_mark or _OF_16_BITS.match(said)
        return Head("utf-8" if is_utf_8 else said, self.has_mark)

    def typed(self, doctype: bytes) -> Head:
        """This head with the names that a DOCTYPE declares."""
        return self._replace(entities=frozenset(_OWN_ENTITY.findall(doctype)))

    def rooted(self, root: bytes) -> Head:
        """This head with the namespaces of a root's start tag."""
        return self._replace(namespaces=tuple(_NAMESPACES.findall(root)))

    def before(self) -> bytes:
        """The beginning of a PubmedArticleSet in which the records mean the same."""
        own = b"".join(b'<!ENTITY %s "">' % name for name in sorted(self.entities))
        said = b'<?xml version="1.0" encoding="%s"?>\n' % self.encoding.encode()
        doctype = b"<!DOCTYPE PubmedArticleSet [%s]>\n" % own if own else b""
        root = b"<PubmedArticleSet%s>\n" % b"".join(self.namespaces)
        return (said if self.encoding != "utf-8" else b"") + doctype + root


def sets_of(pieces: Iterable[tuple[Head, bytes, bool]]) -> Iterator[bytes]:
    """Documents in which pieces of others mean what they meant there.

    Args:
        pieces: the head a piece had, its bytes, and whether it was read. One that was not has a
            document of its own, since it might join with what comes next and become readable.

    Yields:
        The parts of the documents in order; at least one empty set.
    """
    shared: Head | None = None
    is_empty = True
    for head, raw, was_read in pieces:
        if shared is not None and (head != shared or not was_read):
            yield _END
            shared = None
        if shared is None:
            yield head.before()
        yield raw + b"\n"
        shared, is_empty = head, False
        if not was_read:
            yield _END
            shared = None
    if is_empty:
        yield Head().before()
    if is_empty or shared is not None:
        yield _END


def is_declaration(instruction: bytes) -> bool:
    """Whether a processing instruction is the XML declaration."""
    return _DECLARATION.match(instruction) is not None
