"""The regular parts of a record, read straight from its bytes: a short cut, never a guess.

Nine elements in ten of a PubMed file stand in four lists of fixed shape: authors, keywords,
history and references. Where such a list has exactly the shape NLM prints, the patterns
here read it and it is left out of what lxml parses, which halves the time of a file. Each
pattern allows only markup it understands; anything else (mark-up in a name, an unknown
attribute or value, a comment, a numeric entity) leaves the list, or the one author, to lxml
and the general readers. Both ways give the same rows: `tests/pubmed/test_records_regular.py`.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from pipeline.pubmed.record_context import PUB_STATUSES, Context
from pipeline.pubmed.record_people import orcid, read_people
from pipeline.pubmed.record_pubmed_data import article_moment, cited_pmid
from pipeline.pubmed.record_tables import Row

_S = r"\n? *"  # what NLM prints between tags; anything else is not regular
_AUTHOR = re.compile(
    rf'{_S}<Author ValidYN="([YN])"(?: EqualContrib="([YN])")?>{_S}'
    rf"<LastName>([^<]*)</LastName>{_S}"
    rf"(?:<ForeName>([^<]*)</ForeName>{_S})?(?:<Initials>([^<]*)</Initials>{_S})?"
    rf"(?:<Suffix>([^<]*)</Suffix>{_S})?"
    rf"(?:<AffiliationInfo>{_S}<Affiliation>([^<]*)</Affiliation>{_S}</AffiliationInfo>{_S})?"
    r"(.*)",
    re.S,
)
_AUTHOR_TAIL = re.compile(
    rf'<(?:Identifier Source="(\w+)">([^<]*)</Identifier>|AffiliationInfo>{_S}'
    rf"<Affiliation>([^<]*)</Affiliation>{_S}</AffiliationInfo>){_S}"
)
_KEYWORD = re.compile(r'<Keyword MajorTopicYN="([YN])">([^<]*)</Keyword>')
_KEYWORD_LIST = re.compile(rb'<KeywordList Owner="(NOTNLM|NLM|NASA|PIP|KIE|HHS|NLM-AUTO)">')
_REFERENCE = re.compile(
    rf"{_S}<Reference>{_S}<Citation>([^<]*)</Citation>{_S}(?:<ArticleIdList>{_S}"
    rf"((?:<ArticleId IdType=\"(?:pubmed|doi|pmc|pii)\">[^<]*</ArticleId>{_S})+)"
    rf"</ArticleIdList>{_S})?"
)
_ARTICLE_ID = re.compile(r'<ArticleId IdType="(\w+)">([^<]*)</ArticleId>')
_LIST_START = re.compile(rf"{_S}<ReferenceList>{_S}(?:<Title>([^<]*)</Title>{_S})?")
_EVENT = re.compile(
    rf'{_S}<PubMedPubDate PubStatus="([\w-]+)">{_S}<Year>(\d+)</Year>{_S}<Month>(\d+)</Month>'
    rf"{_S}<Day>(\d+)</Day>{_S}(?:<Hour>(\d+)</Hour>{_S}<Minute>(\d+)</Minute>{_S}"
    rf"(?:<Second>(\d+)</Second>{_S})?)?",
    re.ASCII,
)
_EVENT_PARTS = ("Year", "Month", "Day", "Hour", "Minute", "Second")
_ODD_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_NOT_PLAIN = bytes([*range(9), 11, 12, 13, *range(14, 32)])
_NOT_CHARACTERS = ("\ufffe", "\uffff")
_END = b"</PubmedArticle>"
_YES_NO = {"Y": True, "N": False, "": None}

Event = tuple[str, str, Any]
Tail = tuple[list[str], str | None, list[str | None]]


class NotRegularError(Exception):
    """This part is not of the usual shape; lxml reads it."""


def take_regular_parts(context: Context, raw: bytes) -> bytes:
    """Add the rows of the regular lists of a PubmedArticle, and give back the rest of it.

    Args:
        context: at the beginning of this record.
        raw: the bytes of the record, UTF-8.

    Returns:
        A PubmedArticle without the lists that have been read, for lxml.
    """
    if _has_anything_unusual(raw):
        return raw
    data = raw.find(b"<PubmedData>")
    if data < 0 or not raw.endswith(_END):
        return raw
    body = _without_people(context, raw[:data])
    body = _without_keywords(context, body)
    return b"".join((body, *_without_lists(context, raw[data:])))


def _has_anything_unusual(raw: bytes) -> bool:
    """Comments, CDATA, instructions and control characters change what the bytes mean."""
    if raw.find(b"!") >= 0 and b"<!" in raw:
        return True
    if raw.find(b"?") >= 0 and b"<?" in raw:
        return True
    return len(raw.translate(None, _NOT_PLAIN)) != len(raw)


def _decoded(block: bytes) -> str:
    """The text of a block whose characters and entities are all plain.

    Raises:
        NotRegularError: they are not.
    """
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotRegularError from error
    if not text.isascii() and (_NOT_CHARACTERS[0] in text or _NOT_CHARACTERS[1] in text):
        raise NotRegularError
    if ("]" in text and "]]>" in text) or ("&" in text and _ODD_ENTITY.search(text)):
        raise NotRegularError
    return text


def plain(text: str) -> str | None:
    """Text with the five entities of XML resolved; None when empty."""
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        return text.replace("&apos;", "'").replace("&amp;", "&")
    return text or None


def _block(raw: bytes, start: bytes, end: bytes) -> tuple[int, int]:
    """Where a list that stands once begins and ends; (-1, -1) if it does not."""
    begin = raw.find(start)
    if begin < 0 or raw.find(start, begin + 1) >= 0:
        return -1, -1
    stop = raw.find(end, begin)
    return (begin, stop + len(end)) if stop >= 0 else (-1, -1)


def _without_people(context: Context, raw: bytes) -> bytes:
    begin, stop = _block(raw, b"<AuthorList", b"</AuthorList>")
    if begin < 0:
        return raw
    if raw.startswith(b'<AuthorList CompleteYN="Y">', begin):
        is_complete = True
    elif raw.startswith(b'<AuthorList CompleteYN="N">', begin):
        is_complete = False
    else:
        return raw
    try:
        *people, after = _decoded(raw[begin + 27 : stop - 13]).split("</Author>")
    except NotRegularError:
        return raw
    if after.strip(" \n\t"):
        return raw
    rows: list[Row] = []
    affiliations: list[Row] = []
    record_no = context.record_no
    for number, text in enumerate(people, 1):
        found = _AUTHOR.match(text)
        if found is None:
            if not _one_author(context, text, number, rows, affiliations):
                context.restore_tally()
                return raw
            continue
        valid, equal, last, fore, initials, suffix, place, tail_text = found.groups()
        identifiers: list[str] = []
        orcid_found: str | None = None
        place_no = 0
        if "&" in text:
            last, fore, initials, suffix, place = [
                plain(part) if part else part for part in (last, fore, initials, suffix, place)
            ]
        if place is not None:
            place_no = 1
            affiliations.append((record_no, number, 1, place or None, []))
        if tail_text:
            tail = _author_tail(tail_text)
            if tail is None:
                if place_no:
                    affiliations.pop()
                if not _one_author(context, text, number, rows, affiliations):
                    context.restore_tally()
                    return raw
                continue
            identifiers, orcid_found, places = tail
            for next_place in places:
                place_no += 1
                affiliations.append((record_no, number, place_no, next_place, []))
        rows.append(
            (
                record_no,
                number,
                "author",
                last or None,
                fore or None,
                initials or None,
                suffix or None,
                None,
                orcid_found,
                identifiers,
                valid == "Y",
                None if equal is None else equal == "Y",
            )
        )
    context.tables["authors"] += rows
    context.tables["affiliations"] += affiliations
    context.set("is_author_list_complete", is_complete)
    return raw[:begin] + raw[stop:]


def _author_tail(text: str) -> Tail | None:
    """Identifiers and affiliations of an author; None when of another shape."""
    identifiers: list[str] = []
    places: list[str | None] = []
    orcid_found = None
    tags = 0
    for source, value, place in _AUTHOR_TAIL.findall(text):
        if source:
            tags += 2
            value = plain(value) or ""
            identifiers.append(f"{source}: {value}")
            if source == "ORCID" and orcid_found is None:
                orcid_found = orcid(value)
        else:
            tags += 4
            places.append(plain(place))
    return (identifiers, orcid_found, places) if text.count("<") == tags else None


def _one_author(
    context: Context, text: str, number: int, rows: list[Row], affiliations: list[Row]
) -> bool:
    """An author of another shape (a group, mark-up in the name), by lxml."""
    context.keep_tally()
    lone = Context(context.tally, context.vocabulary)
    lone.begin(context.record_no)
    try:
        people = etree.fromstring(f"<AuthorList>{text}</Author></AuthorList>", _PARSER)
    except etree.XMLSyntaxError:
        return False
    read_people(lone, people, "Author", "author", context.vocabulary.author)
    for row in lone.tables["authors"]:
        rows.append((row[0], number, *row[2:]))
    for row in lone.tables["affiliations"]:
        affiliations.append((row[0], number, *row[2:]))
    return len(lone.tables["authors"]) == 1


def _without_keywords(context: Context, raw: bytes) -> bytes:
    begin, stop = _block(raw, b"<KeywordList", b"</KeywordList>")
    if begin < 0 or not (start := _KEYWORD_LIST.match(raw, begin)):
        return raw
    try:
        text = _decoded(raw[start.end() : stop - 14])
    except NotRegularError:
        return raw
    found = _KEYWORD.findall(text)
    if text.count("<") != 2 * len(found):
        return raw
    number, owner = context.record_no, start[1].decode()
    context.tables["keywords"] += [
        (number, position, owner, (plain(word) or "") if "&" in word else word, major == "Y")
        for position, (major, word) in enumerate(found, 1)
    ]
    return raw[:begin] + raw[stop:]


def _without_lists(context: Context, raw: bytes) -> tuple[bytes, ...]:
    """PubmedData without its History and references."""
    try:
        kept = _without_history(context, raw)
        start = kept.find(b"<ReferenceList>")
        end = kept.find(b"</PubmedData>")
        if start < 0 or end < start:
            return (kept,)
        try:
            context.tables["cited_references"] += _references(context, kept[start:end])
        except NotRegularError:
            return (kept,)
        return kept[:start], kept[end:]
    except NotRegularError:
        return (raw,)


def _without_history(context: Context, raw: bytes) -> bytes:
    begin, stop = _block(raw, b"<History>", b"</History>")
    if begin < 0:
        return raw
    *events, after = raw[begin + 9 : stop - 10].split(b"</PubMedPubDate>")
    if after.strip(b" \n\t"):
        return raw
    memo, number = context.events, context.record_no
    rows: list[Row] = []
    for position, event in enumerate(events, 1):
        known = memo.get(event)
        if known is None:
            known = _event(event)
            if known is None:
                return raw
            if len(memo) < 50_000:
                memo[event] = known
        rows.append((number, position, *known))
    context.tables["history_dates"] += rows
    return raw[:begin] + raw[stop:]


def _event(block: bytes) -> Event | None:
    found = _EVENT.fullmatch(block.decode("utf-8", "replace"))
    if not found or found[1] not in PUB_STATUSES:
        return None
    values = zip(_EVENT_PARTS, found.groups()[1:], strict=True)
    return found[1], *article_moment(tuple([(tag, text) for tag, text in values if text]))


def _references(context: Context, block: bytes) -> list[Row]:
    """The rows of the reference lists of an article, none of them nested.

    Raises:
        NotRegularError: one of them is of another shape.
    """
    number, record_no = 0, context.record_no
    rows: list[Row] = []
    *lists, after = _decoded(block).split("</ReferenceList>")
    if after.strip(" \n\t"):
        raise NotRegularError
    for text in lists:
        start = _LIST_START.match(text)
        if not start:
            raise NotRegularError
        title = plain(start[1]) if start[1] else None
        *references, after = text[start.end() :].split("</Reference>")
        if after.strip(" \n\t"):
            raise NotRegularError
        for reference in references:
            found = _REFERENCE.fullmatch(reference)
            if not found:
                raise NotRegularError
            number += 1
            citation, ids = found.groups()
            if "&" in citation:
                citation = plain(citation)
            rows.append((record_no, number, title, citation or None, *_cited(ids)))
    return rows


def _cited(text: str | None) -> tuple[int | None, str | None, str | None, list[str]]:
    pmid = doi = pmc = None
    others: list[str] = []
    if text:
        for kind, value in _ARTICLE_ID.findall(text):
            value = plain(value) or ""
            if kind == "pubmed" and pmid is None and (number := cited_pmid(value)):
                pmid = number
            elif kind == "doi" and doi is None and value:
                doi = value
            elif kind == "pmc" and pmc is None and value:
                pmc = value
            elif value or kind == "pii":
                others.append(f"{kind}: {value}")
    return pmid, doi, pmc, others


_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, collect_ids=False
)
