"""What happens to records in PubMed: one function an event, and how often each comes.

An event takes the world, changes it, and gives the PMID it happened to, or None when there
is no record it could happen to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.soak.records import Record
from tests.soak.world import TYPES_OF_ARTICLES, World

LAG_DAYS = (0, 0, 0, 0, 1, 2, 9)
"""Days a revision bears an earlier date than the day it can be seen."""


def _announced(world: World, record: Record) -> Record:
    """The record with a DateRevised for today's change; it never goes back."""
    revised = world.today - timedelta(days=world.rng.choice(LAG_DAYS))
    return replace(record, revised=max(revised, record.revised), changed_on=world.today)


def appears(world: World) -> int:
    return world.put(world.make(about_kratom=True, entered=world.today))


def appears_back_dated(world: World) -> int:
    """Added more than a year after publication: EDAT is the publication date, CRDT is not."""
    record = world.make(about_kratom=True, entered=world.today)
    listed = world.today - timedelta(days=world.rng.randrange(400, 3000))
    return world.put(replace(record, listed=listed, year=listed.year))


def appears_elsewhere(world: World) -> int:
    """A record no search finds."""
    return world.put(world.make(about_kratom=False, entered=world.today))


def appears_broken(world: World) -> int:
    record = world.make(about_kratom=True, entered=world.today)
    return world.put(replace(record, is_broken=True))


def breaks(world: World) -> int | None:
    record = world.pick()
    return record and world.put(_announced(world, replace(record, is_broken=True)))


def is_mended(world: World) -> int | None:
    broken = [record for record in world.records.values() if record.is_broken]
    if not broken:
        return None
    record = world.rng.choice(broken)
    return world.put(_announced(world, replace(record, is_broken=False)))


def moves_on(world: World) -> int | None:
    """Publisher, In-Process, MEDLINE with headings; or PubMed-not-MEDLINE."""
    record = world.pick(lambda held: not held.is_final)
    if record is None:
        return None
    if record.status == "Publisher" and world.rng.random() < 0.7:
        return world.put(_announced(world, replace(record, status="In-Process")))
    status = "PubMed-not-MEDLINE" if world.rng.random() < 0.2 else "MEDLINE"
    return world.put(_announced(world, replace(record, status=status, completed=world.today)))


def is_revised(world: World) -> int | None:
    record = world.pick()
    return record and world.put(_announced(world, _reworded(world, record)))


def is_revised_unannounced(world: World) -> int | None:
    """Changed without a new DateRevised: no date can find it."""
    record = world.pick()
    return record and world.put(_reworded(world, record))


def _reworded(world: World, record: Record) -> Record:
    what = world.rng.randrange(5)
    if what == 0:
        return replace(record, wording=record.wording + 1)
    if what == 1:
        return replace(record, abstract_wording=record.abstract_wording + 1)
    if what == 2:
        return replace(record, types=world.rng.choice(TYPES_OF_ARTICLES))
    if what == 3:
        return replace(record, year=record.year + 1 if record.year < world.today.year else 2019)
    return replace(record, doi=f"10.5555/soak.{record.pmid}.{world.rng.randrange(1000)}")


def is_set_back(world: World) -> int | None:
    """A title goes back to a wording it had before, byte for byte if nothing else changed."""
    record = world.pick(lambda held: held.wording > 1)
    return record and world.put(replace(record, wording=record.wording - 1))


def is_deleted(world: World) -> int | None:
    record = world.pick()
    return record and world.withdraw(record)


def is_merged(world: World) -> int | None:
    """A duplicate goes; the record that stays has the same DOI."""
    gone = world.pick(lambda held: held.about_kratom)
    if gone is None:
        return None
    kept = world.pick(lambda held: held.about_kratom and held.pmid != gone.pmid)
    if kept is not None:
        world.put(_announced(world, replace(kept, doi=gone.doi)))
    return world.withdraw(gone)


def comes_back(world: World) -> int | None:
    """A record that was deleted by mistake stands there again."""
    if not world.withdrawn:
        return None
    pmid = world.rng.choice(sorted(world.withdrawn))
    return world.put(_announced(world, world.withdrawn.pop(pmid)))


def gets_a_version(world: World) -> int | None:
    record = world.pick(lambda held: held.about_kratom)
    if record is None:
        return None
    newer = replace(record, version=record.version + 1, wording=record.wording + 1)
    return world.put(_announced(world, newer))


def is_retracted(world: World) -> int | None:
    """A notice appears, and the article is marked and linked to it."""
    record = world.pick(lambda held: held.about_kratom and "Retracted" not in str(held.types))
    if record is None:
        return None
    notice = replace(
        world.make(about_kratom=True, entered=world.today),
        types=("Retraction of Publication",),
        about_pain=record.about_pain,
        abstract_wording=0,
        links=(("RetractionOf", "J Tests. 2020;7:1-9", record.pmid),),
    )
    world.put(notice)
    marked = replace(
        record,
        types=(*record.types, "Retracted Publication"),
        links=(*record.links, ("RetractionIn", "J Tests. 2026;8:10", notice.pmid)),
    )
    return world.put(_announced(world, marked))


def stops_matching(world: World) -> int | None:
    record = world.pick(lambda held: held.about_kratom)
    return record and world.put(_announced(world, replace(record, about_kratom=False)))


def begins_to_match(world: World) -> int | None:
    record = world.pick(lambda held: not held.about_kratom)
    return record and world.put(_announced(world, replace(record, about_kratom=True)))


def turns_to_or_from_pain(world: World) -> int | None:
    record = world.pick(lambda held: held.about_kratom)
    turned = record and replace(record, about_pain=not record.about_pain)
    return turned and world.put(_announced(world, turned))


def turns_unannounced(world: World) -> int | None:
    """As above without a new DateRevised: only the answers to the searches tell."""
    record = world.pick(lambda held: held.about_kratom)
    return record and world.put(replace(record, about_pain=not record.about_pain))


KINDS: dict[str, tuple[int, Callable[[World], int | None]]] = {
    "appears": (5, appears),
    "appears back-dated": (1, appears_back_dated),
    "appears elsewhere": (1, appears_elsewhere),
    "appears broken": (1, appears_broken),
    "breaks": (1, breaks),
    "is mended": (2, is_mended),
    "moves on": (4, moves_on),
    "is revised": (3, is_revised),
    "is revised unannounced": (2, is_revised_unannounced),
    "is set back": (1, is_set_back),
    "is deleted": (2, is_deleted),
    "is merged": (1, is_merged),
    "comes back": (1, comes_back),
    "gets a version": (1, gets_a_version),
    "is retracted": (1, is_retracted),
    "stops matching": (2, stops_matching),
    "begins to match": (2, begins_to_match),
    "turns to or from pain": (1, turns_to_or_from_pain),
    "turns unannounced": (1, turns_unannounced),
}
"""Name, how many cards of it are in the deck, and the function."""
