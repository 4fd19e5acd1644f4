"""The dates by which a record is counted, read without parsing it.

What is said here must be what `parsing` and `core.article_years` say of the same record. So only
the usual shape is read: whatever stands in another order, twice, or holds more than text makes the
answer None, and the record goes to the parser. The dates before the title are read from the bytes,
where a pattern sees them in one go; those of the History from the elements, which the sieve has
made to see that the record is well-formed.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from pipeline.pubmed.parsing.attached import article_moment
from pipeline.pubmed.parsing.dates import Part, partial_date, whole_date

_FIELDS = rb"((?:\s*<\w+>[^<&]*</\w+>)*)\s*"
_HEAD = re.compile(
    rb"<PubmedArticle>\s*<MedlineCitation [^<>]*>\s*<PMID[^<>]*>[^<]*</PMID>\s*"
    rb"(?:<DateCompleted>" + _FIELDS + rb"</DateCompleted>\s*)?"
    rb"<DateRevised>" + _FIELDS + rb"</DateRevised>\s*"
    rb"<Article [^<>]*>\s*<Journal>\s*(?:<ISSN [^<>]*>[^<]*</ISSN>\s*)?<JournalIssue [^<>]*>\s*"
    rb"(?:<Volume>[^<]*</Volume>\s*)?(?:<Issue>[^<]*</Issue>\s*)?"
    rb"<PubDate>" + _FIELDS + rb"</PubDate>"
)
"""The beginning of a record up to its date of publication: these elements alone, in this order."""
_FIELD = re.compile(rb"<(\w+)>([^<]*)</\w+>")


class RecordDates(NamedTuple):
    """The dates of a record.

    Attributes:
        revised: DateRevised, which decides between copies of one version.
        entered: NLM's Entry Date (History pubmed, EDAT).
        year: of the journal issue, else of the electronic publication.
    """

    revised: date | None
    entered: date | None
    year: int | None


def dates_of(raw: bytes, record: etree._Element) -> RecordDates | None:
    """The dates of a PubmedArticle; None if the parser must say them.

    Args:
        raw: its bytes, in UTF-8, without comments and CDATA sections.
        record: its elements.
    """
    head = _HEAD.match(raw)
    if head is None:
        return None
    revised, year = _revised(head[2]), _year(head[3])
    if revised is None or year is None:  # then another element may say it
        return None
    data = record[-1]
    if len(record) != 2 or data.tag != "PubmedData" or not len(data):
        return None
    history, *others = data
    if history.tag != "History" or any(other.tag == "History" for other in others):
        return None
    entered: date | None = None
    for event in history:
        if event.get("PubStatus") == "pubmed":
            if event.tag != "PubMedPubDate" or entered is not None or any(map(len, event)):
                return None
            parts = tuple([(part.tag, part.text or "") for part in event])
            moment = article_moment(parts)[1]
            if moment is None:
                return None
            entered = moment.date()
    return RecordDates(revised, entered, year)


@lru_cache(maxsize=65_536)
def _year(fields: bytes) -> int | None:
    return partial_date(_parts(fields)).year


@lru_cache(maxsize=16_384)
def _revised(fields: bytes) -> date | None:
    return whole_date(_parts(fields))


def _parts(fields: bytes) -> tuple[Part, ...]:
    """The children of a date element, as (tag, text)."""
    return tuple((tag.decode(), text.decode()) for tag, text in _FIELD.findall(fields))
