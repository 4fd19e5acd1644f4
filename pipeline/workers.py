"""Files given to workers, one at a time each: processes of this machine, or a Dask cluster's.

A worker that dies takes no file with it: what it had in hand is read again, alone at the last, so
that a file on which every worker dies is known by name. Workers of this machine end when their
parent does, even where that was killed.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from pipeline.errors import MachineError
from pipeline.storage import shown

LOOK_SECONDS = 1.0
"""So often a worker looks whether its parent still lives, and the parent whether workers do."""
_DEATHS = 3
"""A file on which so many workers died is given up; from the second on it was read alone."""


class Workers(Protocol):
    """Where files are read."""

    def pool(self) -> AbstractContextManager[Executor]:
        """Workers, until the block ends; asked for again where those before broke."""

    def size(self) -> int:
        """How many files they can read at a time.

        Raises:
            KetumError: there are none left.
        """

    def is_death(self, error: BaseException) -> bool:
        """Whether this is how a future says that the worker died that had it.

        Raises:
            KetumError: it says that all of them are gone.
        """


def read_all(
    work: Callable[[Path], str], files: Sequence[Path], workers: Workers
) -> Iterator[tuple[Path, str]]:
    """Have every file read, and give each with its result as it comes.

    Args:
        work: what a worker does with a file; it must bear to be done twice.
        files: each once.
        workers: who does it.

    Raises:
        MachineError: workers died again and again on one file; it comes when all others are read.
        KetumError: whatever a worker raised; those at work end their file first.
    """
    suspects: list[Path] = []
    deadly: list[Path] = []
    yield from _round(work, files, workers, suspects)
    for path in suspects:
        for _ in range(_DEATHS - 1):
            died: list[Path] = []
            yield from _round(work, [path], workers, died)
            if not died:
                break
        else:
            deadly.append(path)
    if deadly:
        named = ", ".join(shown(Path(path.name)) for path in deadly)
        raise MachineError(
            f"Each worker that read {named} died of it, {_DEATHS} times, at the last with no other "
            "file beside it. Most often the system ends a process that wants more memory than "
            "there is.",
            effect="What the other files hold is kept; nothing was published.",
            next_step="look for it in the system's log (`dmesg`) or the workers' own, give them "
            "more memory, then the same command; or load without this file.",
        )


def _round(
    work: Callable[[Path], str], files: Sequence[Path], workers: Workers, died: list[Path]
) -> Iterator[tuple[Path, str]]:
    """Each file once; those that a worker died on are added to `died`."""
    waiting = deque(files)
    while waiting:
        with workers.pool() as pool:
            running: dict[Future[str], Path] = {}
            is_broken = False
            while running or (waiting and not is_broken):
                size = workers.size()
                while waiting and not is_broken and len(running) < size:
                    try:
                        running[pool.submit(work, waiting[0])] = waiting[0]
                        waiting.popleft()
                    except BrokenProcessPool:
                        is_broken = True
                if not size:
                    time.sleep(LOOK_SECONDS)
                done, _ = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
                for future in done:
                    path = running.pop(future)
                    try:
                        result = future.result()
                    except BaseException as error:
                        if not workers.is_death(error):
                            raise
                        died.append(path)
                        continue
                    yield path, result


class Processes:
    """Processes of this machine.

    Attributes:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    @contextmanager
    def pool(self) -> Iterator[Executor]:
        """New ones: a forked copy of DuckDB or of a thread's lock would not work."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.count, context, _watch, (os.getpid(),)) as pool:
            yield pool

    def size(self) -> int:
        return self.count

    def is_death(self, error: BaseException) -> bool:
        return isinstance(error, BrokenProcessPool)


def _watch(parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
