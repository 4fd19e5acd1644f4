"""Records as NLM also writes them: books, bare records, odd dates, retractions.

Each case rewrites records that were asked for, under their own PMIDs, so that what a client
makes of them can be compared with the records as the archive has them. Forms after the survey
of real records and the DTD of 2025.
"""

from __future__ import annotations

from itertools import cycle

from lxml import etree

from pipeline.replay.faults.altering import (
    Element,
    add,
    altered_set,
    articles,
    child,
    drop_all,
    every_article,
    first_article,
)
from pipeline.replay.faults.case import FaultCase

_EFETCH = frozenset(("efetch",))
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


CASES = (
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
)  # fmt: skip
