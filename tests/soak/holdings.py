"""The copies of records ketum must hold, and all that was ever seen of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.soak.records import Record

Batch = dict[int, Record]
"""The records of one EFetch answer, by PMID."""
Change = tuple[str | None, str | None] | None
"""Values before and after; None for a list of values, of which only the field is kept."""


@dataclass
class Held:
    """The copy that won, since when its PMID is held, and when it last changed."""

    record: Record
    first_seen_at: datetime
    changed_at: datetime


class Holdings:
    """What was read, update by update.

    Attributes:
        held: PMID to the copy that won: highest Version, then last DateRevised, then last read.
        revisions: (PMID, Version, SHA-256) to the first as_of it was seen at, and DateRevised.
        changes: (PMID, as_of, field) to the change.
        quarantined: PMIDs of records that came and could not be read.
    """

    def __init__(self) -> None:
        self.held: dict[int, Held] = {}
        self.revisions: dict[tuple[int, int, str], tuple[datetime, str]] = {}
        self.changes: dict[tuple[int, datetime, str], Change] = {}
        self.quarantined: set[int] = set()
        self._versions: dict[tuple[int, int], Record] = {}

    def load(self, batches: Iterable[Batch], as_of: datetime) -> None:
        """Take in what one update read, in the order it came."""
        before: dict[int, Record] = {}
        for pmid, record in (pair for batch in batches for pair in batch.items()):
            if record.is_broken:
                self.quarantined.add(pmid)
                continue
            key = (pmid, record.version, record.sha256)
            self.revisions.setdefault(key, (as_of, f"{record.revised}"))
            last = self._versions.get((pmid, record.version))
            if last is None or record.revised >= last.revised:
                self._versions[pmid, record.version] = record
            held = self.held.get(pmid)
            if held is None:
                self.held[pmid] = Held(record, as_of, as_of)
            elif _rank(record) >= _rank(held.record):
                before.setdefault(pmid, held.record)
                held.record = record
        for pmid, old in before.items():
            held = self.held[pmid]
            if held.first_seen_at < as_of and held.record.sha256 != old.sha256:
                held.changed_at = as_of
                self._log(pmid, old, held.record, as_of)

    def older_versions(self) -> list[tuple[int, int, str, datetime]]:
        """Last copy of each Version before the held one: PMID, Version, SHA-256, first seen."""
        return [
            (pmid, version, copy.sha256, self.revisions[pmid, version, copy.sha256][0])
            for (pmid, version), copy in self._versions.items()
            if version < self.held[pmid].record.version
        ]

    def log_deletion(self, pmid: int, as_of: datetime) -> None:
        """PubMed no longer delivers a record; the copy stays."""
        self.changes[pmid, as_of, "record"] = None

    def _log(self, pmid: int, old: Record, new: Record, as_of: datetime) -> None:
        before, after = old.values, new.values
        for field, value in after.items():
            if value != before[field]:
                self.changes[pmid, as_of, field] = (before[field], value)
        for table, rows in new.lists.items():
            if rows != old.lists[table]:
                self.changes[pmid, as_of, table] = None


def _rank(record: Record) -> tuple[int, str]:
    return record.version, f"{record.revised}"
