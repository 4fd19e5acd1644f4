"""What ketum's tables must say, kept by a second bookkeeper who shares no code with it.

It is told of every update what PubMed held, what was asked for and what was delivered. Which
updates count is settled later: one that was killed may have committed or not, and the next
published set tells. What an update that did not commit fetched may serve the next one, and
otherwise leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.soak.holdings import Batch, Holdings
from tests.soak.records import Record
from tests.soak.upstream import Seen

FULL_READ_EVERY = timedelta(days=30)

Key = tuple[str, int]
"""Search and PMID."""


@dataclass
class Update:
    """One attempt to update.

    Attributes:
        as_of: the time it called now; None if it died before it said.
        seen: what PubMed held, was asked, and delivered.
        is_resumable: if it does not commit, what it fetched may serve the next one.
    """

    as_of: datetime | None
    seen: Seen
    is_resumable: bool


@dataclass
class Stay:
    """One stay of a record in a search."""

    search: str
    pmid: int
    entered_at: datetime
    entered_reason: str
    left_at: datetime | None = None
    left_reason: str | None = None
    merged_into: int | None = None


@dataclass(frozen=True)
class Committed:
    """What ops.runs must say of an update."""

    as_of: datetime
    is_full_read: bool
    is_unchanged: bool
    request_count: int


class Ledger:
    """The books.

    Attributes:
        holdings: the records.
        committed: the updates that count.
        stays: every stay, open and closed.
        hit_counts: (as_of, search) to the number of records PubMed found.
        denominators: (as_of, denominator, year) to the records PubMed counted.
    """

    def __init__(self) -> None:
        self.holdings = Holdings()
        self.committed: list[Committed] = []
        self.stays: list[Stay] = []
        self.hit_counts: dict[tuple[datetime, str], int] = {}
        self.denominators: dict[tuple[datetime, str, int], int] = {}
        self._open: dict[Key, Stay] = {}
        self._unsettled: list[Update] = []
        self._left_over: list[Batch] = []
        self._latest: Mapping[int, Record] = {}
        self._excused: set[int] = set()
        self._content: object = None

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
            elif update.is_resumable:
                self._left_over.extend(update.seen.deliveries)

    def members(self, search: str) -> set[int]:
        return {pmid for name, pmid in self._open if name == search}

    def entered_since(self, moment: datetime | None) -> list[Stay]:
        """Open stays that began after a moment; all of them for None."""
        return [s for s in self._open.values() if moment is None or s.entered_at > moment]

    def outdated(self) -> list[int]:
        """Members of which ketum must hold the latest state by now and does not.

        What PubMed changed without announcing it, in a record with a final status, can be
        seen by a full read only; what cannot be read leaves the last copy that could; and what
        a dead update read, or what changed during this one, may wait for the next.
        """
        return sorted(pmid for pmid in self._all_members() if self._is_outdated(pmid))

    def _is_outdated(self, pmid: int) -> bool:
        latest, held = self._latest[pmid], self.holdings.held[pmid].record
        if latest == held or latest.is_broken or pmid in self._excused:
            return False
        is_excused = held.is_final and held.changed_on == latest.changed_on
        return not is_excused or self.committed[-1].is_full_read

    def _all_members(self) -> set[int]:
        return {pmid for _, pmid in self._open}

    def is_full_read_overdue(self) -> bool:
        """Whether the last update should have read everything, by the time that has passed."""
        last = [update.as_of for update in self.committed if update.is_full_read]
        return self.committed[-1].as_of - last[-1] >= FULL_READ_EVERY

    def _enter(self, update: Update, as_of: datetime) -> None:
        found = update.seen.found
        for key, count in update.seen.counts.items():
            self.denominators[as_of, *key] = count
        carried = self._carried(update, set().union(*found.values()))
        resumed = {pmid for batch in carried for pmid in batch} - update.seen.asked
        self.holdings.load([*carried, *update.seen.deliveries], as_of)
        for search, pmids in found.items():
            self.hit_counts[as_of, search] = len(pmids)
            self._turn_over(search, pmids, update.seen.records, as_of)
        self._latest = update.seen.records
        self._excused = resumed | update.seen.changed
        content = (as_of.year, found, self._copies(), len(self.denominators))
        self.committed.append(
            Committed(
                as_of,
                self._all_members() <= update.seen.asked | resumed,
                content == self._content,
                len(update.seen.times) - update.seen.count_requests,
            )
        )
        self._content = content
        self._left_over.clear()

    def _copies(self) -> object:
        held = {pmid: held.record.sha256 for pmid, held in self.holdings.held.items()}
        return held, sorted(copy[:3] for copy in self.holdings.older_versions())

    def _carried(self, update: Update, found: set[int]) -> list[Batch]:
        """Deliveries to earlier, uncommitted updates that served this one.

        They are those that hold the last copy of a record that is still found and that was
        not asked for again.
        """
        last = {pmid: number for number, batch in enumerate(self._left_over) for pmid in batch}
        used = {last[pmid] for pmid in found - update.seen.asked if pmid in last}
        return [batch for number, batch in enumerate(self._left_over) if number in used]

    def _turn_over(
        self, search: str, found: set[int], records: Mapping[int, Record], as_of: datetime
    ) -> None:
        gone = [self._open.pop((search, pmid)) for pmid in self.members(search) - found]
        reason = "appeared" if self.committed else "first_run"
        for pmid in (found & self.holdings.held.keys()) - self.members(search):
            stay = Stay(search, pmid, as_of, reason)
            self.stays.append(stay)
            self._open[search, pmid] = stay
        for stay in gone:
            stay.left_at = as_of
            stay.left_reason = "left" if stay.pmid in records else "deleted"
            if stay.left_reason == "deleted":
                self.holdings.log_deletion(stay.pmid, as_of)
                stay.merged_into = self._same_article(stay)
                stay.left_reason = "merged" if stay.merged_into else "deleted"

    def _same_article(self, gone: Stay) -> int | None:
        """A member with the DOI of a record that is gone: the first, if there are several."""
        held = self.holdings.held
        doi = held[gone.pmid].record.doi
        same = [pmid for pmid in self.members(gone.search) if held[pmid].record.doi == doi]
        return min(same, default=None)
