"""What PubMed says of itself: its records by year, and its state today (`ketum doctor --live`)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.clock import Clock
from pipeline.errors import BlockedError, KetumError, SourceError
from pipeline.pubmed.archive import Archive, Entry
from pipeline.pubmed.client import RATE_HEADERS, EutilsClient
from pipeline.pubmed.search import answer_root, is_number
from pipeline.pubmed.timing import is_off_peak, next_off_peak
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer, xml_root
from pipeline.settings import Settings

# -- Records by year, in all and on pain: the denominators of shares
#
# About once a month, and in NLM's hours only, a live run asks ESearch for counts alone, one small
# request for each year. The year is asked for with [edat]: a record has one Entry Date, so years do
# not overlap, while [pdat] finds print and electronic dates and counts some records in two years;
# that they add up is checked with one more request. The answers reach the archive's ledger all
# together or not at all, and the warehouse makes `ops.denominators` of the ledger, in the run as in
# `ketum rebuild`.

log = logging.getLogger("ketum")

KIND = "count"
"""The kind of these entries in the ledger."""
PUBMED, PUBMED_QUERY = "pubmed", "all[sb]"
"""The denominator that is all of PubMed, and its query."""
DATE_TAG = "edat"
ASK_AGAIN_AFTER = timedelta(days=30)
TOLERANCE = 0.001
"""Part of a sum by which years may miss their span: PubMed grows while it is counted."""


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
        client: sends the requests.
        archive: keeps the answers.
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
    counts: list[tuple[bytes, Entry]] = []
    try:
        for name, query in queries.items():
            counts += _count_years(client, name, query, years)
    except KetumError as error:
        return (
            "PubMed's records by year could not be counted, so shares stay as they were: "
            f"{error.cause} The next update asks again."
        )
    for body, entry in counts:
        archive.note(run_id, {**entry, "object": archive.put(body)})
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


def _count_years(
    client: EutilsClient, denominator: str, query: str, years: range
) -> list[tuple[bytes, Entry]]:
    """For each year the answer and its line in the ledger, to which the stored body is added.

    Raises:
        KetumError: an answer is missing or was given to another question, or the years do not
            add up to their span.
    """
    span = _parameters(query, f"{years[0]}:{years[-1]}")
    whole, unknown = client.ask("esearch", span, read_count)
    counts: list[tuple[bytes, Entry]] = []
    for year in years:
        parameters = _parameters(query, f"{year}")
        body, count, phrases = client.ask("esearch", parameters, _with_body)
        if phrases != unknown:  # words of the topic may be unknown in all answers, a year in none
            raise _doubtful(f"PubMed did not understand {year}[{DATE_TAG}] ({denominator})")
        entry: Entry = {
            "kind": KIND,
            "denominator": denominator,
            "date_tag": DATE_TAG,
            "year": year,
            "tool": "esearch",
            "parameters": parameters,
            "received_at": client.clock.now().isoformat(),
            "bytes": len(body),
            "count": count,
        }
        counts.append((body, entry))
    parts = sum(entry["count"] for _, entry in counts)
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


# -- One tiny request to PubMed, to learn whether everything is right: `ketum doctor --live`
#
# EInfo (NLM, "E-utilities In-Depth", NBK25499) says how PubMed is built today; the headers of its
# answer say how many requests a second NCBI allows, and so whether it took the API key.

PARAMETERS = {"db": "pubmed", "version": "2.0"}
LIMIT_WITHOUT_KEY = 3
"""Requests a second NCBI allows an address without a key (NBK25497)."""


@dataclass(frozen=True)
class LiveAnswer:
    """What one EInfo request found out.

    Attributes:
        has_key: whether an API key was sent.
        seconds: how long it took, pacing and repetitions included.
        build: DbBuild, e.g. Build-2025.11.27.06.33.
        record_count: Count, the records PubMed holds.
        last_update: LastUpdate as printed, NLM's time.
        rate_limit: X-RateLimit-Limit, requests a second; None if the answer did not say.
        rate_remaining: X-RateLimit-Remaining; None if the answer did not say.
    """

    has_key: bool
    seconds: float
    build: str
    record_count: int
    last_update: str
    rate_limit: int | None
    rate_remaining: int | None

    def findings(self) -> list[tuple[str, str, bool]]:
        """For `ketum doctor`: (name, value, is it as it should be)."""
        return [
            ("PubMed", f"reachable, answered in {self.seconds:.1f} s", True),
            ("API key at NCBI", *self._key()),
            ("rate limit", _told(self.rate_limit, "requests a second"), True),
            ("rate remaining", _told(self.rate_remaining, "requests in this second"), True),
            ("PubMed build", self.build, True),
            ("PubMed records", str(self.record_count), True),
            ("PubMed updated", self.last_update, True),
        ]

    def _key(self) -> tuple[str, bool]:
        if not self.has_key:
            return "none sent", True
        if self.rate_limit is None:
            return "not refused; the answer names no limit", True
        if self.rate_limit <= LIMIT_WITHOUT_KEY:
            return "not refused, but the limit is that of requests without a key", False
        return "accepted", True


def ask_live(settings: Settings, clock: Clock) -> LiveAnswer:
    """Ask PubMed about itself, in one paced POST; nothing is written but the pace.

    Raises:
        SourceError: not reachable, refused, blocked, or no valid answer in time.
        ConfigurationError: NCBI says that the key is invalid.
    """
    client = EutilsClient(
        clock,
        pace_file=settings.pace_file,
        base_url=settings.eutils_url,
        email=settings.email,
        api_key=settings.api_key,
    )
    start = clock.monotonic()
    try:
        build, record_count, last_update = client.ask("einfo", PARAMETERS, read_info)
    except BlockedError:
        raise
    except SourceError as error:
        raise SourceError(
            error.cause,
            effect="Nothing changed; an update would end the same way.",
            next_step="check network, proxy and firewall, then `ketum doctor --live` again; "
            "`ketum update --offline` needs none of them.",
        ) from None
    limit, remaining = (_number(client.rate_headers.get(name)) for name in RATE_HEADERS)
    return LiveAnswer(
        has_key=settings.api_key is not None,
        seconds=clock.monotonic() - start,
        build=build,
        record_count=record_count,
        last_update=last_update,
        rate_limit=limit,
        rate_remaining=remaining,
    )


def read_info(body: bytes) -> tuple[str, int, str]:
    """DbBuild, Count and LastUpdate of an EInfo answer about PubMed.

    Raises:
        TransientAnswer: it is not a complete answer about PubMed.
    """
    root = xml_root(body)
    if errors := [(error.text or "").strip()[:200] for error in root.iter("ERROR")]:
        raise TransientAnswer(f"EInfo said {errors[0]!r}")
    count = root.findtext("DbInfo/Count", "")
    if root.findtext("DbInfo/DbName") != "pubmed" or not is_number(count):
        raise TransientAnswer("the answer was not about PubMed")
    return (
        root.findtext("DbInfo/DbBuild", "not given"),
        int(count),
        root.findtext("DbInfo/LastUpdate", "not given"),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and is_number(text) else None


def _told(number: int | None, of_what: str) -> str:
    return "not given" if number is None else f"{number} {of_what}"
