"""The history server: results kept under a WebEnv and a query key."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

from pipeline.replay.text import printable


class UnknownQueryError(LookupError):
    """A WebEnv or query key that this server does not (or no longer) know."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Unable to obtain query #{key}")


class History:
    """Lists of PMIDs by WebEnv and query key.

    Args:
        clock: gives the time for the names of sessions.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sessions: dict[str, list[tuple[int, ...]]] = {}
        self._begun = 0
        self._lock = Lock()

    def keep(self, pmids: Sequence[int], environment: str | None) -> tuple[str, int]:
        """Keep a list in a session, a new one unless a known one is named; gives its names."""
        with self._lock:
            if environment is None or environment not in self._sessions:
                self._begun += 1
                # As at NCBI: the time of creation, then what makes it unique.
                began = int(self._clock().timestamp())
                environment = f"MCID_{began:08x}{self._begun:016x}"
            queries = self._sessions.setdefault(environment, [])
            queries.append(tuple(pmids))
            return environment, len(queries)

    def kept(self, environment: str, key: str) -> tuple[int, ...]:
        """The list kept under these names.

        Raises:
            UnknownQueryError: if there is none.
        """
        with self._lock:
            queries = self._sessions.get(environment, [])
        if not re.fullmatch("[0-9]{1,9}", key) or not 1 <= int(key) <= len(queries):
            raise UnknownQueryError(printable(key))
        return queries[int(key) - 1]

    def expire(self) -> None:
        """Forget every session."""
        with self._lock:
            self._sessions.clear()
