"""Even spacing of requests, held across all processes of a user on this machine.

NLM allows 3 requests a second without a key and 10 with one (NBK25497). NCBI counts per
address in sliding seconds, so requests are spaced evenly and never sent in bursts.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from pipeline.clock import Clock

PACE_SECONDS = 0.35
PACE_WITH_KEY_SECONDS = 0.11


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
