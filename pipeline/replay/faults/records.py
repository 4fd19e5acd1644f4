"""Records as NLM also writes them, and sets of records that are not what was asked for.

Books, bare records, odd dates, retractions, odd ids; doctypes, entities, unknown elements around
them. Records may be missing, there twice, in another order. A case that rewrites a record that was
asked for leaves it its own PMID, so that what a client makes of it can be compared with the record
as the archive has it. Forms after the survey of real records and the DTD of 2025.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle

from lxml import etree

from pipeline.replay.answers import Cases, Exchange, Fault, Response, article_set

CASES = Cases(("efetch",))
case = CASES.add

# -- How a case changes a set of records

Element = etree._Element
Change = Callable[[Element], None]

SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def altered_set(change: Change) -> Fault:
    """A case that changes the PubmedArticleSet; an empty set or another answer stays as it is."""

    def apply(exchange: Exchange) -> Response:
        if not holds_records(exchange.right):
            return exchange.right
        root = etree.fromstring(exchange.right.body, SAFE)
        change(root)
        return as_xml(root)

    return apply


def every_article(change: Change) -> Fault:
    """A case that changes each PubmedArticle of the set."""

    def change_all(root: Element) -> None:
        for article in articles(root):
            change(article)

    return altered_set(change_all)


def first_article(change: Change) -> Fault:
    """A case that changes the first PubmedArticle of the set."""

    def change_first(root: Element) -> None:
        for article in articles(root)[:1]:
            change(article)

    return altered_set(change_first)


def articles(root: Element) -> list[Element]:
    """The articles of a set, without books and deletions."""
    return root.findall("PubmedArticle")


def holds_records(response: Response) -> bool:
    """Whether an answer is a PubmedArticleSet with something in it."""
    return b"<PubmedArticleSet><Pubmed" in response.body


def as_xml(root: Element) -> Response:
    """The tree as an answer, with the DOCTYPE it came with."""
    body = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
    return Response(body)


def drop_all(article: Element, path: str) -> None:
    """Take away what the path leads to."""
    for element in article.findall(path):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def add(article: Element, path: str, *pieces: str) -> None:
    """Append elements, written as XML, to the one the path leads to, if there is one."""
    parent = article.find(path)
    if parent is not None:
        parent.extend(etree.fromstring(piece) for piece in pieces)


def child(article: Element, path: str, name: str) -> Iterator[Element]:
    """The child of that name, made if it is missing; nothing if there is no parent."""
    parent = article.find(path)
    if parent is not None:
        found = parent.find(name)
        yield etree.SubElement(parent, name) if found is None else found


# -- Sets of records that are not what was asked for

_OWN_NUMBER = (
    "MedlineCitation/PMID",
    "BookDocument/PMID",
    "*/ArticleIdList/ArticleId[@IdType='pubmed']",
)


@case(14, "fewer-records", "The last record is missing, without a word")
@altered_set
def _drop_last(root: Element) -> None:
    root.remove(root[-1])


@case(14, "duplicate-records", "The first record comes twice")
@altered_set
def _repeat_first(root: Element) -> None:
    root.append(copy.deepcopy(root[0]))


@case(14, "other-order", "The records come in reverse order")
@altered_set
def _reverse(root: Element) -> None:
    for record in root.findall("*"):
        root.insert(0, record)


@case(
    15, "records-not-asked-for",
    "One record more, PMID 9, as if an id `42.9` had been read as 42 and 9",
)  # fmt: skip
@altered_set
def _add_other(root: Element) -> None:
    other = copy.deepcopy(root[0])
    for path in _OWN_NUMBER:
        for number in other.iterfind(path):
            number.text = "9"
    root.append(other)


case(15, "empty-set", "A set without a record, as for unknown PMIDs")(lambda _: article_set([]))


# -- Records, and what stands around them

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


@case(19, "book-record", "The first record comes as a PubmedBookArticle")
@first_article
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


@case(19, "delete-citation", "The set ends with a DeleteCitation (of PMID 9)")
@altered_set
def _delete_citation(root: Element) -> None:
    add(root, ".", '<DeleteCitation><PMID Version="1">9</PMID></DeleteCitation>')


@case(19, "bare-record", "No record has abstract, authors, electronic date, DOI or headings")
@every_article
def _strip(article: Element) -> None:
    for path in _OPTIONAL:
        drop_all(article, path)


@case(20, "date-zoo", "Issue dates in turn as ranges, seasons, numeric months and MedlineDate")
@altered_set
def _odd_dates(root: Element) -> None:
    for article, date in zip(articles(root), cycle(_PUB_DATES), strict=False):
        drop_all(article, f"{_ARTICLE}/Journal/JournalIssue/PubDate")
        add(article, f"{_ARTICLE}/Journal/JournalIssue", f"<PubDate>{date}</PubDate>")


@case(20, "electronic-year", "The first record went online in another year than its issue's")
@first_article
def _online_in_2001(article: Element) -> None:
    drop_all(article, f"{_ARTICLE}/ArticleDate")
    date = "<Year>2001</Year><Month>12</Month><Day>31</Day>"
    add(article, _ARTICLE, f'<ArticleDate DateType="Electronic">{date}</ArticleDate>')


@case(21, "back-dated-entry", "The first record's entry date (EDAT) is long before its CRDT")
@first_article
def _back_date(article: Element) -> None:
    date = "<Year>1999</Year><Month>1</Month><Day>1</Day>"
    drop_all(article, "PubmedData/History/PubMedPubDate[@PubStatus='pubmed']")
    pubmed = f'<PubMedPubDate PubStatus="pubmed">{date}</PubMedPubDate>'
    add(article, "PubmedData/History", pubmed)


@case(22, "retracted", "The first record is retracted, by a notice without a PMID")
@first_article
def _retract(article: Element) -> None:
    _add_type(article, "D016441", "Retracted Publication")
    _add_comment(article, "RetractionIn")


@case(
    22, "retraction-notice",
    "The first record is a notice, of the type's name of 2026 (Retraction Notice)",
)  # fmt: skip
@first_article
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


case(22, "expression-of-concern", "The first record has an expression of concern")(
    first_article(lambda article: _add_comment(article, "ExpressionOfConcernIn"))
)

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
_DOCTYPE = rb"<!DOCTYPE[^>]*>"
_TITLE_END = rb"</ArticleTitle>"


def _rewritten(pattern: bytes, new: str) -> Fault:
    """A case that replaces the first place where the pattern stands in a set of records."""

    def apply(exchange: Exchange) -> Response:
        right = exchange.right
        if not holds_records(right):
            return right
        body = re.sub(pattern, lambda _: new.encode(), right.body, count=1)
        return replace(right, body=body)

    return apply


case(23, "new-dtd", "The DOCTYPE names a DTD of a later year")(_rewritten(_DOCTYPE, _LATER))
case(23, "http-doctype", "The DOCTYPE names the DTD by http:, as in NLM's files")(
    _rewritten(_DOCTYPE, _HTTP)
)
case(23, "named-entity", "The first title ends with an entity only the DTD would define")(
    _rewritten(_TITLE_END, "&alpha;</ArticleTitle>")
)


@case(23, "external-entity", "The first title ends with an entity to be fetched")
def _external_entity(exchange: Exchange) -> Response:
    named = replace(exchange, right=_rewritten(_TITLE_END, "&outside;</ArticleTitle>")(exchange))
    return _rewritten(_DOCTYPE, _DECLARED)(named)


@case(23, "unknown-tag", "Every record has an element no DTD knows")
@every_article
def _unknown_tags(article: Element) -> None:
    add(article, "MedlineCitation", '<NewInALaterDtd Kind="x"><Part>1</Part></NewInALaterDtd>')


case(24, "reference-ids", "Every record lists a reference with PMID 1 and a DOI")(
    every_article(lambda article: add(article, "PubmedData", _REFERENCES))
)


@case(24, "malformed-doi", "The first record's DOI has an EDN behind it")
@first_article
def _malformed_doi(article: Element) -> None:
    drop_all(article, f"{_IDS}/ArticleId[@IdType='doi']")
    add(article, _IDS, _BAD_DOI)


@case(24, "orcid-forms", "The first record's authors have ORCIDs in four forms")
@first_article
def _orcids(article: Element) -> None:
    authors = "".join(
        f"<Author><LastName>Leaf</LastName><Initials>{initial}</Initials>"
        f'<Identifier Source="ORCID">{orcid}</Identifier></Author>'
        for initial, orcid in zip("ABCD", _ORCIDS, strict=True)
    )
    drop_all(article, f"{_ARTICLE}/AuthorList")
    add(article, _ARTICLE, f'<AuthorList CompleteYN="Y">{authors}</AuthorList>')


@case(24, "inline-markup", "The first record has italics, indices and MathML in its texts")
@first_article
def _mark_up(article: Element) -> None:
    for title in article.iterfind(f"{_ARTICLE}/ArticleTitle"):
        lead = etree.fromstring("<i>Mitragyna</i>")
        lead.tail = f" {title.text or ''}"
        title.text = None
        title.insert(0, lead)
    drop_all(article, f"{_ARTICLE}/Abstract")
    add(article, _ARTICLE, f"<Abstract>{_MARKED}</Abstract>")
