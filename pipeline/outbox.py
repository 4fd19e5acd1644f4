"""Events to notify somebody of: noted on disk first, then sent, each one once.

A file for each event, named by its key, from the moment it is seen: `waiting` until every address
took it, then `sent`. A crash between sending and noting that sends it again, under the same key,
so that nothing is lost; an event that was noted once is never noted again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pipeline.storage import write_atomically

log = logging.getLogger("ketum")

KNOWN, WAITING, SENT = "known", "waiting", "sent"


@dataclass(frozen=True)
class Event:
    """Something to be told.

    Attributes:
        key: the same for the same event, whoever sees it and how often.
        kind: failure, silence, safety or experiment.
        title: one line.
        text: what happened, and what to do.
    """

    key: str
    kind: str
    title: str
    text: str


class Outbox:
    """The events of a data directory.

    Args:
        directory: where their files are; made when the first is noted.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def knows(self, key: str) -> bool:
        """Whether an event of this key was ever noted."""
        return self._path(key).exists()

    def note(self, events: Iterable[Event], now: datetime, *, as_known: bool = False) -> int:
        """Note events that were not noted before; returns how many.

        Args:
            events: what was seen.
            now: UTC time.
            as_known: what was there before anybody asked to be told: it is not sent.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        count = 0
        for event in events:
            if not self.knows(event.key):
                self._write(event, KNOWN if as_known else WAITING, [], now.isoformat())
                count += 1
        return count

    def waiting(self) -> list[Event]:
        """Events that not every address took yet, oldest first."""
        return [event for event, _, _ in self._read_waiting()]

    def deliver(self, senders: dict[str, Callable[[Event], bool]]) -> int:
        """Send what waits to each address that did not take it yet.

        Args:
            senders: by a name that stays the same; each returns whether the address took it.

        Returns:
            how many events still wait.
        """
        left = 0
        for event, taken, noted_at in self._read_waiting():
            for name, send in senders.items():
                if name not in taken and send(event):
                    taken.append(name)
                    self._write(event, WAITING, taken, noted_at)
            if set(senders) <= set(taken):
                self._write(event, SENT, taken, noted_at)
            else:
                left += 1
        return left

    def _read_waiting(self) -> list[tuple[Event, list[str], str]]:
        found = []
        for path in self.directory.glob("*.json"):
            try:
                held = json.loads(path.read_text(encoding="utf-8"))
                if held.pop("state") != WAITING:
                    continue
                taken, noted_at = list(held.pop("taken")), str(held.pop("noted_at"))
                found.append((Event(**held), taken, noted_at))
            except (ValueError, KeyError, TypeError):
                log.warning("%s is no event of ketum's; it is left out.", path)
        return sorted(found, key=lambda entry: (entry[2], entry[0].key))

    def _path(self, key: str) -> Path:
        return self.directory / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"

    def _write(self, event: Event, state: str, taken: list[str], noted_at: str) -> None:
        held = {**asdict(event), "state": state, "taken": taken, "noted_at": noted_at}
        body = json.dumps(held, indent=1, ensure_ascii=False)
        write_atomically(self._path(event.key), body.encode("utf-8", "backslashreplace"))
