"""How many records PubMed holds by year, in all and on pain: what shares are shares of.

About once a month, and in NLM's hours only, a live run asks ESearch for counts alone, one small
request for each year. The year is asked for with [edat]: a record has one Entry Date, so years
do not overlap, while [pdat] finds print and electronic dates and counts some records in two
years; that they add up is checked with one more request. The answers reach the archive's ledger
all together or not at all, and the warehouse makes `ops.denominators` of the ledger, in the run as
in `ketum rebuild`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.errors import KetumError, SourceError
from pipeline.pubmed.answers import answer_root, is_number
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.timing import is_off_peak, next_off_peak
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer

log = logging.getLogger("ketum")

KIND = "count"
"""Of these entries in the ledger."""
PUBMED, PUBMED_QUERY = "pubmed", "all[sb]"
"""The denominator that is all of PubMed, and its query."""
DATE_TAG = "edat"
ASK_AGAIN_AFTER = timedelta(days=30)
TOLERANCE = 0.001
"""Part of a sum by which years may miss their span: PubMed grows while it is counted."""


class Count(NamedTuple):
    """One answer: what was asked for, when it came (UTC, ISO 8601), its body, its count."""

    denominator: str
    year: int
    parameters: dict[str, str]
    received_at: str
    body: bytes
    record_count: int


def ask_by_year(
    client: EutilsClient,
    archive: Archive,
    run_id: str,
    queries: Mapping[str, str],
    *,
    counted_at: Mapping[str, datetime],
    first_year: int | None,
    as_of: datetime,
) -> str | None:
    """Ask for the counts if they are due, and note them in the ledger; never fails the run.

    Args:
        client: asks.
        archive: keeps.
        run_id: whose ledger it is.
        queries: each denominator with its query, to which a year is added.
        counted_at: query to the time it was last counted.
        first_year: of the records held and those just fetched; None if there are none.
        as_of: the run's time; its year is the last one.

    Returns:
        a sentence on what was due and could not be counted; the next run asks for it again.
    """
    if not any(
        query not in counted_at or as_of - counted_at[query] >= ASK_AGAIN_AFTER
        for query in queries.values()
    ):
        return None
    now = client.clock.now()
    if not is_off_peak(now):
        return (
            "PubMed's records by year are due to be counted; NLM wants that done in its off-peak "
            f"hours: the first update after {next_off_peak(now):%Y-%m-%d %H:%M} UTC does it."
        )
    if first_year is None:
        return None
    years = range(first_year, as_of.year + 1)
    counts = []
    try:
        for name, query in queries.items():
            counts += _count_years(client, name, query, years)
    except KetumError as error:
        return (
            "PubMed's records by year could not be counted, so shares stay as they were: "
            f"{error.cause} The next update asks again."
        )
    for count in counts:
        archive.note(
            run_id,
            {
                "kind": KIND,
                "denominator": count.denominator,
                "date_tag": DATE_TAG,
                "year": count.year,
                "tool": "esearch",
                "parameters": count.parameters,
                "received_at": count.received_at,
                "object": archive.put(count.body),
                "bytes": len(count.body),
                "count": count.record_count,
            },
        )
    log.info("counted PubMed's records by year, %d to %d", years[0], years[-1])
    return None


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


def _count_years(client: EutilsClient, denominator: str, query: str, years: range) -> list[Count]:
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
        received_at = client.clock.now().isoformat()
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
