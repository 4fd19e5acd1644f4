"""The bytes of a source: a file or stream, plain or gzip, and single records out of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from isal import igzip, isal_zlib

from pipeline.errors import ConfigurationError, SourceError

PIECE = 128 * 1024
"""Read in pieces of this size: larger ones were no faster in trials, and cost memory."""

_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]
Source = str | Path | BinaryIO


@contextmanager
def open_bytes(source: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a file or binary stream; gzip is known by its magic number.

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
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            yield igzip.IGzipFile(fileobj=buffered)  # type: ignore[no-untyped-call, misc]
        else:
            yield buffered
    except (EOFError, igzip.BadGzipFile, _DAMAGED) as error:
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
        return Path(source).name
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else "the stream"


def extract(source: str | Path | BinaryIO, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The original bytes at the given (offset, length) spans, in one pass over the file.

    Args:
        source: the file the offsets were made from, plain or .gz.
        spans: ascending by offset; they may overlap.

    Raises:
        ConfigurationError: the spans are not in ascending order.
        SourceError: the file ends before a span does.
    """
    with open_bytes(source) as stream:
        begin, buffer = 0, b""
        for offset, length in spans:
            if offset < begin:
                raise ConfigurationError(f"The spans to extract are not in order at {offset}.")
            while offset + length > begin + len(buffer):
                if begin + len(buffer) <= offset:  # nothing of the buffer is wanted any more
                    begin, buffer = begin + len(buffer), b""
                piece = stream.read(PIECE)
                if not piece:
                    raise SourceError(
                        f"{source_name(source)} has no {length} bytes at {offset}.",
                        effect="The record cannot be shown from the archive.",
                        next_step="see whether the file is the one that was loaded.",
                    )
                buffer += piece
            buffer, begin = buffer[offset - begin :], offset
            yield buffer[:length]
