"""Work given to workers: processes of this machine, or a Dask cluster's.

Files are given one at a time each, and a worker that dies takes no file with it: what it had in
hand is read again, alone at the end, so that a file on which every worker dies is known by name.
Tasks are given so that their results come in order (`in_order`). Workers of this machine end when
their parent does, even where that was killed.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline.errors import ConfigurationError, IncompleteError, KetumError, MachineError
from pipeline.storage import first_line, shown

if TYPE_CHECKING:
    from distributed import Client


LOOK_SECONDS = 1.0
"""So often a worker looks whether its parent still lives, and the parent whether workers do."""
_DEATHS = 3
"""After this many workers died on a file it is given up; from the second on it is read alone."""

_FILES_EACH = 50
"""So many files a worker reads before new ones begin: reading keeps a little memory of each."""


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
        work: what a worker does with a file; doing it twice must do no harm.
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
        lot = deque(islice(waiting, _FILES_EACH * max(workers.size(), 1)))
        for _ in lot:
            waiting.popleft()
        with workers.pool() as pool:
            running: dict[Future[str], Path] = {}
            is_broken = False
            while running or (lot and not is_broken):
                size = workers.size()
                while lot and not is_broken and len(running) < size:
                    try:
                        running[pool.submit(work, lot[0])] = lot[0]
                        lot.popleft()
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
        waiting.extendleft(reversed(lot))


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
        with ProcessPoolExecutor(self.count, _Spawned(), _begin, (os.getpid(),)) as pool:
            yield pool

    def size(self) -> int:
        return self.count

    def is_death(self, error: BaseException) -> bool:
        return isinstance(error, BrokenProcessPool)


class _Worker(SpawnProcess):
    """A process that does not run the script again by which its parent was started.

    It needs nothing of it, and a script that does not ask for `__name__` would update once more.
    """

    def start(self) -> None:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class _Spawned(SpawnContext):
    Process = _Worker


def _begin(parent: int) -> None:
    gc.set_threshold(50_000)  # rules, of which most of its memory consists, are not garbage
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent reports a Ctrl-C, once
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


# -- Tasks whose results come in the order of the tasks

_AHEAD = 8
"""So many tasks for each worker are given out before the result of the first is taken."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: Processes
) -> Iterator[Result]:
    """Have tasks done beside each other; gives their results in the order of the tasks.

    Args:
        work: what a worker does with a task.
        tasks: taken from here a few at a time, as results are taken.
        workers: who does it.

    Raises:
        MachineError: a worker died.
        KetumError: whatever a worker raised.
    """
    running: deque[Future[Result]] = deque()
    with workers.pool() as pool:
        try:
            for task in tasks:
                running.append(pool.submit(work, task))
                if len(running) >= _AHEAD * workers.count:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise MachineError(
                "A process of this command was ended from outside. Most often the system ends one "
                "that wants more memory than there is.",
                effect="Nothing was published, and what was fetched is kept.",
                next_step="look for it in the system's log (`dmesg`), then the same command.",
            ) from error
        finally:
            for future in running:
                future.cancel()
            pool.shutdown(wait=False)  # they end beside what follows


# -- Files given to the workers of a Dask cluster, on as many machines as it has
#
# Workers and this process share the files, and the directory of what was found, by the same paths:
# over the network goes the name of a file, and comes the SHA-256 of its bytes.

log = logging.getLogger("ketum")

_CONNECT_SECONDS = 10
_EMPTY_SECONDS = 60.0
"""So long a cluster may be without any worker, as when all of them are started anew."""


class Cluster:
    """The workers of a Dask scheduler; a context that leaves it as it was.

    Args:
        address: of the scheduler, such as tcp://machine:8786.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._last_seen = time.monotonic()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def require(self, ready: Callable[[Any], None], job: object) -> None:
        """See that every worker there is now can do a job.

        Args:
            ready: is called in each with the job, and raises where something is missing.
            job: what they are to do.

        Raises:
            MachineError: there is no worker.
            ConfigurationError: one has no ketum, or another version.
            KetumError: what `ready` raised.
        """
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError:
            raise MachineError(
                f"The Dask scheduler at {self._address} has no workers.",
                effect="Nothing was read.",
                next_step=f"start some: `dask worker {self._address} --nthreads 1`.",
            ) from None
        for worker, error in self._client.run(ready, job, on_error="return").items():
            if isinstance(error, KetumError):
                raise error
            if error is not None:
                raise ConfigurationError(
                    f"The Dask worker {worker} has no ketum, or one of another version "
                    f"({first_line(error)}).",
                    effect="Nothing was read.",
                    next_step="install this version of ketum where it runs, and start it again.",
                )
        log.info("%d Dask workers at %s", self.size(), self._address)

    @contextmanager
    def pool(self) -> Iterator[Executor]:
        pool = self._client.get_executor(pure=False)
        try:
            yield pool
        finally:
            if self._client.status == "running":
                pool.shutdown(wait=False)

    def size(self) -> int:
        try:
            count = len(self._client.nthreads())
        except (OSError, TimeoutError) as error:
            raise self._lost() from error
        now = time.monotonic()
        if count:
            self._last_seen = now
        elif now - self._last_seen > _EMPTY_SECONDS:
            raise IncompleteError(
                f"All workers of the Dask scheduler at {self._address} are gone.",
                effect="What they had read is kept; nothing was published.",
                next_step="start some, then the same command.",
            )
        return count

    def is_death(self, error: BaseException) -> bool:
        from distributed import KilledWorker

        if isinstance(error, CancelledError):
            raise self._lost() from error
        return isinstance(error, KilledWorker)

    def _lost(self) -> IncompleteError:
        return IncompleteError(
            f"The Dask scheduler at {self._address} no longer answers.",
            effect="What its workers had read is kept; nothing was published.",
            next_step="see that it runs, then the same command.",
        )


def _connected(address: str) -> Client:
    """A client of a scheduler.

    Raises:
        ConfigurationError: `distributed` is not installed, or this is not an address.
        MachineError: nothing answers there.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port, normalize_address
    except ImportError:
        raise ConfigurationError(
            "--dask needs the package distributed, which is not installed.",
            effect="Nothing was read.",
            next_step="`pip install 'ketum[dask]'` here and where the workers run, or leave "
            "out --dask.",
        ) from None
    # what it would say of a scheduler that went, with a traceback, our errors say
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        # before the client, which warns of itself with a traceback where it cannot be made
        get_address_host_port(normalize_address(address))
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except ValueError as error:
        raise ConfigurationError(
            f"{address!r} is not the address of a Dask scheduler ({first_line(error)}).",
            effect="Nothing was read.",
            next_step="give it as the scheduler shows it, such as tcp://machine:8786.",
        ) from None
    except (OSError, TimeoutError):
        raise MachineError(
            f"No Dask scheduler answers at {address}.",
            effect="Nothing was read.",
            next_step="start one (`dask scheduler`), or leave out --dask to read with the "
            "processes of this machine.",
        ) from None
