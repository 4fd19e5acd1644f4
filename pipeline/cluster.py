"""Files given to the workers of a Dask cluster, on as many machines as it has.

Workers and this process share the files, and the directory of what was found, by the same paths:
over the network goes the name of a file, and comes the SHA-256 of its bytes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, IncompleteError, KetumError, MachineError
from pipeline.storage import first_line

if TYPE_CHECKING:
    from distributed import Client

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def require(self, ready: Callable[[Any], None], job: object) -> None:
        """See that every worker there is now can do a job.

        Args:
            ready: is called in each with the job, and raises where something is wanting.
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
        ConfigurationError: `distributed` is not installed, or this is no address.
        MachineError: nothing answers there.
    """
    try:
        from distributed import Client
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
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except ValueError as error:
        raise ConfigurationError(
            f"{address!r} is no address of a Dask scheduler ({first_line(error)}).",
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
