"""The soak finds nothing, and would have found something had there been anything to find."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.pubmed import sync
from pipeline.pubmed.timing import Pacer
from pipeline.warehouse import load_log, membership
from tests.conftest import the_database_alone
from tests.soak.driver import Soak
from tests.soak.events import KINDS, is_deleted, is_merged, is_revised
from tests.soak.plans import CLEAN
from tests.soak.world import World

pytestmark = pytest.mark.whole

DAYS = int(os.environ.get("KETUM_SOAK_DAYS", "4"))
SIZE = 50
SEED = 1705
"""Its first days: nothing, a kill, a wrong answer, a kill."""


@pytest.mark.slow
def test_no_difference_after_days_of_changes_faults_and_kills(tmp_path: Path):
    """KETUM_SOAK_DAYS days; `make soak` is the same for 300 and more records."""
    soak = Soak(tmp_path, SEED, SIZE)
    with the_database_alone("tables"):  # `ketum verify` asks for them
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


class Sabotage(NamedTuple):
    """What is broken, what must happen for it to show, and a word of the difference it makes."""

    place: object
    name: str
    instead: object
    happens: Callable[[World], object]
    told: str


SABOTAGE = {
    "deletions are not logged": (
        Sabotage(membership, "_note_deletions", forgets, is_deleted, "article_changes"),
    ),
    "changes are not logged, merges not noted, unsettled records left, requests not spaced": (
        Sabotage(load_log, "log_changes", forgets, is_revised, "article_changes"),
        Sabotage(membership, "_note_merges", forgets, is_merged, "search_hits"),
        Sabotage(sync, "UNSETTLED_PER_RUN", 0, publisher_rewords, "not read again"),
        Sabotage(Pacer, "wait", forgets, is_revised, "s apart"),
    ),
}


@pytest.mark.by_hand
@pytest.mark.parametrize("how", SABOTAGE)
def test_a_soak_of_a_sabotaged_ketum_finds_it(
    how, tmp_path: Path, monkeypatch, database_and_tables
):
    soak = Soak(tmp_path, 4, SIZE)
    for broken in SABOTAGE[how]:
        monkeypatch.setattr(broken.place, broken.name, broken.instead)
    soak.day(CLEAN)
    for broken in SABOTAGE[how]:
        broken.happens(soak.world)
    soak.day(CLEAN)
    soak.close()
    for broken in SABOTAGE[how]:
        assert any(broken.told in difference for difference in soak.tale.differences), broken.name
