"""Records that need no parser: those that no search could match, and the dates they count by.

Parsing a record costs more than looking whether its bytes hold a phrase that every match needs.
A record is passed over only when it is certain that the parser could read it (its XML is
well-formed, and it has the one PMID, version and Article that the parser asks for) and that none
of the phrases stands in it. Whatever is in doubt goes to the parser: entities and character
references, comments, CDATA sections, instructions, invisible characters, other encodings, books,
and records long enough to break a limit. So reading through the sieve finds every record, deletion
and unreadable piece that reading everything finds (`tests/pubmed/test_sieve.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import re2
from lxml import etree

from pipeline.pubmed.parsing.attached import article_moment
from pipeline.pubmed.parsing.bytes import Head
from pipeline.pubmed.parsing.cutting import Cut
from pipeline.pubmed.parsing.dates import Part, partial_date, whole_date
from pipeline.pubmed.parsing.tables import LARGEST_SMALLINT, whole_number

LONGEST_PASSED = 256 * 1024
"""Bytes. Longer records may have more rows or text than the parser takes: it decides."""
_OTHER_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)")
"""A reference that is none of the five of XML."""
_INVISIBLE = (
    r"[\x{ad}\x{34f}\x{61c}\x{180b}-\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}"
    r"\x{2066}-\x{206f}\x{fe00}-\x{fe0f}\x{feff}]"
)
"""Characters that folding drops (`rules.patterns.fold`): a word may hold one."""
_IN_WORD = r"[A-Za-z0-9](?:<[^<>]*>)+[A-Za-z0-9]"
"""Mark-up inside a word, such as `kra<i>tom</i>`."""
_TAG = re.compile(rb"<[^<>]*>")
_INSTRUCTION = re.compile(rb"<\?[^<>?]*\?>")
"""One that is left out like a tag; NLM puts some into PubmedData."""

_BEGINS = r"\b"
"""Phrases stand where a word begins: `pain` is not in Spain, where many people work."""
_BETWEEN_WORDS = r"(?:[^A-Za-z0-9<>]|<[^<>]*>)+"

Block = frozenset[str]
"""Phrases of which any may make a record match a topic: lower-case ASCII letters and digits."""


class Passed(NamedTuple):
    """A record that no search can match, and that the parser could read."""

    pmid: int
    pmid_version: int


class Sieve:
    """Says of whole records whether they can be passed over."""

    def __init__(self, searches: Iterable[Sequence[Block]]) -> None:
        """Compile the phrases.

        Args:
            searches: of each search its topics, all of which a record must match.

        Raises:
            ValueError: a phrase has other characters than a match in raw bytes allows.
        """
        wanted = {frozenset(blocks) for blocks in searches}
        # the wider of two searches lets all through that the narrower one does
        wanted = {blocks for blocks in wanted if not any(other < blocks for other in wanted)}
        patterns = {block: _any_of(block) for blocks in wanted for block in blocks}
        self._searches = [
            [(_compiled(_BEGINS + patterns[block]), _compiled(patterns[block])) for block in blocks]
            for blocks in wanted
        ]
        self._invisible = _compiled(_INVISIBLE)
        self._in_word = _compiled(_IN_WORD)
        # most records hold none of all this: one pass over their bytes says so
        narrow = [min((patterns[block] for block in blocks), key=len) for blocks in wanted]
        begins = [_BEGINS + pattern for pattern in narrow]
        self._anything = _compiled("|".join([_INVISIBLE, _IN_WORD, *begins]))
        self._parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            collect_ids=False,
            remove_blank_text=True,
        )

    def passed(self, cut: Cut, head: Head) -> Passed | None:
        """The number of a record that can be passed over; None if the parser must see it."""
        opened = self.opened(cut, head)
        return opened[0] if opened else None

    def opened(self, cut: Cut, head: Head) -> tuple[Passed, etree._Element] | None:
        """As `passed`, with the record's elements; white space between them is dropped."""
        raw = cut.raw
        if (
            cut.name != "PubmedArticle"
            or not cut.is_ended
            or head.encoding != "utf-8"
            or len(raw) > LONGEST_PASSED
            or (b"!" in raw and b"<!" in raw)  # one byte is found many times faster than two
            or (b"?" in raw and raw.count(b"<?") != len(_INSTRUCTION.findall(raw)))
            or (b"&" in raw and _OTHER_ENTITY.search(raw))
            or (self._anything.search(raw) and self._may_match(raw))
        ):
            return None
        return self._read(raw)

    def _may_match(self, raw: bytes) -> bool:
        if self._invisible.search(raw):
            return True
        # without its tags the words of two elements may join: a phrase may begin anywhere then
        plain = _TAG.sub(b"", raw) if self._in_word.search(raw) else b""
        return any(
            all(begins.search(raw) or anywhere.search(plain) for begins, anywhere in blocks)
            for blocks in self._searches
        )

    def _read(self, raw: bytes) -> tuple[Passed, etree._Element] | None:
        """PMID, version and elements, if the parser would take the record; see `RecordReader`."""
        try:
            root = etree.fromstring(raw, self._parser)
        except etree.XMLSyntaxError:
            return None
        citations = list(root.iterchildren("MedlineCitation"))
        if len(citations) != 1 or len(list(citations[0].iterchildren("Article"))) > 1:
            return None
        pmids = list(citations[0].iterchildren("PMID"))
        if len(pmids) != 1 or len(pmids[0]):
            return None
        pmid = whole_number(pmids[0].text)
        version = whole_number(pmids[0].get("Version", "0"), LARGEST_SMALLINT)
        return (Passed(pmid, version), root) if pmid and version is not None else None


def _any_of(block: Block) -> str:
    for phrase in block:
        if not re.fullmatch(r"[a-z0-9]+( [a-z0-9]+)*", phrase):
            raise ValueError(f"{phrase!r} is not made of words of small letters and digits")
    patterns = [phrase.replace(" ", _BETWEEN_WORDS) for phrase in sorted(block)]
    return f"(?i:{'|'.join(patterns)})"


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.never_capture = True
    return re2.compile(pattern, options)


# -- The dates by which a record is counted, read without parsing it
#
# What is said here must be what `parsing` and `core.article_years` say of the same record. So only
# the usual shape is read: whatever stands in another order, twice, or holds more than text makes
# the answer None, and the record goes to the parser. The dates before the title are read from the
# bytes, where a pattern sees them in one go; those of the History from the elements, which the
# sieve has made to see that the record is well-formed.

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
    """The dates of a PubmedArticle; None if only the parser can tell them.

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
