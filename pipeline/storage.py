"""Files and directories: their names in DuckDB and in text, writing them safely, the lock.

People name directories as they like: with apostrophes, line ends, stars, bytes that are not UTF-8.
Python takes all of them. DuckDB takes a path for a pattern, an option or a literal of SQL, and some
names it cannot open at all; so every path for it comes from here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ConfigurationError, LockedError

_PATTERN = re.compile(r"[*?\[]")
_NOT_OPENED = {"?": "a question mark", "\\": "a backslash"}
"""DuckDB 2.0 puts the write-ahead log of a?b.duckdb into a.wal?b, and takes \\ for a slash."""


def shown(path: Path) -> str:
    r"""A path as text that any file of ours can hold: bytes that are not UTF-8 as `\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def lines(text: str) -> list[str]:
    """The lines of a text of ours: only a line feed ends one.

    `str.splitlines` also cuts at U+2028, U+0085 and others that stand in titles and names.
    """
    found = text.split("\n")
    return found[:-1] if not found[-1] else found


def first_line(error: BaseException) -> str:
    """The first line of what an error says; its kind, if it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__


def for_duckdb(path: Path) -> str:
    """A path as DuckDB opens it as a database.

    Raises:
        ConfigurationError: DuckDB cannot open a file of this name.
    """
    name = str(path.absolute())
    reason = next((why for sign, why in _NOT_OPENED.items() if sign in name), None)
    if not _is_utf_8(name):
        reason = "bytes that are not UTF-8"
    if reason:
        raise _refused(path, reason)
    return name


def literal(path: Path) -> str:
    """A path as a literal of SQL, for ATTACH and COPY, which take no parameter.

    Raises:
        ConfigurationError: DuckDB cannot open a file of this name.
    """
    return "'" + for_duckdb(path).replace("'", "''") + "'"


def for_reading(path: Path) -> str:
    """A path as DuckDB's readers of files take it: a pattern that only this one meets.

    Raises:
        ConfigurationError: the name is not UTF-8.
    """
    name = str(path.absolute())
    if not _is_utf_8(name):
        raise _refused(path, "bytes that are not UTF-8")
    return _PATTERN.sub(r"[\g<0>]", name)


def _is_utf_8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _refused(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"DuckDB cannot use the path {shown(path)}: it has {reason}.",
        effect="Nothing was written.",
        next_step="choose another name (KETUM_DATA names the data directory).",
    )


def existing(path: Path) -> Path:
    """The path, or the nearest directory above it that is there."""
    while not path.exists():
        path = path.parent
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, body: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def link(source: Path, path: Path) -> bool:
    """Put a hard link to `source` in the place of `path`, where the file system allows it."""
    part = path.with_name(f".{path.name}.part")
    try:
        os.link(source, part)
        part.replace(path)
    except OSError:  # too many links, or another file system: a file of its own is as good
        part.unlink(missing_ok=True)
        return False
    return True


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def hold_lock(path: Path, run_id: str) -> Iterator[None]:
    """Hold the lock on a file while the block runs: one run at a time.

    The kernel drops the lock with its process, so that the lock of a dead run never blocks; the
    file itself stays, and only names the run that holds it, or held it last.

    Raises:
        LockedError: another living process holds it; raised at once, without waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"Another run is at work ({_holder(descriptor)}).",
                effect="This one did nothing.",
                next_step="wait for it, or see `ketum status`.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "run_id": run_id}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    try:
        held = json.loads(os.pread(descriptor, 4096, 0))
        return f"run {held['run_id']}, process {held['pid']}"
    except (ValueError, KeyError):
        return "it has not said which"
