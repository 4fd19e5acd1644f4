"""What ESummary says of one PubMed record.

Names and order after the answers of ESummary 2.0 for db=pubmed (DTD esummary pubmed 20160808).
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from pipeline.replay.reading import PARSER, Element, issue_date, text_of, texts_of

Document = dict[str, Any]
"""Texts, lists of texts and lists of such documents by their names in XML 2.0, in NCBI's order."""

_STATUS = {
    "MEDLINE": "PubMed - indexed for MEDLINE",
    "OLDMEDLINE": "PubMed - OLDMEDLINE",
    "Publisher": "PubMed - as supplied by publisher",
    "In-Process": "PubMed - in process",
    "In-Data-Review": "PubMed - in process",
}
# The numbers of NCBI's type PubStatus.
_PUBLICATION = {"epublish": "3", "ppublish": "4", "aheadofprint": "10"}
_ID_TYPES = {"pubmed": 1, "doi": 3, "pii": 4, "pmcid": 5}
_OTHER_ID = 8
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EMPTY = (
    "SrcContribList", "BookTitle", "Medium", "Edition", "PublisherLocation", "PublisherName",
    "SrcDate", "ReportNumber", "AvailableFromURL", "LocationLabel", "DocContribList", "DocDate",
    "BookName", "Chapter",
)  # fmt: skip


def read_document(raw: bytes) -> Document:
    """The summary of one PubmedArticle or PubmedBookArticle.

    Raises:
        lxml.etree.XMLSyntaxError: if the bytes are not one well-formed element.
    """
    root = etree.fromstring(raw, PARSER)
    is_book = root.tag == "PubmedBookArticle"
    # A book has under BookDocument what an article has in two places.
    citation = _or_empty(root.find("BookDocument" if is_book else "MedlineCitation"))
    article = citation if is_book else _or_empty(citation.find("Article"))
    data = _or_empty(root.find("PubmedBookData" if is_book else "PubmedData"))
    journal = _or_empty(article.find("Journal"))
    issued = (article if is_book else journal).find("Book/PubDate" if is_book else "*/PubDate")
    authors = [_name(author) for author in article.iterfind("AuthorList/Author")]
    title = _first(article, "ArticleTitle") or _first(article, "Book/BookTitle")
    document: Document = {
        "PubDate": _pub_date(issued),
        "EPubDate": _pub_date(article.find("ArticleDate")),
        "Source": _first(citation, "MedlineJournalInfo/MedlineTA"),
        "Authors": [{"Name": name, "AuthType": "Author", "ClusterID": ""} for name in authors],
        "LastAuthor": authors[-1] if authors else "",
        "Title": title,
        "SortTitle": re.sub(r"^\W+", "", title).lower(),
        "Volume": _first(journal, "JournalIssue/Volume"),
        "Issue": _first(journal, "JournalIssue/Issue"),
        "Pages": _first(article, "Pagination/MedlinePgn"),
        "Lang": texts_of(article, "Language"),
        "NlmUniqueID": _first(citation, "MedlineJournalInfo/NlmUniqueID"),
        "ISSN": _first(journal, "ISSN[@IssnType='Print']"),
        "ESSN": _first(journal, "ISSN[@IssnType='Electronic']"),
        "PubType": texts_of(article, "PublicationTypeList/PublicationType")
        or texts_of(article, "PublicationType"),
        "RecordStatus": _STATUS.get(citation.get("Status", ""), "PubMed"),
        "PubStatus": _PUBLICATION.get(_first(data, "PublicationStatus"), ""),
        "ArticleIds": _article_ids(citation if is_book else data, _first(citation, "PMID")),
        "History": [
            {"PubStatus": date.get("PubStatus", ""), "Date": _moment(date)}
            for date in data.iterfind("History/PubMedPubDate")
        ],
        "References": _references(citation),
        "Attributes": ["Has Abstract"] if article.find("Abstract") is not None else [],
        "PmcRefCount": "",
        "FullJournalName": _first(journal, "Title"),
        "ELocationID": " ".join(
            f"{place.get('EIdType')}: {text_of(place)}" for place in article.iterfind("ELocationID")
        ),
        "DocType": "chapter" if is_book else "citation",
    }
    document.update({name: [] if name.endswith("List") else "" for name in _EMPTY})
    for name, path in (
        ("BookTitle", "Book/BookTitle"),
        ("PublisherLocation", "Book/Publisher/PublisherLocation"),
        ("PublisherName", "Book/Publisher/PublisherName"),
    ):
        document[name] = _first(article, path)
    day = None if issued is None else issue_date(issued)
    return document | {
        "SortPubDate": f"{day // 10000}/{day // 100 % 100:02}/{day % 100:02} 00:00" if day else "",
        "SortFirstAuthor": authors[0] if authors else "",
        "VernacularTitle": _first(article, "VernacularTitle"),
    }


def _or_empty(element: Element | None) -> Element:
    return etree.Element("none") if element is None else element


def _first(element: Element, path: str) -> str:
    return next((" ".join(text.split()) for text in texts_of(element, path)), "")


def _name(author: Element) -> str:
    collective = _first(author, "CollectiveName")
    parts = (_first(author, tag) for tag in ("LastName", "Initials", "Suffix"))
    return collective or " ".join(filter(None, parts))


def _pub_date(element: Element | None) -> str:
    """A date as PubMed shows it: "1965 Aug", "1998 Dec-1999 Jan", "2001 Mar 4"."""
    if element is None:
        return ""
    loose = _first(element, "MedlineDate")
    month = _first(element, "Month") or _first(element, "Season")
    if month.isdecimal() and len(month) <= 2 and 1 <= int(month) <= 12:
        month = _MONTHS[int(month) - 1]
    day = _first(element, "Day").lstrip("0")
    return loose or " ".join(filter(None, (_first(element, "Year"), month, day)))


def _moment(date: Element) -> str:
    parts = [_first(date, tag).zfill(2) for tag in ("Year", "Month", "Day", "Hour", "Minute")]
    return f"{'/'.join(parts[:3])} {':'.join(parts[3:])}"


def _article_ids(element: Element, pmid: str) -> list[Document]:
    found = {"pubmed": pmid}
    for entry in element.iterfind("ArticleIdList/ArticleId"):
        found[entry.get("IdType", "")] = text_of(entry)
    return [
        {"IdType": kind, "IdTypeN": _ID_TYPES.get(kind, _OTHER_ID), "Value": value}
        for kind, value in found.items()
    ]


def _references(citation: Element) -> list[Document]:
    """Comments and corrections; works merely cited are no part of a summary."""
    return [
        {
            "RefSource": _first(entry, "RefSource"),
            "RefType": _spaced(entry.get("RefType", "")),
            "PMID": int(_first(entry, "PMID") or 0),
            "Note": _first(entry, "Note"),
        }
        for entry in citation.iterfind("CommentsCorrectionsList/CommentsCorrections")
        if entry.get("RefType") != "Cites"
    ]


def _spaced(kind: str) -> str:
    """`RetractionIn` as ESummary has it: "Retraction in"."""
    return re.sub(r"(?<=[a-z])[A-Z]", lambda match: f" {match.group().lower()}", kind)
