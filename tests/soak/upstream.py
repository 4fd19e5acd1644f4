"""Serves the world over HTTP for one update, and keeps what it saw.

It notes the injected time of every request, which PMIDs were asked for, and which records
left with a right answer: facts about ketum that are not taken from ketum.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipeline.replay import Archive, Exchange, ReplayServer, Response
from pipeline.replay.archive import Record as ServedRecord
from pipeline.replay.faults import Misbehaviour
from pipeline.replay.tools import Tools
from tests.soak.clock import SoakClock
from tests.soak.plans import Trouble
from tests.soak.records import SEARCHES, Record


@dataclass
class Seen:
    """What came in and what went out during one update.

    Attributes:
        times: injected time of each request.
        asked: PMIDs EFetch was asked for.
        deliveries: records of each EFetch answer that came whole, by PMID.
        spoilt: number of answers that were not the right ones.
        found: search to the PMIDs of the last answer to it.
        counts: (denominator, year) to the records that PubMed counted.
        count_requests: number of requests for counts alone.
        records: what PubMed held at the last request.
        changed: PMIDs of records that came, went or changed between two requests.
    """

    times: list[float] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    deliveries: list[dict[int, Record]] = field(default_factory=list)
    spoilt: int = 0
    found: dict[str, set[int]] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    count_requests: int = 0
    records: Mapping[int, Record] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)


class Upstream:
    """PubMed's side of one update.

    Args:
        records: gives what PubMed holds; asked at each request, as it may change meanwhile.
        clock: the injected time.
        trouble: what goes wrong, if anything.
        on_request: called with the number of each request before it is answered.
    """

    def __init__(
        self,
        records: Callable[[], Mapping[int, Record]],
        clock: SoakClock,
        trouble: Trouble | None,
        on_request: Callable[[int], None],
    ) -> None:
        self.seen = Seen()
        self._records, self._clock, self._on_request = records, clock, on_request
        self._spoil = trouble and Misbehaviour(
            trouble.fault.case, trouble.tool, trouble.at, trouble.times
        )
        self._take_in(records())

    def _take_in(self, records: Mapping[int, Record]) -> None:
        self.seen.records = dict(records)
        self._archive = Archive(
            [
                ServedRecord(record.pmid, record.version, record.xml.encode())
                for record in records.values()
            ]
        )
        self._tools = Tools(self._archive, self._utc)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address, while it serves."""
        with ReplayServer(self._archive, clock=self._utc, fault=self._answer) as server:
            yield server.url

    def _utc(self) -> datetime:
        return self._clock.now().replace(tzinfo=UTC)

    def _answer(self, exchange: Exchange) -> Response:
        self.seen.times.append(self._clock.monotonic())
        self._on_request(len(self.seen.times))
        if now := {pmid for pmid, _ in self._records().items() ^ self.seen.records.items()}:
            self.seen.changed |= now
            self._take_in(self._records())
        right = self._tools.answer(exchange.tool, exchange.parameters)
        exchange = replace(exchange, right=right, ask=self._tools.answer)
        if exchange.tool == "efetch":
            return self._give_records(exchange)
        if exchange.parameters.get("rettype") == "count":
            return self._give_count(exchange)
        given = self._spoilt(exchange)
        search = _search_of(exchange.parameters.get("term", ""))
        if search is not None:
            self.seen.found[search] = set(map(int, re.findall(rb"<Id>(\d+)</Id>", given.body)))
        return given

    def _give_records(self, exchange: Exchange) -> Response:
        records = self.seen.records
        pmids = [int(word) for word in exchange.parameters.get("id", "").split(",") if word]
        held = [records[pmid] for pmid in pmids if pmid in records]
        self.seen.asked.update(pmids)
        # of a record that no search lists, EFetch says by its silence that it is gone: only the
        # loss of one that is listed can be noticed
        is_fair = not held or any(held[-1].is_in(search) for search in SEARCHES)
        given = self._spoilt(exchange) if is_fair else exchange.right
        if given.cut_at is None and not given.reset and b"</PubmedArticleSet>" in given.body:
            self.seen.deliveries.append(
                {copy.pmid: copy for copy in held if copy.xml.encode() in given.body}
            )
        return given

    def _give_count(self, exchange: Exchange) -> Response:
        """A count of all that PubMed holds; never spoilt, as a run does not fail for it."""
        term = exchange.parameters["term"]
        self.seen.count_requests += 1
        if one_year := re.search(r"AND (\d{4})\[edat\]$", term):
            denominator = "pain" if "pain" in term else "pubmed"
            count = re.findall(rb"<Count>(\d+)", exchange.right.body)[0]
            self.seen.counts[denominator, int(one_year[1])] = int(count)
        return exchange.right

    def _spoilt(self, exchange: Exchange) -> Response:
        given = self._spoil(exchange) if self._spoil else exchange.right
        self.seen.spoilt += given != exchange.right
        return given


def _search_of(term: str) -> str | None:
    """Which search a query is; None for one with limits of dates or numbers."""
    if any(tag in term for tag in ("[mdat]", "[edat]", "[uid]")):
        return None
    return "kratom_pain" if "pain" in term else "kratom"
