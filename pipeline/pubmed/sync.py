"""What a run reads again: new, revised, unread, unsettled and vanished records, or all.

The complete UID set is asked for in every run (search.py); this module decides which records
are worth an EFetch. PubMed's date of modification ([mdat]) is reliable only for records that
are completed, so it is asked with an overlap, records of a status that is not final are asked
for in turn, and once a month everything is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.clock import TOLERANCE
from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.pubmed.answers import SearchAnswer, compare, lost_words
from pipeline.pubmed.client import UNCHANGED, EutilsClient
from pipeline.pubmed.fetch import BATCH_SIZE
from pipeline.pubmed.search import DRIFT_TRIES, esearch

FULL_READ_EVERY = timedelta(days=30)
OVERLAP = timedelta(days=30)
"""How far behind the last run [mdat] is asked: indexing reaches the search days later."""
UNSETTLED_PER_RUN = BATCH_SIZE
"""Unsettled records asked for in one run, those not seen for longest first."""


@dataclass(frozen=True)
class Held:
    """What is held of some searches, before a run (`searches.read_held`).

    Attributes:
        stays: current memberships, as (search, PMID), but for citations without a PMID.
        unread: PMIDs that could not be read last time: asked for in each run until they can be.
        unsettled: PMIDs of records whose status is not final, those not seen for longest first.
        last_run_at: time of the last run.
        last_full_read_at: time of the last run that read everything.
    """

    stays: set[tuple[str, int]] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)
    unsettled: tuple[int, ...] = ()
    last_run_at: datetime | None = None
    last_full_read_at: datetime | None = None

    def members(self, search: str) -> set[int]:
        """The members of one search."""
        return {pmid for name, pmid in self.stays if name == search}


@dataclass(frozen=True)
class Plan:
    """PMIDs to read.

    Attributes:
        wanted: listed by a search and to be read; each must arrive.
        vanished: members that a search no longer lists; PubMed may not hold them any more.
    """

    wanted: set[int]
    vanished: set[int]


def is_full_read_due(held: Held, as_of: datetime) -> bool:
    """Whether everything must be read once more: the first time, and once a month."""
    last = held.last_full_read_at
    return last is None or as_of - last >= FULL_READ_EVERY


def ask(client: EutilsClient, name: str, query: str, held: set[int]) -> SearchAnswer:
    """The complete answer to a search; a loss of members is believed only when said twice.

    NCBI answers from several machines, and one that lags behind must not end memberships.

    Args:
        client: where to ask.
        name: of the search, for messages.
        query: its term.
        held: its members until now.

    Raises:
        SourceError: no valid answer in time.
        IncompleteError: no two answers in a row were the same.
    """
    answer = esearch(client, query)
    for _ in range(DRIFT_TRIES):
        if held <= set(answer.pmids):
            return answer
        again = esearch(client, query)
        if again.pmids == answer.pmids:
            return again
        answer = again
    raise IncompleteError(
        f"PubMed answered the search {name} otherwise each of {DRIFT_TRIES + 1} times.",
        effect=UNCHANGED,
        next_step="run `ketum update` again later.",
    )


def check_clock(theirs: datetime | None, as_of: datetime) -> None:
    """See that the time a live run calls now is that of PubMed's own clock.

    Under another one, sets would bear a wrong date, and [mdat] would be asked from a wrong day.

    Args:
        theirs: the time by PubMed's clock, if it said one.
        as_of: the run's time.

    Raises:
        ConfigurationError: they differ by more than an hour; nothing was stored.
    """
    if theirs is None or abs(as_of - theirs) <= TOLERANCE:
        return
    raise ConfigurationError(
        f"This machine's clock said {as_of} UTC when the run began, and PubMed answered at "
        f"{theirs} UTC by its own.",
        effect=UNCHANGED,
        next_step="set this machine's clock right (if it slept meanwhile, there is nothing to "
        "set), then run `ketum update` again.",
    )


def ask_revised(
    client: EutilsClient,
    queries: Sequence[str],
    answers: Mapping[str, SearchAnswer],
    last_run_at: datetime,
) -> SearchAnswer | None:
    """Which records of any search PubMed modified since the last run, with overlap.

    Args:
        client: where to ask.
        queries: the terms of the searches.
        answers: PubMed's answers to them.
        last_run_at: time of the last run.

    Returns:
        the answer; None if PubMed did not read the query as the searches themselves, so that
        everything must be read instead.

    Raises:
        SourceError: no valid answer in time.
    """
    since = (last_run_at - OVERLAP).date()
    union = " OR ".join(f"({query})" for query in queries)
    answer = esearch(client, f"({union}) AND {since:%Y/%m/%d}:3000[mdat]")
    whole = " OR ".join(found.query_translation for found in answers.values())
    known = {text for found in answers.values() for text in found.warnings}
    if compare(whole, answer.query_translation).dropped or not known.issuperset(
        lost_words(answer.warnings)
    ):
        return None
    return answer


def plan(
    answers: Mapping[str, SearchAnswer],
    held: Held,
    *,
    is_full_read: bool,
    revised: SearchAnswer | None,
) -> Plan:
    """What a run reads.

    Args:
        answers: search to PubMed's answer.
        held: what is held of the searches.
        is_full_read: everything is read once more.
        revised: PubMed's answer to what it modified lately; None on a full read.
    """
    answered = {pmid for answer in answers.values() for pmid in answer.pmids}
    listed = {name: set(answer.pmids) for name, answer in answers.items()}
    vanished = {pmid for search, pmid in held.stays if pmid not in listed[search]}
    if is_full_read:
        return Plan(answered, vanished - answered)
    new = {
        pmid
        for search, answer in answers.items()
        for pmid in answer.pmids
        if (search, pmid) not in held.stays
    }
    modified = set(revised.pmids) if revised else set()
    unsettled = [pmid for pmid in held.unsettled if pmid in answered][:UNSETTLED_PER_RUN]
    read = (new | modified | held.unread | set(unsettled) | vanished) & answered
    return Plan(read, vanished - answered)
