"""The injected time: one number in a file that every process of the soak maps.

Time passes only when somebody sleeps, so a request is made and answered in one moment, and
the server's reading of the clock is the client's. A store survives the kill of its process.
"""

from __future__ import annotations

import mmap
import struct
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.clock import Clock

START = datetime(2026, 6, 1)
"""Midnight before the first day; 300 days from here go past a new year."""


class SoakClock(Clock):
    """Seconds since START, shared by file.

    Args:
        path: the file; made with zero when missing.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    def monotonic(self) -> float:
        return float(struct.unpack_from("d", self._shared)[0])

    def now(self) -> datetime:
        return (START + timedelta(seconds=self.monotonic())).replace(microsecond=0)

    def sleep(self, seconds: float) -> None:
        struct.pack_into("d", self._shared, 0, self.monotonic() + seconds)

    def forward_to(self, moment: datetime) -> None:
        """Let time pass until a moment; one that is past changes nothing."""
        self.sleep(max(0.0, (moment - START).total_seconds() - self.monotonic()))
