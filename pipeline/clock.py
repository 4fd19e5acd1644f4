"""The clock as a parameter, so that days of runs can be tried in seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(hours=1)
"""How far two clocks may be apart before a run is refused: less does no harm to dates."""


class Clock:
    """The machine's clock. Tests put another in its place."""

    def now(self) -> datetime:
        """UTC now, whole seconds, without zone (as every `_at` column)."""
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)

    def monotonic(self) -> float:
        """Seconds on a clock that all processes of this machine share."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
