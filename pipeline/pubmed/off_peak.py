"""The hours NLM asks large jobs to come in: weekends, or 21:00 to 05:00 US Eastern (NBK25497)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")


def is_off_peak(utc: datetime) -> bool:
    """Whether a naive UTC time lies within NLM's hours for large jobs."""
    local = utc.replace(tzinfo=UTC).astimezone(EASTERN)
    return local.weekday() >= 5 or local.hour >= 21 or local.hour < 5


def next_off_peak(utc: datetime) -> datetime:
    """The next naive UTC time within NLM's hours; the time itself if it lies within them."""
    if is_off_peak(utc):
        return utc
    local = utc.replace(tzinfo=UTC).astimezone(EASTERN)
    evening = local.replace(hour=21, minute=0, second=0, microsecond=0)
    return evening.astimezone(UTC).replace(tzinfo=None)
