"""What a run reads again: new, revised, unread, unsettled and vanished records, or all.

The complete UID set is asked for in every run (search.py); this module decides which records
are worth an EFetch. PubMed's date of modification ([mdat]) is reliable only for records that
are completed, so it is asked with an overlap, records of a status that is not final are asked
for in turn, and once a month everything is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline.clock import TOLERANCE
from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.options import LIVE
from pipeline.pubmed.client import UNCHANGED
from pipeline.pubmed.fetch import BATCH_SIZE
from pipeline.pubmed.search import DRIFT_TRIES, SearchAnswer, esearch
from pipeline.pubmed.translation import compare, lost_words
from pipeline.run import Run
from pipeline.settings import PUBMED_ORIGIN

FULL_READ_EVERY = timedelta(days=30)
OVERLAP = timedelta(days=30)
"""How far behind the last run [mdat] is asked: indexing reaches the search days later."""
FINAL_STATUSES = ("MEDLINE", "PubMed-not-MEDLINE", "OLDMEDLINE")
"""MedlineCitation Status of records NLM has finished with; any other will change."""
UNSETTLED_PER_RUN = BATCH_SIZE
"""Unsettled records asked for in one run, those not seen for longest first."""


@dataclass(frozen=True)
class Plan:
    """PMIDs to read.

    Attributes:
        wanted: listed by a search and to be read; each must arrive.
        vanished: members that a search no longer lists; PubMed may not hold them any more.
    """

    wanted: set[int]
    vanished: set[int]


def needs_full_read(run: Run) -> bool:
    """Whether the run reads every record: the first one, monthly, on request, or an archive.

    A local archive is read whole: that is cheap, and people edit files without dating it.
    """
    if run.origin != PUBMED_ORIGIN or run.options.full or not run.has_warehouse:
        return True
    last = run.con.execute("SELECT max(as_of) FROM ops.runs WHERE is_full_read").fetchone()
    return last is None or last[0] is None or run.as_of - last[0] >= FULL_READ_EVERY


def ask(run: Run, name: str) -> SearchAnswer:
    """The complete answer to a search; a loss of members is believed only when said twice.

    NCBI answers from several machines, and one that lags behind must not end memberships.

    Raises:
        SourceError: no valid answer in time.
        IncompleteError: no two answers in a row were the same.
    """
    assert run.client is not None
    query = run.topics.pubmed_query(name)
    answer = esearch(run.client, query)
    held = {pmid for search, pmid in _stays(run, [name])} if run.has_warehouse else set()
    for _ in range(DRIFT_TRIES):
        if held <= set(answer.pmids):
            return answer
        again = esearch(run.client, query)
        if again.pmids == answer.pmids:
            return again
        answer = again
    raise IncompleteError(
        f"PubMed answered the search {name} otherwise each of {DRIFT_TRIES + 1} times.",
        effect=UNCHANGED,
        next_step="run `ketum update` again later.",
    )


def check_clock(run: Run) -> None:
    """See that the time the run calls now is that of PubMed's own clock.

    Under another one, sets would bear a wrong date, and [mdat] would be asked from a wrong day.

    Raises:
        ConfigurationError: they differ by more than an hour; nothing was stored.
    """
    assert run.client is not None
    theirs = run.client.server_time
    if run.mode != LIVE or theirs is None or abs(run.as_of - theirs) <= TOLERANCE:
        return
    raise ConfigurationError(
        f"This machine's clock said {run.as_of} UTC when the run began, and PubMed answered at "
        f"{theirs} UTC by its own.",
        effect=UNCHANGED,
        next_step="set this machine's clock right (if it slept meanwhile, there is nothing to "
        "set), then run `ketum update` again.",
    )


def ask_revised(run: Run) -> SearchAnswer | None:
    """Which records of any search PubMed modified since the last run, with overlap.

    Returns:
        the answer; None if PubMed did not read the query as the searches themselves, so that
        everything must be read instead.

    Raises:
        SourceError: no valid answer in time.
    """
    assert run.client is not None
    row = run.con.execute("SELECT max(as_of) FROM ops.runs").fetchone()
    assert row is not None
    since = (row[0] - OVERLAP).date()
    queries = [run.topics.pubmed_query(name) for name in run.answers]
    union = " OR ".join(f"({query})" for query in queries)
    answer = esearch(run.client, f"({union}) AND {since:%Y/%m/%d}:3000[mdat]")
    whole = " OR ".join(found.query_translation for found in run.answers.values())
    known = {text for found in run.answers.values() for text in found.warnings}
    if compare(whole, answer.query_translation).dropped or not known.issuperset(
        lost_words(answer.warnings)
    ):
        return None
    return answer


def plan(run: Run) -> Plan:
    """What the run reads, from its answers and from what the warehouse holds."""
    answered = {pmid for answer in run.answers.values() for pmid in answer.pmids}
    if not run.has_warehouse:
        return Plan(answered, set())
    stays = _stays(run, list(run.answers))
    listed = {name: set(answer.pmids) for name, answer in run.answers.items()}
    vanished = {pmid for search, pmid in stays if pmid not in listed[search]}
    if run.is_full_read:
        return Plan(answered, vanished - answered)
    new = {
        pmid
        for search, answer in run.answers.items()
        for pmid in answer.pmids
        if (search, pmid) not in stays
    }
    revised = set(run.revised.pmids) if run.revised else set()
    read = (new | revised | _unread(run) | _unsettled(run, answered) | vanished) & answered
    return Plan(read, vanished - answered)


def _stays(run: Run, searches: list[str]) -> set[tuple[str, int]]:
    """Current memberships of some searches, but for citations without a PMID."""
    rows = run.con.execute(
        """
        SELECT search, pmid FROM ops.search_hits
        WHERE left_at IS NULL AND pmid > 0 AND list_contains(?::VARCHAR[], search)
        """,
        [searches],
    ).fetchall()
    return set(rows)


def _unread(run: Run) -> set[int]:
    """What could not be read last time: asked for in each run until it can be."""
    return {pmid for (pmid,) in run.con.execute("SELECT pmid FROM ops.unread_records").fetchall()}


def _unsettled(run: Run, answered: set[int]) -> set[int]:
    rows = run.con.execute(
        """
        SELECT pmid FROM core.articles
        WHERE NOT coalesce(list_contains(?::VARCHAR[], citation_status), FALSE)
        ORDER BY source_stamp, pmid
        """,
        [list(FINAL_STATUSES)],
    ).fetchall()
    return set([pmid for (pmid,) in rows if pmid in answered][:UNSETTLED_PER_RUN])
