"""Serves one state of the world over HTTP for one update, and keeps what it saw.

It notes the injected time of every request, which PMIDs were asked for, and which records
left with a right answer: facts about ketum that are not taken from ketum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.pubmed.replay import Archive, ReplayServer, Response
from pipeline.pubmed.replay.archive import Record as ServedRecord
from pipeline.pubmed.replay.tools import Parameters, Tools
from tests.soak.clock import SoakClock
from tests.soak.faults import Fault
from tests.soak.records import Record


@dataclass(frozen=True)
class Trouble:
    """A fault for the first `times` requests to a tool; None: for every one."""

    fault: Fault
    tool: str
    times: int | None


@dataclass
class Seen:
    """What came in and what went out during one update.

    Attributes:
        times: injected time of each request.
        asked: PMIDs EFetch was asked for.
        deliveries: records of each EFetch answer that came whole, by PMID.
        spoiled: number of answers that were not the right ones.
    """

    times: list[float] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    deliveries: list[dict[int, Record]] = field(default_factory=list)
    spoiled: int = 0


class Upstream:
    """PubMed's side of one update.

    Args:
        records: what PubMed holds.
        clock: the injected time.
        trouble: what goes wrong, if anything.
        on_request: called with the number of each request before it is answered.
    """

    def __init__(
        self,
        records: Mapping[int, Record],
        clock: SoakClock,
        trouble: Trouble | None = None,
        on_request: Callable[[int], None] = lambda _number: None,
    ) -> None:
        self.seen = Seen()
        self._records, self._clock = records, clock
        self._trouble, self._on_request = trouble, on_request
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

    def _answer(self, tool: str, parameters: Parameters, number: int) -> Response:
        self.seen.times.append(self._clock.monotonic())
        self._on_request(number)
        right = self._tools.answer(tool, parameters)
        pmids = [int(word) for word in parameters.get("id", "").split(",") if word]
        if tool == "efetch":
            self.seen.asked.update(pmids)
        given = right
        if self._is_in_trouble(tool):
            assert self._trouble is not None
            self.seen.spoiled += 1
            given = self._trouble.fault.spoil(right)
            if given is right:  # there was nothing to spoil
                self.seen.spoiled -= 1
        if tool == "efetch" and given.cut_at is None and b"</PubmedArticleSet>" in given.body:
            self.seen.deliveries.append(
                {
                    pmid: self._records[pmid]
                    for pmid in pmids
                    if pmid in self._records and self._records[pmid].xml.encode() in given.body
                }
            )
        return given

    def _is_in_trouble(self, tool: str) -> bool:
        trouble = self._trouble
        if trouble is None or trouble.tool != tool:
            return False
        return trouble.times is None or self.seen.spoiled < trouble.times
