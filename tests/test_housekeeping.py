"""Housekeeping: what is too old to be of use goes; what a rebuild or a reader needs never does."""

from __future__ import annotations

import os
from datetime import UTC, timedelta

import pytest

from pipeline import journal as journals
from pipeline.errors import LockedError
from pipeline.housekeeping import FAILED_DAYS, FORGOTTEN_DAYS, keep_house
from pipeline.journal import Journal
from pipeline.storage import hold_lock


def run_of(settings, clock, state: str, days: int) -> str:
    name = f"{state}-{days}"
    as_of = (clock.now() - timedelta(days=days)).isoformat()
    Journal(name, "pubmed", "live", as_of, {}, state=state).save(settings.runs)
    ledger = settings.raw("pubmed") / "runs" / f"{name}.jsonl"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text("{}\n")
    return name


def test_runs_that_committed_nothing_go_when_old_and_others_never(settings, clock):
    states = (*journals.DONE, journals.RUNNING, journals.FAILED, journals.ABANDONED)
    for state in states:
        for days in (FAILED_DAYS - 1, FAILED_DAYS + 1, 5_000):
            run_of(settings, clock, state, days)
    body = settings.raw("pubmed") / "objects" / "aa" / "body.gz"
    body.parent.mkdir(parents=True)
    body.write_bytes(b"a body that nothing names")
    keep_house(settings, clock)
    gone = {f"{state}-{days}" for state in (journals.FAILED, journals.ABANDONED)
            for days in (FAILED_DAYS + 1, 5_000)}  # fmt: skip
    everything = {f"{state}-{days}" for state in states
                  for days in (FAILED_DAYS - 1, FAILED_DAYS + 1, 5_000)}  # fmt: skip
    assert {path.name for path in settings.runs.iterdir()} == everything - gone
    ledgers = {path.stem for path in (settings.raw("pubmed") / "runs").iterdir()}
    assert ledgers == everything - gone
    assert body.exists()


def test_forgotten_runs_go_after_a_year(settings, clock):
    for name, days in (("old", FORGOTTEN_DAYS + 1), ("new", FORGOTTEN_DAYS - 1)):
        path = settings.data / "forgotten" / name
        path.mkdir(parents=True)
        moment = clock.now().replace(tzinfo=UTC).timestamp() - days * 86_400
        os.utime(path, (moment, moment))
    told = keep_house(settings, clock)
    assert told == ["Removed the forgotten run old."]
    assert [path.name for path in (settings.data / "forgotten").iterdir()] == ["new"]


def test_leftovers_go_and_ours_stays(settings, clock):
    (settings.data / ".rehearsal" / "raw").mkdir(parents=True)
    settings.prefect_home.mkdir()
    for name in ("prefect.db", "prefect.db.unusable"):
        (settings.prefect_home / name).write_text("x")
    (settings.published / ".building-x").mkdir(parents=True)
    (settings.published / "mine").mkdir()
    told = keep_house(settings, clock)
    assert len(told) == 2
    assert [path.name for path in settings.prefect_home.iterdir()] == ["prefect.db"]
    assert [path.name for path in settings.published.iterdir()] == ["mine"]


def test_nothing_goes_while_a_run_is_at_work(settings, clock):
    (settings.data / ".rehearsal").mkdir(parents=True)
    with hold_lock(settings.lock, "a-run"), pytest.raises(LockedError):
        keep_house(settings, clock)
    assert (settings.data / ".rehearsal").exists()
