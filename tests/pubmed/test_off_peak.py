"""NLM's hours: 21:00 to 05:00 US Eastern and weekends, given and asked in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline.errors import MachineError
from pipeline.pubmed import timing
from pipeline.pubmed.timing import is_off_peak, next_off_peak

WINTER, SUMMER = "2026-01-14", "2026-07-15"  # both Wednesdays; Eastern is UTC-5, then UTC-4


@pytest.mark.parametrize(
    ("utc", "allowed"),
    [
        (f"{WINTER} 01:59:59", False),  # Tuesday 20:59:59
        (f"{WINTER} 02:00:00", True),  # Tuesday 21:00
        (f"{WINTER} 09:59:59", True),  # Wednesday 04:59:59
        (f"{WINTER} 10:00:00", False),  # Wednesday 05:00
        (f"{SUMMER} 00:59:59", False),  # the same walls an hour earlier in UTC
        (f"{SUMMER} 01:00:00", True),
        (f"{SUMMER} 08:59:59", True),
        (f"{SUMMER} 09:00:00", False),
        ("2026-07-18 03:59:59", True),  # Friday 23:59:59
        ("2026-07-18 16:00:00", True),  # Saturday noon
        ("2026-07-20 03:59:59", True),  # Sunday 23:59:59
        ("2026-07-20 08:59:59", True),  # Monday 04:59:59
        ("2026-07-20 09:00:00", False),  # Monday 05:00
        # the Mondays after the clocks went forward (8 March) and back (1 November)
        ("2026-03-06 09:30:00", True),
        ("2026-03-09 09:30:00", False),
        ("2026-10-30 09:30:00", False),
        ("2026-11-02 09:30:00", True),
    ],
)
def test_the_hours_are_those_of_the_eastern_clock(utc, allowed):
    assert is_off_peak(datetime.fromisoformat(utc)) is allowed


@pytest.mark.parametrize(
    ("utc", "then"),
    [
        (f"{WINTER} 15:00:00", "2026-01-15 02:00:00"),
        (f"{SUMMER} 15:00:00", "2026-07-16 01:00:00"),
        (f"{SUMMER} 00:30:45", f"{SUMMER} 01:00:00"),  # 20:30 of the evening before
        ("2026-03-06 15:00:00", "2026-03-07 02:00:00"),  # Friday before the clocks go forward
        ("2026-03-09 15:00:00", "2026-03-10 01:00:00"),  # Monday after
        ("2026-07-18 16:00:07", "2026-07-18 16:00:07"),  # a weekend: now
    ],
)
def test_the_next_hours_are_named(utc, then):
    assert next_off_peak(datetime.fromisoformat(utc)) == datetime.fromisoformat(then)


def test_through_a_whole_year_the_next_hours_are_the_first_ones():
    moment = datetime(2026, 1, 1, 0, 30)
    while moment.year == 2026:
        then = next_off_peak(moment)
        assert is_off_peak(then)
        assert moment <= then <= moment + timedelta(hours=16)
        if then > moment:
            assert not is_off_peak(then - timedelta(seconds=1))
        moment += timedelta(hours=1)


def test_a_machine_without_time_zone_data_says_what_to_install(monkeypatch):
    def missing(key: str) -> None:
        raise timing.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(timing, "ZoneInfo", missing)
    with pytest.raises(MachineError, match="time zone") as caught:
        is_off_peak(datetime(2026, 11, 22))
    assert caught.value.exit_code == 8 and "tzdata" in caught.value.next_step
