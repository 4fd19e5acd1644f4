"""Thirty days with failures, kills and retractions: all is told once, and disk use is flat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipeline import events, notify
from pipeline import journal as journals
from pipeline.errors import SourceError
from pipeline.events import Event
from pipeline.housekeeping import prepare
from pipeline.journal import Journal
from pipeline.notify import Wishes
from pipeline.outputs.sets import SETS_KEPT
from pipeline.settings import Options
from pipeline.update import run_update
from tests.corpus import article

pytestmark = pytest.mark.whole

DAYS = 30
AWAY = (4, 11, 18)
"""Days on which PubMed does not answer."""
KILLED = (7, 15)
"""Days on which a run is killed before its commit."""
RETRACTED = {12: 1, 20: 2}
"""Day, and the record that is retracted on it."""
EVERY = 3
"""Days between two new records."""


def records(day: int) -> list[str]:
    """What PubMed holds on a day: another record each third day, some of them retracted."""
    gone = {pmid for when, pmid in RETRACTED.items() if when <= day}
    notice = (("RetractionIn", "Invented. 2026;9:9", 900),)
    return [
        article(
            pmid,
            f"Kratom, paper number {pmid}",
            links=notice if pmid in gone else (),
            revised="2026-12-24" if pmid in gone else "2026-01-05",
        )
        for pmid in range(1, 4 + day // EVERY)
    ]


def size_of(directory: Path) -> int:
    """Bytes on disk, files with several names counted once."""
    found = {}
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found[path.stat().st_ino] = path.stat().st_size
    return sum(found.values())


@pytest.mark.by_hand
def test_thirty_days(live, settings, clock, monkeypatch):
    got: list[Event] = []
    refused_once: set[str] = set()

    def address(event: Event) -> bool:
        # each message is refused the first time, so that all of them wait for a day at least
        if event.key not in refused_once:
            refused_once.add(event.key)
            return False
        got.append(event)
        return True

    monkeypatch.setattr(notify, "senders", lambda _wishes: {"one": address})
    sizes = []
    for day in range(DAYS):
        prepare("pubmed", settings, clock)
        if day in AWAY:
            nobody = replace(settings, eutils_url="http://127.0.0.1:9/")
            with pytest.raises(SourceError):
                run_update(Options(), nobody, clock)
        elif day in KILLED:
            Journal(f"killed-{day}", "pubmed", "live", clock.now().isoformat(), {}).save(
                settings.runs
            )
        else:
            live(*records(day))
        notify.deliver(settings, Wishes(), clock)
        sizes.append(size_of(settings.published))
        clock.sleep(86_400)
    notify.deliver(settings, Wishes(), clock)

    keys = [event.key for event in got]
    assert len(keys) == len(set(keys))
    by_kind = {kind: [e for e in got if e.kind == kind] for kind in events.KINDS}
    assert len(by_kind[events.FAILURE]) == len(AWAY) + len(KILLED)
    assert {event.title for event in by_kind[events.SAFETY]} == {
        f"ketum: PMID {pmid} was retracted" for pmid in RETRACTED.values()
    }
    assert by_kind[events.SILENCE] == [] == by_kind[events.EXPERIMENT]

    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        members = con.execute(
            "SELECT pmid FROM ops.search_hits WHERE search = 'kratom' AND left_at IS NULL "
            "ORDER BY pmid"
        ).fetchall()
        retracted = con.execute("SELECT DISTINCT pmid FROM marts.retractions ORDER BY 1").fetchall()
    assert [pmid for (pmid,) in members] == list(range(1, 4 + (DAYS - 1) // EVERY))
    assert [pmid for (pmid,) in retracted] == sorted(RETRACTED.values())

    done = [one for one in journals.read_all(settings.runs) if one.state == journals.PUBLISHED]
    assert len(done) == DAYS - len(AWAY) - len(KILLED)
    sets = [
        path for path in settings.published.iterdir() if path.is_dir() and not path.is_symlink()
    ]
    assert len(sets) == SETS_KEPT
    first_full = SETS_KEPT + 2
    assert max(sizes[first_full:]) < 1.3 * sizes[first_full]
