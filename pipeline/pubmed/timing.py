"""When requests may be sent, and how long one may take: the pace, NLM's hours, the deadline.

NLM allows 3 requests a second without a key and 10 with one (NBK25497). NCBI counts per address
in sliding seconds, so requests are spaced evenly across all processes of a user and never sent in
bursts. NLM's Usage Guidelines (there too): "limit large jobs to either weekends or between 9:00 PM
and 5:00 AM Eastern time during weekdays".

A time-out of requests bounds the silence between two bytes and not the whole: a server that
sends a byte a second, endless `100 Continue`, empty compressed blocks, chunk extensions or
trailers would hold a run for ever, mostly inside libraries that never come back to us. When time
is over, another thread shuts the connection down, and every read of it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import threading
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import urllib3
from requests.adapters import HTTPAdapter

from pipeline.clock import Clock
from pipeline.errors import MachineError

PACE_SECONDS = 0.35
PACE_WITH_KEY_SECONDS = 0.11
ZONE = "America/New_York"
BEGINS = time(21)
ENDS = time(5)
SATURDAY = 5


class Pacer:
    """Lets one request through at a time, each a pace after the one before.

    Args:
        path: file that holds the time of the last request; None for no pacing (loopback).
        seconds: the distance of two requests.
        clock: time and sleep; its monotonic seconds are shared by all processes.
    """

    def __init__(self, path: Path | None, seconds: float, clock: Clock) -> None:
        self.path, self.seconds, self.clock = path, seconds, clock

    def wait(self) -> None:
        """Return when the next request may be sent, and note its time."""
        if self.path is None or self.seconds <= 0:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # in a directory others can write to, a planted link must not be followed
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            held = os.pread(descriptor, 8, 0)
            now = self.clock.monotonic()
            if len(held) == 8:
                # a value from before a reboot lies in the future: never wait longer than one pace
                pause = min(struct.unpack("d", held)[0] + self.seconds - now, self.seconds)
                if pause > 0:
                    self.clock.sleep(pause)
            os.pwrite(descriptor, struct.pack("d", self.clock.monotonic()), 0)
        finally:
            os.close(descriptor)


def is_off_peak(utc: datetime) -> bool:
    """Whether a moment (naive UTC) lies in the hours NLM wants large jobs in."""
    local = _eastern(utc)
    return local.weekday() >= SATURDAY or local.time() >= BEGINS or local.time() < ENDS


def next_off_peak(utc: datetime) -> datetime:
    """The first moment from this one on (both naive UTC) that is off-peak: often itself."""
    if is_off_peak(utc):
        return utc
    # clocks change on Sundays, so this evening is a moment that comes, and comes once
    evening = _eastern(utc).replace(hour=BEGINS.hour, minute=0, second=0, microsecond=0)
    return evening.astimezone(UTC).replace(tzinfo=None)


def _eastern(utc: datetime) -> datetime:
    """A moment by NLM's clocks.

    Raises:
        MachineError: this machine has no time zone data.
    """
    try:
        return utc.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONE))
    except (ZoneInfoNotFoundError, OSError):
        raise MachineError(
            f"This machine has no data of the time zone {ZONE}.",
            effect="Nothing was asked; what is published stands.",
            next_step="install it: `.venv/bin/pip install tzdata`, or the system's own package.",
        ) from None


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
