"""Entries of a feed: one a new record, and one for many that came at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pipeline.outputs.feeds.news import New, Together

ENTRIES_KEPT = 50
FLOOD = 25
"""More new records of one run than this are one entry."""

_REASONS = {
    "first_run": "found by the first run",
    "strategy_changed": "came in with a changed search",
    "translation_changed": "came in as PubMed reads the search otherwise",
}


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        id: its lasting id: the address of a record, or what makes it unlike the feed's others.
        link: an address, or a place on the set's page.
        terms: codes to filter by, as `claim.analgesia`; the study type is a name.
    """

    id: str
    title: str
    link: str
    updated: datetime
    summary: str
    terms: tuple[str, ...] = ()


def entries(news: Iterable[New], together: Iterable[Together]) -> list[Entry]:
    """The entries of a feed, newest first, no more than `ENTRIES_KEPT`.

    Args:
        news: of this feed, newest first.
        together: of this feed.
    """
    found = sorted(_entries(news, together), key=lambda entry: entry.updated, reverse=True)
    return found[:ENTRIES_KEPT]


def _entries(news: Iterable[New], together: Iterable[Together]) -> Iterator[Entry]:
    for entered, run in groupby(news, key=lambda new: new.entered):
        records = list(run)
        if len(records) <= FLOOD:
            yield from map(_one, records)
        else:
            yield _many(entered, f"{len(records):,} new records", "found by one run")
    batches: dict[tuple[datetime, str], dict[str, int]] = {}
    for batch in together:
        batches.setdefault((batch.entered, batch.reason), {})[batch.search] = batch.count
    for (entered, reason), counts in batches.items():
        why = _REASONS.get(reason, reason)
        told = ", ".join(f"{search}: {count:,}" for search, count in counts.items())
        yield _many(entered, f"{told} records {why}", why)


def _one(new: New) -> Entry:
    """The same entry in every feed the record stands in: a reader of several shows it once."""
    link = new.link or f"index.html#search=kratom&text={new.pmid}"
    told = "; ".join(f"{name}: {value}" for name, value in new.told.items())
    terms = sorted(term for term in new.subjects if not term.startswith("group."))
    return Entry(
        link, new.title, link, new.entered, f"{new.citation}. {told}.", (new.study_type, *terms)
    )


def _many(entered: datetime, title: str, why: str) -> Entry:
    return Entry(
        f"{entered:%Y-%m-%dT%H:%M:%S}Z {why}", title, "index.html", entered,
        f"{title}: not announced one by one. The page lists them.",
    )  # fmt: skip
