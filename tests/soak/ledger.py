"""What ketum's tables must say, kept by a second bookkeeper who shares no code with it.

It is told of every update what PubMed held, what was asked for and what was delivered. Which
updates count is settled later: one that was killed may have committed or not, and the next
published set tells. What an update that did not commit fetched may serve the next one, and
otherwise leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.soak.records import SEARCHES, Record
from tests.soak.upstream import Seen

Key = tuple[str, int]
"""Search and PMID."""
Change = tuple[str | None, str | None] | None
"""Values before and after; None for a list of values, of which only the field is kept."""


@dataclass
class Update:
    """One attempt to update.

    Attributes:
        as_of: the time it called now; None if it died before it said.
        records: what PubMed held.
        seen: what was asked and delivered.
    """

    as_of: datetime | None
    records: Mapping[int, Record]
    seen: Seen


@dataclass
class Stay:
    """One stay of a record in a search."""

    search: str
    pmid: int
    entered_at: datetime
    entered_reason: str
    left_at: datetime | None = None
    left_reason: str | None = None


@dataclass
class Held:
    """The copy of a record that ketum must hold."""

    record: Record
    first_seen_at: datetime
    changed_at: datetime


class Ledger:
    """The books.

    Attributes:
        committed: as_of of every update that committed.
        held: PMID to the copy that won.
        stays: every stay, open and closed.
        revisions: (PMID, Version, SHA-256) to the first as_of it was seen at, and DateRevised.
        changes: (PMID, as_of, field) to the change.
        quarantined: PMIDs of records that came and could not be read.
        hit_counts: (as_of, search) to the number of records PubMed found.
        full_reads: as_of of the updates that read every member anew.
    """

    def __init__(self) -> None:
        self.committed: list[datetime] = []
        self.held: dict[int, Held] = {}
        self.stays: list[Stay] = []
        self.revisions: dict[tuple[int, int, str], tuple[datetime, str]] = {}
        self.changes: dict[tuple[int, datetime, str], Change] = {}
        self.quarantined: set[int] = set()
        self.hit_counts: dict[tuple[datetime, str], int] = {}
        self.full_reads: list[datetime] = []
        self._open: dict[Key, Stay] = {}
        self._unsettled: list[Update] = []
        self._left_over: list[dict[int, Record]] = []
        self._latest: Mapping[int, Record] = {}
        self._carried_over: set[int] = set()
        self._versions: dict[tuple[int, int], Record] = {}

    def add(self, update: Update) -> None:
        """Take an update in; it counts when it is settled."""
        self._unsettled.append(update)

    def settle(self, committed: set[datetime]) -> None:
        """Close the books up to the last of these times, which are of updates that committed."""
        while self._unsettled:
            update = self._unsettled[0]
            if update.as_of is not None and update.as_of > max(committed):
                break
            del self._unsettled[0]
            if update.as_of in committed:
                self._enter(update, update.as_of)
            else:
                self._left_over.extend(update.seen.deliveries)

    def members(self, search: str) -> set[int]:
        return {pmid for name, pmid in self._open if name == search}

    def entered_since(self, moment: datetime | None) -> list[Stay]:
        """Open stays that began after a moment; all of them for None."""
        return [s for s in self._open.values() if moment is None or s.entered_at > moment]

    def older_versions(self) -> list[tuple[int, int, str, datetime]]:
        """Last copy of each Version before the held one: PMID, Version, SHA-256, first seen."""
        return [
            (pmid, version, copy.sha256, self.revisions[pmid, version, copy.sha256][0])
            for (pmid, version), copy in self._versions.items()
            if version < self.held[pmid].record.version
        ]

    def outdated(self) -> list[int]:
        """Members of which ketum must hold the latest state and does not.

        What PubMed changed without announcing it, in a record with a final status, can be
        seen by a full read only; and what cannot be read leaves the last copy that could.
        """
        return sorted(pmid for pmid in {pmid for _, pmid in self._open} if self._is_outdated(pmid))

    def _is_outdated(self, pmid: int) -> bool:
        latest, held = self._latest[pmid], self.held[pmid].record
        if latest == held or latest.is_broken or pmid in self._carried_over:
            return False
        is_excused = held.is_final and held.changed_on == latest.changed_on
        return not is_excused or self.full_reads[-1:] == self.committed[-1:]

    def _enter(self, update: Update, as_of: datetime) -> None:
        found = {
            search: {pmid for pmid, record in update.records.items() if record.is_in(search)}
            for search in SEARCHES
        }
        carried = self._carried(update, set().union(*found.values()))
        self._carried_over = {pmid for batch in carried for pmid in batch} - update.seen.asked
        self._load([*carried, *update.seen.deliveries], as_of)
        for search, pmids in found.items():
            self.hit_counts[as_of, search] = len(pmids)
            self._turn_over(search, pmids, update.records, as_of)
        self._latest = update.records
        if {pmid for _, pmid in self._open} <= update.seen.asked | self._carried_over:
            self.full_reads.append(as_of)
        self.committed.append(as_of)
        self._left_over.clear()

    def _carried(self, update: Update, found: set[int]) -> list[dict[int, Record]]:
        """Deliveries to earlier, uncommitted updates that served this one.

        They are those that hold the last copy of a record that is still found and that was
        not asked for again.
        """
        last = {pmid: number for number, batch in enumerate(self._left_over) for pmid in batch}
        used = {last[pmid] for pmid in found - update.seen.asked if pmid in last}
        return [batch for number, batch in enumerate(self._left_over) if number in used]

    def _load(self, batches: list[dict[int, Record]], as_of: datetime) -> None:
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

    def _log(self, pmid: int, old: Record, new: Record, as_of: datetime) -> None:
        before, after = old.values, new.values
        for field, value in after.items():
            if value != before[field]:
                self.changes[pmid, as_of, field] = (before[field], value)
        for table, rows in new.lists.items():
            if rows != old.lists[table]:
                self.changes[pmid, as_of, table] = None

    def _turn_over(
        self, search: str, found: set[int], records: Mapping[int, Record], as_of: datetime
    ) -> None:
        for pmid in self.members(search) - found:
            stay = self._open.pop((search, pmid))
            stay.left_at = as_of
            stay.left_reason = "left" if pmid in records else "deleted"
        reason = "appeared" if self.committed else "first_run"
        for pmid in (found & self.held.keys()) - self.members(search):
            stay = Stay(search, pmid, as_of, reason)
            self.stays.append(stay)
            self._open[search, pmid] = stay


def _rank(record: Record) -> tuple[int, str]:
    return record.version, f"{record.revised}"
