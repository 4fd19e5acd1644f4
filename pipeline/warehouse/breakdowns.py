"""What DuckDB and the machine say where they cannot go on, and what we say then."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import duckdb

from pipeline.errors import MachineError
from pipeline.storage import first_line, shown

CORRUPT = "Corrupt database file"
"""What DuckDB says of a block whose checksum is wrong."""

_FULL = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT)))
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG, errno.EMFILE)
_REFUSED = tuple(map(os.strerror, _REFUSALS))
_NO_MEMORY = ("Failed to allocate", "bad allocation", "bad_alloc")
"""What DuckDB says of the system's reasons, also in errors of other classes, as of a commit."""


def is_in_use(error: BaseException) -> bool:
    """Whether a database could not be opened because another program has it open."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


def is_damage(error: BaseException, path: Path) -> bool:
    """Whether DuckDB failed because the bytes of a database file are not those it wrote.

    It says so by an error of no class of its own, or trips over them and reports an internal error.
    """
    if _says(error, *_REFUSED):
        return False
    if isinstance(error, duckdb.IOException):
        return str(path) in str(error) and not is_in_use(error)
    own = (duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)
    return isinstance(error, own) or (isinstance(error, duckdb.Error) and CORRUPT in str(error))


def damaged(path: Path, origin: str, error: BaseException) -> MachineError:
    """The error that says what helps where a warehouse cannot be read."""
    return MachineError(
        f"The warehouse {path} is damaged: {first_line(error)}",
        effect="The published tables are as before; the raw archive has everything needed to make "
        "the warehouse again.",
        next_step=f"`ketum rebuild --origin {origin}`, then look at the disk.",
    )


def refusal(data: Path, error: BaseException) -> MachineError | None:
    """What to say where the machine had no space or memory left, or DuckDB no right to a file.

    Args:
        data: the data directory.
        error: raised by Python or DuckDB.

    Returns:
        None for any other error.
    """
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException) or _says(error, *_NO_MEMORY):
        return MachineError(
            f"The memory of this machine did not suffice: {first_line(error)}",
            effect="What was published before is untouched; what was fetched is kept.",
            next_step="end other programs and run again, keep fewer records (`ketum bulk-load "
            "--match`), or go on with the same data directory on a machine with more memory.",
        )
    if _says(error, *_REFUSED):
        return MachineError(
            f"The system does not let DuckDB use a file: {first_line(error)}",
            effect="What was published before is untouched; what was fetched is kept.",
            next_step="see to the rights of that file and its directory, or to the limit of the "
            "system that it names, then run again.",
        )
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not is_full and not _says(error, *_FULL):
        return None
    return MachineError(
        f"There is no space left for {shown(data)}.",
        effect="What was published before is untouched; what was fetched is kept.",
        next_step="make room (`ketum doctor` shows what is free), then run again.",
    )


def _says(error: BaseException, *reasons: str) -> bool:
    return isinstance(error, duckdb.Error) and any(reason in str(error) for reason in reasons)
