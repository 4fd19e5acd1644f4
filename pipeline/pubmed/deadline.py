"""A deadline for one request, however its answer trickles in.

A time-out of requests bounds the silence between two bytes and not the whole: a server that
sends a byte a second, endless `100 Continue`, empty compressed blocks, chunk extensions or
trailers would hold a run for ever, mostly inside libraries that never come back to us. When time
is over, another thread shuts the connection down, and every read of it ends.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter


class DeadlineAdapter(HTTPAdapter):
    """Requests' way to servers and proxies, with connections that a deadline can end.

    For one request at a time.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()
        super().__init__()

    @property
    def is_over(self) -> bool:
        """Whether the deadline of the last request came before its end.

        What was read then is not to be used: the end of a connection may look like that of an
        answer.
        """
        return self._over.is_set()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End every connection of this adapter if the block takes longer."""
        self._over.clear()
        timer = threading.Timer(max(seconds, 0.0), self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            for connection in list(self._connections):
                if connection.sock is None:  # not kept for the next request
                    connection.twin.close()

    def init_poolmanager(self, *args: Any, **rest: Any) -> None:
        """As requests calls it."""
        super().init_poolmanager(*args, **rest)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **rest: Any) -> urllib3.PoolManager:
        """As requests calls it."""
        is_new = proxy not in self.proxy_manager
        manager: urllib3.PoolManager = super().proxy_manager_for(proxy, **rest)
        if is_new:
            self._watch(manager)
        return manager

    def _watch(self, manager: urllib3.PoolManager) -> None:
        manager.pool_classes_by_scheme = {
            scheme: type(kind.__name__, (kind,), {"ConnectionCls": self._watched(kind)})
            for scheme, kind in manager.pool_classes_by_scheme.items()
        }

    def _watched(self, pool: Any) -> type[Any]:
        """A pool's class of connections, each known here from its first moment."""
        kind = pool.ConnectionCls
        # not `self`: a pool lives as long as one of its connections knows of it
        lock, connections, over = self._lock, self._connections, self._over

        def new_conn(connection: Any) -> socket.socket:
            made: socket.socket = kind._new_conn(connection)
            # A second handle of the same connection: TLS takes the first one away.
            with lock:
                if connection in connections:
                    connection.twin.close()
                connection.twin = made.dup()
                connections.add(connection)
                if over.is_set():
                    _shut(connection.twin)
            return made

        return type(kind.__name__, (kind,), {"_new_conn": new_conn})

    def _end(self) -> None:
        with self._lock:
            self._over.set()
            for connection in self._connections:
                _shut(connection.twin)


def _shut(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):  # ended already
        twin.shutdown(socket.SHUT_RDWR)
