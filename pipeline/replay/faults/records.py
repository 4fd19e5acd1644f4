"""Sets of records that are not what was asked for, and records as NLM also writes them.

Records missing, twice or in another order; books, bare records, odd dates and retractions;
doctypes, entities, unknown elements, odd ids. A case that rewrites a record that was asked for
leaves it its own PMID, so that what a client makes of it can be compared with the record as the
archive has it. Forms after the survey of real records and the DTD of 2025.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from itertools import cycle

from lxml import etree

from pipeline.replay.answers import Exchange, Response, article_set, as_json
from pipeline.replay.faults.case import (
    SAFE,
    Case,
    Element,
    FaultCase,
    add,
    altered_set,
    articles,
    as_xml,
    child,
    drop_all,
    every_article,
    first_article,
    holds_records,
)
from pipeline.replay.summaries import NO_SUMMARY

_EFETCH = frozenset(("efetch",))
_OWN_NUMBER = (
    "MedlineCitation/PMID",
    "BookDocument/PMID",
    "*/ArticleIdList/ArticleId[@IdType='pubmed']",
)


def _drop_last(root: Element) -> None:
    root.remove(root[-1])


def _repeat_first(root: Element) -> None:
    root.append(copy.deepcopy(root[0]))


def _reverse(root: Element) -> None:
    for record in root.findall("*"):
        root.insert(0, record)


def _add_other(root: Element) -> None:
    other = copy.deepcopy(root[0])
    for path in _OWN_NUMBER:
        for number in other.iterfind(path):
            number.text = "9"
    root.append(other)


def _error_for_first(exchange: Exchange) -> Response:
    if exchange.wants_json:
        said = json.loads(exchange.right.body)
        for uid in said.get("result", {}).get("uids", [])[:1]:
            said["result"][uid] = {"uid": uid, "error": NO_SUMMARY}
        return as_json(said)
    root = etree.fromstring(exchange.right.body, SAFE)
    for document in root.findall("DocumentSummarySet/DocumentSummary")[:1]:
        document[:] = []
        etree.SubElement(document, "error").text = NO_SUMMARY
    for document in root.findall("DocSum")[:1]:
        error = etree.Element("ERROR")
        error.text = f"UID={document.findtext('Id')}: {NO_SUMMARY}"
        root.replace(document, error)
    return as_xml(root)


_ARTICLE = "MedlineCitation/Article"
_OPTIONAL = (
    f"{_ARTICLE}/Abstract",
    f"{_ARTICLE}/AuthorList",
    f"{_ARTICLE}/ArticleDate",
    f"{_ARTICLE}/ELocationID",
    "MedlineCitation/MeshHeadingList",
    "PubmedData/ArticleIdList/ArticleId[@IdType='doi']",
)
_BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1"/><ArticleIdList>
<ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList><Book><Publisher>
<PublisherName>Test Publishing</PublisherName><PublisherLocation>Testville</PublisherLocation>
</Publisher><BookTitle book="test">A Book of Tests</BookTitle>
<PubDate><Year>2024</Year><Month>01</Month></PubDate></Book><ArticleTitle/>
<Language>eng</Language><Abstract><AbstractText>A chapter.</AbstractText></Abstract>
</BookDocument><PubmedBookData><History/><PublicationStatus>ppublish</PublicationStatus>
</PubmedBookData></PubmedBookArticle>"""
_PUB_DATES = (
    "<MedlineDate>1998 Dec-1999 Jan</MedlineDate>",
    "<Year>2019</Year><Season>Spring</Season>",
    "<Year>2019</Year><Month>07</Month><Day>04</Day>",
    "<MedlineDate>2018 May - Jun</MedlineDate>",
    "<MedlineDate>1947-1948</MedlineDate>",
    "<Year>2019</Year><Season>Winter-Spring</Season>",
    "<MedlineDate>2000 Spring</MedlineDate>",
    "<MedlineDate>2019</MedlineDate>",
)


def _into_book(article: Element) -> None:
    book = etree.fromstring(_BOOK)
    for path, text in (
        ("BookDocument/PMID", article.findtext("MedlineCitation/PMID")),
        ("BookDocument/ArticleTitle", article.findtext(f"{_ARTICLE}/ArticleTitle")),
    ):
        for element in book.iterfind(path):
            element.text = text
    parent = article.getparent()
    if parent is not None:
        parent.replace(article, book)


def _delete_citation(root: Element) -> None:
    add(root, ".", '<DeleteCitation><PMID Version="1">9</PMID></DeleteCitation>')


def _strip(article: Element) -> None:
    for path in _OPTIONAL:
        drop_all(article, path)


def _odd_dates(root: Element) -> None:
    for article, date in zip(articles(root), cycle(_PUB_DATES), strict=False):
        drop_all(article, f"{_ARTICLE}/Journal/JournalIssue/PubDate")
        add(article, f"{_ARTICLE}/Journal/JournalIssue", f"<PubDate>{date}</PubDate>")


def _online_in_2001(article: Element) -> None:
    drop_all(article, f"{_ARTICLE}/ArticleDate")
    date = "<Year>2001</Year><Month>12</Month><Day>31</Day>"
    add(article, _ARTICLE, f'<ArticleDate DateType="Electronic">{date}</ArticleDate>')


def _back_date(article: Element) -> None:
    date = "<Year>1999</Year><Month>1</Month><Day>1</Day>"
    drop_all(article, "PubmedData/History/PubMedPubDate[@PubStatus='pubmed']")
    pubmed = f'<PubMedPubDate PubStatus="pubmed">{date}</PubMedPubDate>'
    add(article, "PubmedData/History", pubmed)


def _retract(article: Element) -> None:
    _add_type(article, "D016441", "Retracted Publication")
    _add_comment(article, "RetractionIn")


def _into_notice(article: Element) -> None:
    _add_type(article, "D016440", "Retraction Notice")
    _add_comment(article, "RetractionOf")


def _add_type(article: Element, ui: str, name: str) -> None:
    for types in child(article, _ARTICLE, "PublicationTypeList"):
        add(types, ".", f'<PublicationType UI="{ui}">{name}</PublicationType>')


def _add_comment(article: Element, kind: str) -> None:
    source = "<RefSource>J Tests. 2026;7(1):1</RefSource>"
    for comments in child(article, "MedlineCitation", "CommentsCorrectionsList"):
        add(comments, ".", f'<CommentsCorrections RefType="{kind}">{source}</CommentsCorrections>')


_IDS = "PubmedData/ArticleIdList"
_HTTP_DTD = "http://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd"
_LATER = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2027//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_270101.dtd">'
)
_HTTP = f'<!DOCTYPE PubmedArticleSet SYSTEM "{_HTTP_DTD}">'
# Port 9 of this machine: whoever fetches the entity is refused, and nothing leaves the machine.
_DECLARED = _HTTP[:-1] + ' [<!ENTITY outside SYSTEM "http://127.0.0.1:9/outside">]>'
_REFERENCES = (
    "<ReferenceList><Reference><Citation>A work that this article cites.</Citation>"
    '<ArticleIdList><ArticleId IdType="pubmed">1</ArticleId>'
    '<ArticleId IdType="doi">10.9999/of-a-reference</ArticleId></ArticleIdList></Reference>'
    "</ReferenceList>"
)
_BAD_DOI = '<ArticleId IdType="doi">10.31857/S0026898424050076, EDN: HUNTKB</ArticleId>'
_ORCIDS = (
    "0000-0002-1825-0097",
    "https://orcid.org/0000-0002-1825-0097",
    "http://orcid.org/0000-0002-1825-0097",
    "0000000218250097",
)
_MARKED = (
    '<AbstractText>The <i>K</i><sub>i</sub> (<mml:math xmlns:mml="http://www.w3.org/1998/Math/'
    'MathML"><mml:msub><mml:mi>K</mml:mi><mml:mi>i</mml:mi></mml:msub></mml:math>) was 10<sup>'
    "-9</sup> M.</AbstractText>"
)


def _rewritten(pattern: bytes, new: str) -> Case:
    """A case that replaces the first place where the pattern stands in a set of records."""

    def apply(exchange: Exchange) -> Response:
        right = exchange.right
        if not holds_records(right):
            return right
        body = re.sub(pattern, lambda _: new.encode(), right.body, count=1)
        return replace(right, body=body)

    return apply


_DOCTYPE = rb"<!DOCTYPE[^>]*>"
_TITLE_END = rb"</ArticleTitle>"


def _external_entity(exchange: Exchange) -> Response:
    named = replace(exchange, right=_rewritten(_TITLE_END, "&outside;</ArticleTitle>")(exchange))
    return _rewritten(_DOCTYPE, _DECLARED)(named)


def _unknown_tags(article: Element) -> None:
    add(article, "MedlineCitation", '<NewInALaterDtd Kind="x"><Part>1</Part></NewInALaterDtd>')


def _malformed_doi(article: Element) -> None:
    drop_all(article, f"{_IDS}/ArticleId[@IdType='doi']")
    add(article, _IDS, _BAD_DOI)


def _orcids(article: Element) -> None:
    authors = "".join(
        f"<Author><LastName>Leaf</LastName><Initials>{initial}</Initials>"
        f'<Identifier Source="ORCID">{orcid}</Identifier></Author>'
        for initial, orcid in zip("ABCD", _ORCIDS, strict=True)
    )
    drop_all(article, f"{_ARTICLE}/AuthorList")
    add(article, _ARTICLE, f'<AuthorList CompleteYN="Y">{authors}</AuthorList>')


def _mark_up(article: Element) -> None:
    for title in article.iterfind(f"{_ARTICLE}/ArticleTitle"):
        lead = etree.fromstring("<i>Mitragyna</i>")
        lead.tail = f" {title.text or ''}"
        title.text = None
        title.insert(0, lead)
    drop_all(article, f"{_ARTICLE}/Abstract")
    add(article, _ARTICLE, f"<Abstract>{_MARKED}</Abstract>")


CASES = (
    FaultCase(
        14, "fewer-records", "The last record is missing, without a word", _EFETCH,
        altered_set(_drop_last),
    ),
    FaultCase(
        14, "duplicate-records", "The first record comes twice", _EFETCH,
        altered_set(_repeat_first),
    ),
    FaultCase(
        14, "other-order", "The records come in reverse order", _EFETCH, altered_set(_reverse)
    ),
    FaultCase(
        15, "records-not-asked-for",
        "One record more, PMID 9, as if an id `42.9` had been read as 42 and 9", _EFETCH,
        altered_set(_add_other),
    ),
    FaultCase(
        15, "empty-set", "A set without a record, as for unknown PMIDs", _EFETCH,
        lambda _: article_set([]),
    ),
    FaultCase(
        16, "summary-error", "An error in place of the first document, with status 200",
        frozenset(("esummary",)), _error_for_first,
    ),
    FaultCase(
        19, "book-record", "The first record comes as a PubmedBookArticle", _EFETCH,
        first_article(_into_book),
    ),
    FaultCase(
        19, "delete-citation", "The set ends with a DeleteCitation (of PMID 9)", _EFETCH,
        altered_set(_delete_citation),
    ),
    FaultCase(
        19, "bare-record", "No record has abstract, authors, electronic date, DOI or headings",
        _EFETCH, every_article(_strip),
    ),
    FaultCase(
        20, "date-zoo", "Issue dates in turn as ranges, seasons, numeric months and MedlineDate",
        _EFETCH, altered_set(_odd_dates),
    ),
    FaultCase(
        20, "electronic-year", "The first record went online in another year than its issue's",
        _EFETCH, first_article(_online_in_2001),
    ),
    FaultCase(
        21, "back-dated-entry", "The first record's entry date (EDAT) is long before its CRDT",
        _EFETCH, first_article(_back_date),
    ),
    FaultCase(
        22, "retracted", "The first record is retracted, by a notice without a PMID", _EFETCH,
        first_article(_retract),
    ),
    FaultCase(
        22, "retraction-notice",
        "The first record is a notice, of the type's name of 2026 (Retraction Notice)", _EFETCH,
        first_article(_into_notice),
    ),
    FaultCase(
        22, "expression-of-concern", "The first record has an expression of concern", _EFETCH,
        first_article(lambda article: _add_comment(article, "ExpressionOfConcernIn")),
    ),
    FaultCase(
        23, "new-dtd", "The DOCTYPE names a DTD of a later year", _EFETCH,
        _rewritten(_DOCTYPE, _LATER),
    ),
    FaultCase(
        23, "http-doctype", "The DOCTYPE names the DTD by http:, as in NLM's files", _EFETCH,
        _rewritten(_DOCTYPE, _HTTP),
    ),
    FaultCase(
        23, "named-entity", "The first title ends with an entity only the DTD would define",
        _EFETCH, _rewritten(_TITLE_END, "&alpha;</ArticleTitle>"),
    ),
    FaultCase(
        23, "external-entity", "The first title ends with an entity to be fetched", _EFETCH,
        _external_entity,
    ),
    FaultCase(
        23, "unknown-tag", "Every record has an element no DTD knows", _EFETCH,
        every_article(_unknown_tags),
    ),
    FaultCase(
        24, "reference-ids", "Every record lists a reference with PMID 1 and a DOI", _EFETCH,
        every_article(lambda article: add(article, "PubmedData", _REFERENCES)),
    ),
    FaultCase(
        24, "malformed-doi", "The first record's DOI has an EDN behind it", _EFETCH,
        first_article(_malformed_doi),
    ),
    FaultCase(
        24, "orcid-forms", "The first record's authors have ORCIDs in four forms", _EFETCH,
        first_article(_orcids),
    ),
    FaultCase(
        24, "inline-markup", "The first record has italics, indices and MathML in its texts",
        _EFETCH, first_article(_mark_up),
    ),
)  # fmt: skip
