"""The bytes of a source: a file or stream, plain or gzip; text of 16 bits becomes UTF-8."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from isal import igzip, isal_zlib

from pipeline.errors import SourceError
from pipeline.storage import shown

PIECE = 128 * 1024
"""Read in pieces of this size: larger ones were no faster in trials, and cost memory."""

_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]
Source = str | Path | BinaryIO
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
def open_bytes(source: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a file or binary stream, UTF-16 as UTF-8.

    Both gzip and UTF-16 are known by how they begin.

    Raises:
        SourceError: the file cannot be opened, or its compressed data are damaged or cut.
    """
    name = source_name(source)
    try:
        raw = (
            Path(source).open("rb", buffering=0)  # noqa: SIM115 - closed below
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


def source_name(source: object) -> str:
    """What to call a source in a message."""
    if isinstance(source, (str, Path)):
        return shown(Path(Path(source).name))
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else "the stream"
