"""How many records PubMed holds by year, in all and on pain: what shares are shares of.

About once a month, and in NLM's hours only, a live run asks ESearch for counts alone, one small
request for each year. The year is asked for with [edat]: a record has one Entry Date, so years
do not overlap, while [pdat] finds print and electronic dates and counts some records in two
years; that they add up is checked with one more request. The answers reach the archive's ledger
all together or not at all, and `load` makes `ops.denominators` of the ledger, in the run as in
`ketum rebuild`.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import NamedTuple

from pipeline.clock import Clock
from pipeline.errors import KetumError, SourceError
from pipeline.options import LIVE
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.off_peak import is_off_peak, next_off_peak
from pipeline.pubmed.pages import answer_root, is_number
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer
from pipeline.run import Run

log = logging.getLogger("ketum")

KIND = "count"
"""Of these entries in the ledger."""
DATE_TAG = "edat"
ASK_AGAIN_AFTER = timedelta(days=30)
EARLIEST_YEAR = 1781
"""Of the first journals in PubMed; a record said to be older asks for nothing."""
TOLERANCE = 0.001
"""Part of a sum by which years may miss their span: PubMed grows while it is counted."""
PUBMED_QUERY = "all[sb]"
PAIN_TOPIC = "pain"


class Count(NamedTuple):
    """One answer: what was asked for, when it came (UTC, ISO 8601), its body, its count."""

    denominator: str
    year: int
    parameters: dict[str, str]
    received_at: str
    body: bytes
    record_count: int


def strategies(run: Run) -> dict[str, str]:
    """Each denominator with its query, to which a year is added."""
    found = {"pubmed": PUBMED_QUERY}
    found |= {topic.name: topic.query for topic in run.topics.topics if topic.name == PAIN_TOPIC}
    return found


def ask(run: Run) -> None:
    """Ask for the counts if they are due, and note them in the ledger; never fails the run.

    Needs the run's records in staging: they and those held say with which year to begin.
    What could not be asked for is told in the receipt and asked for by the next run.
    """
    if run.mode != LIVE or run.client is None or not _are_due(run):
        return
    now = run.clock.now()
    if not is_off_peak(now):
        run.receipt.notes.append(
            "PubMed's records by year are due to be counted; NLM wants that done in its off-peak "
            f"hours: the first update after {next_off_peak(now):%Y-%m-%d %H:%M} UTC does it."
        )
        return
    first = _first_year(run)
    if first is None:
        return
    years = range(first, run.as_of.year + 1)
    counts = []
    try:
        for name, query in strategies(run).items():
            counts += _count_years(run.client, run.clock, name, query, years)
    except KetumError as error:
        run.receipt.notes.append(
            "PubMed's records by year could not be counted, so shares stay as they were: "
            f"{error.cause} The next update asks again."
        )
        return
    for count in counts:
        run.archive.note(
            run.run_id,
            {
                "kind": KIND,
                "denominator": count.denominator,
                "date_tag": DATE_TAG,
                "year": count.year,
                "tool": "esearch",
                "parameters": count.parameters,
                "received_at": count.received_at,
                "object": run.archive.put(count.body),
                "bytes": len(count.body),
                "count": count.record_count,
            },
        )
    log.info("counted PubMed's records by year, %d to %d", years[0], years[-1])


def load(run: Run) -> None:
    """Add the counts in the run's ledger to ops.denominators, in its open transaction."""
    queries = strategies(run)
    for entry in run.archive.entries(run.run_id, KIND):
        run.con.execute(
            "INSERT INTO ops.denominators VALUES (?, ?, ?, ?, ?, ?)",
            [
                entry["denominator"],
                entry["date_tag"],
                entry["year"],
                entry["count"],
                run.as_of,
                queries[entry["denominator"]],
            ],
        )


def read_count(body: bytes) -> tuple[int, list[str]]:
    """The count in an ESearch answer, and the phrases PubMed says it does not hold.

    Raises:
        TransientAnswer: not a complete answer.
        PermanentAnswer: it was refused, or PubMed did not know a field and counted something else.
    """
    root = answer_root(body)
    count = root.findtext("Count", "")
    if not is_number(count):
        raise TransientAnswer("the answer has no count")
    if lost := [field.text or "" for field in root.iter("FieldNotFound")]:
        raise PermanentAnswer(f"it does not know the field {lost[0]!r}")
    return int(count), [phrase.text or "" for phrase in root.iter("PhraseNotFound")]


def _are_due(run: Run) -> bool:
    """Whether a denominator was not counted within a month by the query it has now."""
    held = dict(
        run.con.execute(
            "SELECT strategy, max(counted_at) FROM ops.denominators GROUP BY strategy"
        ).fetchall()
    )
    return any(
        query not in held or run.as_of - held[query] >= ASK_AGAIN_AFTER
        for query in strategies(run).values()
    )


def _first_year(run: Run) -> int | None:
    """The first year by the date tag of the records held and those just fetched."""
    row = run.con.execute(
        """
        SELECT min(year(event_at)) FROM (
            SELECT pub_status, event_at FROM core.history_dates
            UNION ALL
            SELECT pub_status, event_at FROM staging.core.history_dates
        )
        WHERE pub_status = 'pubmed' AND year(event_at) >= ?
        """,
        [EARLIEST_YEAR],
    ).fetchone()
    return None if row is None else row[0]


def _count_years(
    client: EutilsClient, clock: Clock, denominator: str, query: str, years: range
) -> list[Count]:
    """A count for each year.

    Raises:
        KetumError: an answer is missing or was given to another question, or the years do not
            add up to their span.
    """
    span = _parameters(query, f"{years[0]}:{years[-1]}")
    whole, unknown = client.ask("esearch", span, read_count)
    counts = []
    for year in years:
        parameters = _parameters(query, f"{year}")
        body, count, phrases = client.ask("esearch", parameters, _with_body)
        if phrases != unknown:  # words of the topic may be unknown in all answers, a year in none
            raise _doubtful(f"PubMed did not understand {year}[{DATE_TAG}] ({denominator})")
        received_at = clock.now().isoformat()
        counts.append(Count(denominator, year, parameters, received_at, body, count))
    parts = sum(count.record_count for count in counts)
    if abs(whole - parts) > whole * TOLERANCE:
        raise _doubtful(
            f"The years {years[0]} to {years[-1]} hold {parts} records one by one and {whole} "
            f"together ({denominator})"
        )
    return counts


def _with_body(body: bytes) -> tuple[bytes, int, list[str]]:
    return body, *read_count(body)


def _doubtful(cause: str) -> SourceError:
    return SourceError(
        f"{cause}.",
        effect="The counts are not used.",
        next_step="the next update asks again.",
    )


def _parameters(query: str, years: str) -> dict[str, str]:
    """The parameters of a count, without identity; kept in the ledger."""
    term = f"{query} AND {years}[{DATE_TAG}]"
    return {"db": "pubmed", "term": term, "rettype": "count", "retmode": "xml"}
