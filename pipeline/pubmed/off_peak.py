"""NLM's hours: when large jobs are welcome at E-utilities.

NLM, "A General Introduction to the E-utilities" (NBK25497), Usage Guidelines: "limit large
jobs to either weekends or between 9:00 PM and 5:00 AM Eastern time during weekdays".
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
BEGINS = time(21)
ENDS = time(5)
SATURDAY = 5


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
    return utc.replace(tzinfo=UTC).astimezone(EASTERN)
