"""The soak finds nothing, and would have found something had there been anything to find."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.pubmed import sync
from pipeline.pubmed.timing import Pacer
from pipeline.warehouse import changes, membership
from tests.soak.driver import Soak
from tests.soak.events import KINDS, is_deleted, is_merged, is_revised
from tests.soak.plans import CLEAN
from tests.soak.world import World

pytestmark = pytest.mark.whole

DAYS = int(os.environ.get("KETUM_SOAK_DAYS", "6"))


def test_no_difference_after_days_of_changes_faults_and_kills(tmp_path: Path):
    """KETUM_SOAK_DAYS days (8 in .ci/run); `make soak` is the same for 300."""
    soak = Soak(tmp_path, seed=54)
    soak.live(DAYS)
    soak.close()
    assert soak.tale.differences == []
    assert soak.tale.days == DAYS
    assert soak.tale.kills.total() > 0
    assert soak.tale.troubles.total() > 0
    assert soak.tale.events.total() > 0


def test_the_same_seed_gives_the_same_world():
    worlds = [World(seed, date(2026, 6, 1), 20, KINDS) for seed in (1, 1, 2)]
    for _ in range(60):
        happened = [world.evolve() for world in worlds]
        assert happened[0] == happened[1]
    texts = [[record.xml for record in world.records.values()] for world in worlds]
    assert texts[0] == texts[1] != texts[2]


def test_every_kind_of_event_happens():
    world = World(1, date(2026, 6, 1), 20, KINDS)
    happened = {event.kind for _ in range(60) for event in world.evolve()}
    assert happened == set(KINDS)


def forgets(*_arguments: object) -> None:
    """What a saboteur puts in the place of a function."""


def publisher_rewords(world: World) -> None:
    """A record that was never final changes, and its old DateRevised stays."""
    record = world.pick(lambda held: not held.is_final and held.about_kratom)
    assert record is not None
    world.put(replace(record, wording=record.wording + 1))


SABOTAGE = {
    "changes are not logged": (changes, "log_changes", forgets, is_revised, "article_changes"),
    "deletions are not logged": (
        membership, "_note_deletions", forgets, is_deleted, "article_changes",
    ),
    "merges are not noted": (membership, "_note_merges", forgets, is_merged, "search_hits"),
    "unsettled records are left": (
        sync, "UNSETTLED_PER_RUN", 0, publisher_rewords, "not read again",
    ),
    "requests are not spaced": (Pacer, "wait", forgets, is_revised, "s apart"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("how", SABOTAGE)
def test_a_soak_of_a_sabotaged_ketum_finds_it(how, tmp_path: Path, monkeypatch):
    place, name, instead, happens, told = SABOTAGE[how]
    monkeypatch.setattr(place, name, instead)
    soak = Soak(tmp_path, seed=4)
    soak.day(CLEAN)
    happens(soak.world)
    soak.day(CLEAN)
    soak.close()
    assert any(told in difference for difference in soak.tale.differences)
