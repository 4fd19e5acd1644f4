"""Names of files and directories, as they go to DuckDB, to journals and into text.

People name directories as they like: with apostrophes, line ends, stars, bytes that are no UTF-8.
Python takes all of them. DuckDB takes a path for a pattern, an option or a literal of SQL, and some
names it cannot open at all; so every path for it comes from here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipeline.errors import ConfigurationError

_PATTERN = re.compile(r"[*?\[]")
_NOT_OPENED = {"?": "a question mark", "\\": "a backslash"}
"""DuckDB 2.0 puts the write-ahead log of a?b.duckdb into a.wal?b, and takes \\ for a slash."""


def shown(path: Path) -> str:
    r"""A path as text that any file of ours can hold: bytes that are no UTF-8 as `\xff`."""
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
        reason = "bytes that are no UTF-8"
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
        ConfigurationError: the name is no UTF-8.
    """
    name = str(path.absolute())
    if not _is_utf_8(name):
        raise _refused(path, "bytes that are no UTF-8")
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
