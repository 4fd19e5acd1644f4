"""PubMed as it changes from day to day: the records it holds, and the events that made them so."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

from tests.soak.records import Record

T = TypeVar("T")

FIRST_PMID = 41_000_001
POPULATIONS = ("mice", "rats", "adults", "users", "patients", "cells", "students")
TYPES_OF_ARTICLES = (
    ("Journal Article",),
    ("Journal Article",),
    ("Journal Article", "Randomized Controlled Trial"),
    ("Case Reports", "Journal Article"),
    ("Journal Article", "Review"),
    ("Journal Article", "Systematic Review"),
    ("Preprint",),
)
OLD_STATUSES = (*["MEDLINE"] * 7, "PubMed-not-MEDLINE", "Publisher")
"""Some records stay for years as their publishers sent them."""
EVENTS_A_DAY = (0, 0, 0, 0, 1, 1, 2, 2, 3, 4)


@dataclass(frozen=True)
class Event:
    """Something that happened to a record."""

    kind: str
    pmid: int


class Deck(Generic[T]):
    """Cards dealt at random, each as often as it is in the deck before any comes again."""

    def __init__(self, cards: Sequence[T], rng: random.Random) -> None:
        self._cards, self._rng, self._left = list(cards), rng, list[T]()

    def draw(self) -> T:
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


class World:
    """The records PubMed holds today.

    Args:
        seed: the same seed gives the same world.
        today: the day it begins.
        size: kratom records it begins with, beside some of other plants.
        kinds: events by name; each changes the world and gives the PMID, or None if there
            is no record it could happen to.

    Attributes:
        records: what PubMed holds, by PMID.
        withdrawn: last state of records PubMed no longer holds, by PMID.
        today: the day.
    """

    def __init__(
        self,
        seed: int,
        today: date,
        size: int,
        kinds: dict[str, tuple[int, Callable[[World], int | None]]],
    ) -> None:
        self.rng = random.Random(seed)
        self.today = today
        self.records: dict[int, Record] = {}
        self.withdrawn: dict[int, Record] = {}
        self._next_pmid = FIRST_PMID
        self._kinds = kinds
        cards = [kind for kind, (weight, _) in kinds.items() for _ in range(weight)]
        self._deck = Deck(cards, self.rng)
        for number in range(size + size // 10):
            self._add_old(about_kratom=number < size)

    def _add_old(self, *, about_kratom: bool) -> None:
        entered = self.today - timedelta(days=self.rng.randrange(400, 5000))
        record = self.make(about_kratom=about_kratom, entered=entered)
        revised = entered + timedelta(days=self.rng.randrange(10, 390))
        status = self.rng.choice(OLD_STATUSES)
        completed = revised if status == "MEDLINE" else None
        self.put(
            replace(record, status=status, revised=revised, completed=completed, changed_on=revised)
        )

    def make(self, *, about_kratom: bool, entered: date) -> Record:
        """A record such as publishers send it, with a PMID of its own; not yet in PubMed."""
        pmid = self._next_pmid
        self._next_pmid += 1
        return Record(
            pmid=pmid,
            doi=f"10.5555/soak.{pmid}",
            entered=entered,
            listed=entered,
            revised=entered,
            changed_on=entered,
            year=entered.year,
            status="Publisher",
            population=self.rng.choice(POPULATIONS),
            about_kratom=about_kratom,
            about_pain=self.rng.random() < 0.4,
            types=self.rng.choice(TYPES_OF_ARTICLES),
            abstract_wording=self.rng.randrange(2),
        )

    def pick(self, wanted: Callable[[Record], bool] = lambda _: True) -> Record | None:
        """A readable record of an article that is as wanted, at random."""
        found = [
            record
            for record in self.records.values()
            if not record.is_broken and not record.is_notice and wanted(record)
        ]
        return self.rng.choice(found) if found else None

    def put(self, record: Record) -> int:
        self.records[record.pmid] = record
        return record.pmid

    def withdraw(self, record: Record) -> int:
        self.withdrawn[record.pmid] = self.records.pop(record.pmid)
        return record.pmid

    def evolve(self) -> list[Event]:
        """Let the next day come, with what happens on it; on many days nothing does."""
        self.today += timedelta(days=1)
        return self.happen(self.rng.choice(EVENTS_A_DAY))

    def happen(self, number: int) -> list[Event]:
        """Let so many things happen today."""
        happened = []
        for _ in range(number):
            kind = self._deck.draw()
            pmid = self._kinds[kind][1](self)
            if pmid is not None:
                happened.append(Event(kind, pmid))
        return happened
