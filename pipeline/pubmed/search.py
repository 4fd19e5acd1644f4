"""Ask PubMed which records match: the complete UID set of a query, or an error.

One ESearch gives at most 9,999 UIDs, with or without the history server. A larger set is asked for
in parts that cannot overlap: halves of the time of entry ([edat], one date a record), and where a
single day is too large, halves of the UID range. Never by date of publication: a record may have
two of them, and thousands share one. The parts must add up to the whole, asked for before and
after.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lxml import etree

from pipeline.errors import IncompleteError
from pipeline.pubmed.client import UNCHANGED, EutilsClient
from pipeline.pubmed.verdict import TransientAnswer, check_words, errors_in, xml_root

# -- Answers: pages known to be whole, the set they add up to, how the query was read
#
# PubMed drops words and fields it does not know and still answers (QueryTranslation shows what was
# left), and a MeSH year adds narrower headings. The first must stop a run; the second makes a
# search grow.

WINDOW = 9_998
"""ESearch on PubMed cannot page past this many records, with or without history."""
WHOLE, PART, RECOUNT = "whole", "part", "recount"
FIRST, SAME, GROWN, ACCEPTED = "first", "same", "grown", "accepted"
"""How PubMed read a query, compared with the last time (ops.searches.translation_status)."""

_TERM = re.compile(r'"[^"]*"(?:\[[^\]]*\])?|[^\s()"\[\]]+(?:\s*\[[^\]]*\])?')
_OPERATORS = frozenset(("AND", "OR", "NOT"))
_NO_LOSS = ("OutputMessage: Restrictions achieved", "OutputMessage: No items found")
"""Notices of paging and of an empty answer: they change nothing about the query."""


@dataclass(frozen=True)
class Page:
    """One ESearch answer.

    Attributes:
        role: whole (the query itself), part (of a larger set) or recount.
        parameters: as sent, without identity.
        received_at: naive UTC.
        count: records found.
        pmids: UIDs given, ascending; all of them unless `count` exceeds the window.
        query_translation: QueryTranslation, verbatim.
        warnings: ErrorList and WarningList entries as `kind: text`.
        body: the answer as it came.
    """

    role: str
    parameters: dict[str, str]
    received_at: datetime
    count: int
    pmids: tuple[int, ...]
    query_translation: str
    warnings: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class SearchAnswer:
    """The complete answer to one query.

    Attributes:
        pmids: every UID, ascending.
        query_translation: QueryTranslation of the query itself, verbatim.
        warnings: ErrorList and WarningList entries of the query itself, as `kind: text`.
        pages: the ESearch answers it consists of, in the order they came.
    """

    pmids: tuple[int, ...]
    query_translation: str
    warnings: tuple[str, ...]
    pages: tuple[Page, ...]

    @classmethod
    def of(cls, pages: Iterable[Page]) -> SearchAnswer:
        """The answer that pages add up to (a replay of what `esearch` collected)."""
        pages = tuple(pages)
        whole = next(page for page in pages if page.role == WHOLE)
        parts = [whole] if whole.count <= WINDOW else [p for p in pages if p.role == PART]
        pmids = {pmid for page in parts if page.count <= WINDOW for pmid in page.pmids}
        return cls(tuple(sorted(pmids)), whole.query_translation, whole.warnings, pages)


def answer_root(body: bytes) -> etree._Element:
    """The root of an ESearch answer.

    Raises:
        TransientAnswer, PermanentAnswer: it is another document, cut, or an ERROR.
    """
    root = xml_root(body)
    if errors := errors_in(root):
        check_words(errors)
    if root.tag != "eSearchResult":
        raise TransientAnswer(f"the search answer was a {root.tag}")
    return root


def read_page(body: bytes, role: str, parameters: dict[str, str], received_at: datetime) -> Page:
    """An ESearch body in XML.

    Raises:
        TransientAnswer, PermanentAnswer: it is another document, cut, or an ERROR.
    """
    root = answer_root(body)
    count, ids = root.findtext("Count"), root.find("IdList")
    uids = [uid.text or "" for uid in ids.iter("Id")] if ids is not None else []
    if not is_number(count) or ids is None or not all(map(is_number, uids)):
        raise TransientAnswer("the search answer lacks its count or its ids")
    if root.findtext("RetStart") not in ("0", None):
        raise TransientAnswer("the search answer began at another place than asked for")
    return Page(
        role,
        parameters,
        received_at,
        int(count or 0),
        tuple(sorted({int(uid) for uid in uids})),
        root.findtext("QueryTranslation") or "",
        tuple(_warnings(root)),
        body,
    )


def is_number(text: str | None) -> bool:
    """Whether a text is a number as PubMed's are: a few ASCII digits."""
    return text is not None and text.isascii() and text.isdecimal() and len(text) < 10


def _warnings(root: etree._Element) -> Iterator[str]:
    for part in ("ErrorList", "WarningList"):
        for entry in root.iterfind(f"{part}/*"):
            if isinstance(entry.tag, str):  # a comment has none
                yield f"{entry.tag}: {''.join(map(str, entry.itertext())).strip()}"


@dataclass(frozen=True)
class Comparison:
    """Two translations of one query.

    Attributes:
        dropped: terms with their fields that are no longer there.
        added: terms with their fields that are new.
        is_restructured: other ANDs or NOTs hold the terms together.
    """

    dropped: tuple[str, ...]
    added: tuple[str, ...]
    is_restructured: bool

    @property
    def is_same(self) -> bool:
        return not (self.dropped or self.added or self.is_restructured)


def compare(before: str, after: str) -> Comparison:
    """What changed from one QueryTranslation to another; case, brackets, order do not count."""
    old, new = _terms(before), _terms(after)
    return Comparison(
        tuple(sorted(old.keys() - new.keys() - _OPERATORS)),
        tuple(sorted(new.keys() - old.keys() - _OPERATORS)),
        any(old[operator] != new[operator] for operator in ("AND", "NOT")),
    )


def lost_words(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """The warnings of an answer that say a word, phrase or field was left out or changed."""
    return tuple(text for text in warnings if not text.startswith(_NO_LOSS))


def _terms(translation: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for match in _TERM.findall(translation):
        found[match if match in _OPERATORS else re.sub(r"\s+", " ", match).lower()] += 1
    return found


# -- Asking, in parts where a search is large

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

    def by_uid(within: str, of_these: int) -> Iterator[Page]:
        return _halves(
            client, lambda low, high: f"({within}) AND {low}:{high}[uid]", 1, LAST_UID, of_these
        )

    def one_day(day: int, of_day: int) -> Iterator[Page]:
        return by_uid(days(day, day), of_day)

    for page in _halves(client, days, first, last, count, one_day):
        found += page.count if page.count <= WINDOW else 0
        yield page
    if found < count:
        outside = f"({query}) NOT {_span(first, last)}"
        rest = ask_page(client, outside, PART)
        yield rest
        if rest.count > WINDOW:
            yield from by_uid(outside, rest.count)


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
