"""Ask PubMed which records match: the complete UID set of a query, or an error.

One ESearch gives at most 9,999 UIDs, with or without the history server. A larger set is
asked for in parts that cannot overlap: halves of the time of entry ([edat], one date a
record), and where a single day is too large, halves of the UID range. Never by date of
publication, which a record may have two of and thousands share. The parts must add up to
the whole, asked for before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from pipeline.errors import IncompleteError
from pipeline.pubmed.answers import PART, RECOUNT, WHOLE, WINDOW, Page, SearchAnswer, read_page
from pipeline.pubmed.client import UNCHANGED, EutilsClient
from pipeline.pubmed.verdict import TransientAnswer

DRIFT_TRIES = 3
"""How often a set that changes while it is read is read again."""
FIRST_DAY = date(1945, 1, 1)
"""Entry dates before it are rare; they are asked for as one part."""
LAST_UID = 99_999_999


def esearch(client: EutilsClient, query: str) -> SearchAnswer:
    """The complete set of PMIDs that match a query, whatever its size.

    Raises:
        SourceError: no valid answer in time.
        IncompleteError: the set changed each time it was read; nothing was kept.
    """
    for _ in range(DRIFT_TRIES):
        whole = ask_page(client, query, WHOLE)
        if whole.count <= WINDOW:
            return SearchAnswer.of([whole])
        parts = list(_parts(client, query, whole.count))
        recount = ask_page(client, query, RECOUNT, retmax=0)
        answer = SearchAnswer.of([whole, *parts, recount])
        counted = sum(part.count for part in parts if part.count <= WINDOW)
        if whole.count == counted == recount.count == len(answer.pmids):
            return answer
    raise IncompleteError(
        f"The search changed each of the {DRIFT_TRIES} times it was read: PubMed counted "
        f"{whole.count} records before and {recount.count} after, and its parts {counted}.",
        effect=UNCHANGED,
        next_step="run `ketum update` again; PubMed is best read at night in the US.",
    )


def ask_page(client: EutilsClient, query: str, role: str, *, retmax: int = 9_999) -> Page:
    """One ESearch from the first record on.

    Args:
        client: where to ask.
        query: the term.
        role: of the page, see `Page`.
        retmax: UIDs wanted; 0 asks for the count only.

    Raises:
        SourceError: no valid answer in time.
    """
    parameters = {
        "db": "pubmed", "term": query, "retmode": "xml", "retstart": "0", "retmax": str(retmax),
    }  # fmt: skip

    def check(body: bytes) -> Page:
        page = read_page(body, role, parameters, client.clock.now())
        if len(page.pmids) != min(page.count, retmax) and (page.count <= WINDOW or retmax == 0):
            raise TransientAnswer(
                f"ESearch counted {page.count} records and listed {len(page.pmids)}"
            )
        return page

    return client.ask("esearch", parameters, check)


def _parts(client: EutilsClient, query: str, count: int) -> Iterator[Page]:
    """Pages that cover a query of more records than one window, none twice."""
    first, last = FIRST_DAY.toordinal(), (client.clock.now().date() + timedelta(366)).toordinal()
    found = 0

    def days(low: int, high: int) -> str:
        return f"({query}) AND {_span(low, high)}"

    def one_day(day: int, of_day: int) -> Iterator[Page]:
        within = days(day, day)
        yield from _halves(
            client, lambda low, high: f"({within}) AND {low}:{high}[uid]", 1, LAST_UID, of_day
        )

    for page in _halves(client, days, first, last, count, one_day):
        found += page.count if page.count <= WINDOW else 0
        yield page
    if found < count:
        outside = f"({query}) NOT {_span(first, last)}"
        rest = ask_page(client, outside, PART)
        yield rest
        if rest.count > WINDOW:
            yield from _halves(
                client, lambda low, high: f"({outside}) AND {low}:{high}[uid]", 1, LAST_UID,
                rest.count,
            )  # fmt: skip


def _span(low: int, high: int) -> str:
    """Entry dates from one day to another, given as ordinals, both included."""
    return f"{date.fromordinal(low):%Y/%m/%d}:{date.fromordinal(high):%Y/%m/%d}[edat]"


def _halves(
    client: EutilsClient,
    term: Callable[[int, int], str],
    low: int,
    high: int,
    count: int,
    of_one: Callable[[int, int], Iterator[Page]] | None = None,
) -> Iterator[Page]:
    """Pages of a range too large for one window, halved until each part fits.

    What the second half holds follows from the first, so it is asked for only when it fits.

    Args:
        client: where to ask.
        term: the query for a part of the range, both ends included.
        low: first of the range.
        high: last of the range.
        count: records in the range.
        of_one: pages of a single value that exceeds the window, given that value and its count.
    """
    if low == high:
        if of_one is not None:
            yield from of_one(low, count)
        return
    middle = (low + high) // 2
    left = ask_page(client, term(low, middle), PART)
    yield left
    if left.count > WINDOW:
        yield from _halves(client, term, low, middle, left.count, of_one)
    rest = count - left.count
    if rest > WINDOW:
        yield from _halves(client, term, middle + 1, high, rest, of_one)
    elif rest > 0:
        yield ask_page(client, term(middle + 1, high), PART)
