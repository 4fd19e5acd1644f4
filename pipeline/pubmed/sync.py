"""Fetch whole records into the raw archive, and decide which to fetch."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline import progress
from pipeline.clock import TOLERANCE, Clock
from pipeline.errors import ConfigurationError, IncompleteError, KetumError, SourceError
from pipeline.pubmed.archive import STAMP_FORMAT, Archive, Entry
from pipeline.pubmed.client import UNCHANGED, EutilsClient
from pipeline.pubmed.search import DRIFT_TRIES, SearchAnswer, compare, esearch, lost_words
from pipeline.pubmed.timing import is_off_peak, next_off_peak
from pipeline.pubmed.verdict import TransientAnswer, check_words, errors_in, xml_root

# -- Fetching: in batches, each seen to be complete
#
# A run goes on where a dead one stopped. EFetch silently leaves out what PubMed does not hold: what
# was asked for and did not come is asked for once more.

log = logging.getLogger("ketum")

BATCH_SIZE = 200
"""PMIDs per EFetch; NLM recommends POST above about 200 ids and states no maximum."""
ROUNDS = 2
"""How often what is missing is asked for."""
LARGE_JOB = 100
"""Requests from which on NLM asks to come on weekends or at night (NBK25497)."""


@dataclass(frozen=True)
class Delivered:
    """What is in the raw archive now.

    Attributes:
        pmids: asked for and delivered, by this run or by the dead one it continues.
        batches: EFetch bodies noted in the run's ledger.
    """

    pmids: set[int]
    batches: int


def fetch_all(
    client: EutilsClient,
    archive: Archive,
    run_id: str,
    *,
    wanted: set[int],
    vanished: set[int],
    taken: Mapping[int, Entry],
    as_of: datetime,
    quiet: bool | None,
) -> Delivered:
    """Fetch records and note each body in the run's ledger.

    Args:
        client: sends the requests.
        archive: keeps the answers.
        run_id: whose ledger it is.
        wanted: PMIDs that must arrive.
        vanished: PMIDs that PubMed may no longer hold.
        taken: what a dead run fetched, with its ledger lines (`archive.resumable`).
        as_of: the run's time.
        quiet: wait for NLM's hours with a large job (True), only say that they exist (False), or
            neither, where no one is in the way (None).

    Raises:
        SourceError: the first batch did not come; nothing changed.
        IncompleteError: some came and are kept; the same command goes on from there.
    """
    # whether a vanished one is gone now, only an answer of now can tell
    taken = {pmid: entry for pmid, entry in taken.items() if pmid in wanted}
    entries = {entry["object"]: entry for _, entry in sorted(taken.items())}
    for entry in entries.values():
        archive.note(run_id, entry)
    delivered, kept = set(taken), len(entries)
    if quiet is not None:
        requests = len(batches((wanted | vanished) - delivered))
        _wait_for_quiet_hours(client.clock, requests, quiet)
    for _ in range(ROUNDS):
        for batch in batches((wanted | vanished) - delivered):
            try:
                body = efetch(client, batch)
            except (SourceError, IncompleteError, ConfigurationError) as error:
                raise _cut_short(error, len(delivered & wanted), len(wanted), kept) from None
            found = pmids_in(body)
            archive.note(
                run_id,
                {
                    "kind": "records",
                    "tool": "efetch",
                    "parameters": {"db": "pubmed", "retmode": "xml"},
                    "received_at": client.clock.now().isoformat(),
                    "stamp": as_of.strftime(STAMP_FORMAT),
                    "object": archive.put(body),
                    "bytes": len(body),
                    "asked": batch,
                    "pmids": sorted(found),
                },
            )
            delivered |= found
            kept += 1
            here, total = len(delivered & wanted), len(wanted)
            progress.note(here, total)
            # who shows runs to people takes the share from here
            log.info("%d of %d records are here", here, total, extra={"share": here / (total or 1)})
    if missing := sorted(wanted - delivered):
        raise IncompleteError(
            f"PubMed listed {len(missing)} records and did not deliver them, asked twice "
            f"(first: {missing[:5]}).",
            effect="What came is in the raw archive; warehouse and published tables are as before.",
            next_step="run `ketum update` again; if it stays so, look these PMIDs up at PubMed.",
        )
    return Delivered(delivered, kept)


def _cut_short(error: KetumError, here: int, wanted: int, kept: int) -> KetumError:
    """The same error, worded as one that came half-way, if anything had come before it."""
    if not kept:
        return error
    effect = (
        f"{here} of {wanted} records are in the raw archive; "
        "warehouse and published tables are as before."
    )
    go_on = "run the same command again within a day: it goes on from here."
    if isinstance(error, ConfigurationError):
        return ConfigurationError(
            error.cause, effect=effect, next_step=f"{error.next_step.rstrip('.')}; then {go_on}"
        )
    return IncompleteError(error.cause, effect=effect, next_step=go_on)


def _wait_for_quiet_hours(clock: Clock, requests: int, is_wanted: bool) -> None:
    """Before a large job: wait for NLM's hours if asked to, else say that they exist."""
    now = clock.now()
    if requests < LARGE_JOB or is_off_peak(now):
        return
    quiet = next_off_peak(now)
    if not is_wanted:
        log.warning(
            "%d requests to make: NLM asks for large jobs on weekends or from 21:00 to 05:00 "
            "Eastern (next: %s UTC). --off-peak waits for that.", requests, quiet
        )  # fmt: skip
        return
    log.warning("Waiting until %s UTC with %d requests (--off-peak).", quiet, requests)
    while (left := (quiet - clock.now()).total_seconds()) > 0:
        clock.sleep(min(left, 600.0))


def batches(pmids: Iterable[int]) -> list[list[int]]:
    """PMIDs ascending in batches, so that only the last one changes when new ones come."""
    ordered = sorted(set(pmids))
    return [ordered[i : i + BATCH_SIZE] for i in range(0, len(ordered), BATCH_SIZE)]


def efetch(client: EutilsClient, pmids: Sequence[int]) -> bytes:
    """The EFetch body for these PMIDs, known to be a complete PubmedArticleSet of no others.

    A PMID that PubMed does not hold is silently missing from the body: compare `pmids_in` with what
    was asked for.

    Raises:
        SourceError: no valid answer in time.
    """
    parameters = {"db": "pubmed", "retmode": "xml", "id": ",".join(map(str, pmids))}
    return client.ask("efetch", parameters, check_set(pmids))


def check_set(asked: Sequence[int]) -> Callable[[bytes], bytes]:
    """A check that gives the same body back, if it is one whole PubmedArticleSet.

    Args:
        asked: the PMIDs that may be in it; another one shows that the answer is to another
            request (NCBI takes a malformed id apart into other PMIDs).

    Raises (the check):
        TransientAnswer: cut, another document, or other records; PermanentAnswer: refused.
    """

    def check(body: bytes) -> bytes:
        root = xml_root(body)
        if root.tag != "PubmedArticleSet":
            if errors := errors_in(root):
                check_words(errors)
            raise TransientAnswer(f"the records came as {root.tag}")
        if strangers := pmids_in(body) - set(asked):
            raise TransientAnswer(f"it holds records not asked for, e.g. {min(strangers)}")
        return body

    return check


_PMID = re.compile(
    rb"<(?:MedlineCitation|BookDocument)\b[^>]*>\s*<PMID\b[^>]*>\s*(\d{1,10})\s*</PMID>"
)


def pmids_in(body: bytes) -> set[int]:
    """The PMIDs of the records in an EFetch body."""
    return {int(match) for match in _PMID.findall(body)}


# -- What a run reads again: new, revised, unread, unsettled and vanished records, or all
#
# Every run asks for the complete UID set (search.py); which records are worth an EFetch is decided
# here. PubMed's date of modification ([mdat]) is reliable only for records that are
# completed, so it is asked with an overlap, records of a status that is not final are asked for in
# turn, and once a month everything is read again.

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
