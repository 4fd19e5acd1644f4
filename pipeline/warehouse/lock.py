"""One run at a time: an advisory lock on a file in the data directory.

The kernel drops the lock with its process, so that of a dead run never blocks;
the file itself stays and only tells who holds or last held it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import LockedError


@contextmanager
def hold(path: Path, run_id: str) -> Iterator[None]:
    """Hold the lock while the block runs.

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
