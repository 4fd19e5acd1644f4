"""What ESummary says of a record, as JSON, as XML of version 2.0 and of the first version.

Names and order after the answers of ESummary 2.0 for db=pubmed (DTD esummary pubmed 20160808),
shapes after answers captured in 2020-2025; the first version is still the default of XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from pipeline.replay.answers import Response, as_json, error, header, prolog
from pipeline.replay.record import LANGUAGES, PARSER, Element, issue_date, text_of, texts_of

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
_PUBLICATION_NAME = {number: name for name, number in _PUBLICATION.items()}
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
    """Comments and corrections; works that are merely cited are left out of a summary."""
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


JSON_LIMIT = 500
TOO_MANY = (
    f"Too many UIDs in request. Maximum number of UIDs is {JSON_LIMIT} for JSON format output."
)
NO_SUMMARY = "cannot get document summary"
_PROLOG_2 = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eSummaryResult PUBLIC "-//NLM//DTD esummary pubmed 20160808//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20160808/esummary_pubmed.dtd">\n'
)
# What the entries of each list are called in XML of version 2.0.
_ENTRIES = {
    "Authors": "Author",
    "Lang": "string",
    "PubType": "flag",
    "ArticleIds": "ArticleId",
    "History": "PubMedPubDate",
    "References": "Reference",
    "Attributes": "flag",
}
Summaries = Sequence[tuple[int, Document | None]]
"""PMIDs with their documents; None for those that PubMed does not hold."""


def as_json_documents(summaries: Summaries) -> Response:
    """JSON; an unknown PMID is an error of its own document."""
    result: dict[str, object] = {"uids": [str(pmid) for pmid, _ in summaries]}
    for pmid, document in summaries:
        about = {"error": NO_SUMMARY} if document is None else _lower(document)
        result[str(pmid)] = {"uid": str(pmid), **about}
    return as_json({**header("esummary"), "result": result})


def as_documents(summaries: Summaries, build: str) -> Response:
    """XML of version 2.0; an unknown PMID is an error of its own document."""
    documents = "".join(
        f'<DocumentSummary uid="{pmid}">\n{_content(document or {"error": NO_SUMMARY})}'
        "</DocumentSummary>\n"
        for pmid, document in summaries
    )
    return Response(
        f'{_PROLOG_2}<eSummaryResult>\n<DocumentSummarySet status="OK">\n'
        f"<DbBuild>{build}</DbBuild>\n{documents}\n</DocumentSummarySet>\n"
        "</eSummaryResult>\n".encode()
    )


def as_docsums(summaries: Summaries) -> Response:
    """XML of the first version; an unknown PMID is an ERROR between the documents."""
    parts = [
        f"\t<ERROR>UID={pmid}: {NO_SUMMARY}</ERROR>\n"
        if document is None
        else f"<DocSum>\n\t<Id>{pmid}</Id>\n{''.join(_items(document))}</DocSum>\n\n"
        for pmid, document in summaries
    ]
    body = "".join(parts)
    return Response(f"{prolog('esummary')}<eSummaryResult>\n{body}</eSummaryResult>\n".encode())


def summary_error(text: str, *, use_json: bool, **more: object) -> Response:
    """An error of the whole request, with status 200; `more` stands beside it in JSON."""
    if not use_json:
        return error("esummary", [text])
    return as_json({**header("esummary"), "error": text, **more})


def nothing_to_sum_up(text: str, *, use_json: bool) -> Response:
    """The error of a history that is gone, and of a request without ids."""
    return as_json({"esummaryresult": [text]}) if use_json else error("esummary", [text])


def _lower(value: Any) -> Any:
    """The same with every name in lower case, as in JSON."""
    if isinstance(value, dict):
        return {name.lower(): _lower(entry) for name, entry in value.items()}
    return list(map(_lower, value)) if isinstance(value, list) else value


def _content(document: Document) -> str:
    return "".join(_element(name, value) for name, value in document.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        entries = "".join(_element(_ENTRIES[name], entry) for entry in value)
        return f"<{name}>\n{entries}</{name}>\n"
    if isinstance(value, dict):
        return f"<{name}>\n{_content(value)}</{name}>\n"
    return f"<{name}>{escape(str(value))}</{name}>\n"


def _items(document: Document) -> Iterable[str]:
    """The lines of one DocSum."""
    ids = [(entry["IdType"], entry["Value"]) for entry in document["ArticleIds"]]
    history = [(entry["PubStatus"], entry["Date"]) for entry in document["History"]]
    references = [
        ("Reference", f"{entry['RefType']}: {entry['RefSource']}")
        for entry in document["References"]
    ]
    issue = f"({document['Issue']})" if document["Issue"] else ""
    yield _item("PubDate", document["PubDate"], "Date")
    yield _item("EPubDate", document["EPubDate"], "Date")
    yield _item("Source", document["Source"])
    yield _list("AuthorList", [("Author", author["Name"]) for author in document["Authors"]])
    for name in ("LastAuthor", "Title", "Volume", "Issue", "Pages"):
        yield _item(name, document[name])
    yield _list(
        "LangList", [("Lang", LANGUAGES.get(code, code).capitalize()) for code in document["Lang"]]
    )
    for name in ("NlmUniqueID", "ISSN", "ESSN"):
        yield _item(name, document[name])
    yield _list("PubTypeList", [("PubType", kind) for kind in document["PubType"]])
    yield _item("RecordStatus", document["RecordStatus"])
    yield _item("PubStatus", _PUBLICATION_NAME.get(document["PubStatus"], ""))
    yield _list("ArticleIds", ids)
    yield _list("History", history, "Date")
    yield _list("References", references)
    yield _item("HasAbstract", "1" if document["Attributes"] else "0", "Integer")
    yield _item("PmcRefCount", "0", "Integer")
    yield _item("FullJournalName", document["FullJournalName"])
    yield _item("ELocationID", document["ELocationID"])
    place = f"{document['Volume']}{issue}:{document['Pages']}"
    yield _item("SO", f"{document['PubDate']};{place}")


def _item(name: str, text: str, kind: str = "String") -> str:
    return f'\t<Item Name="{name}" Type="{kind}">{escape(text)}</Item>\n'


def _list(name: str, entries: list[tuple[str, str]], kind: str = "String") -> str:
    if not entries:
        return f'\t<Item Name="{name}" Type="List"></Item>\n'
    lines = "".join(f"\t{_item(entry, text, kind)}" for entry, text in entries)
    return f'\t<Item Name="{name}" Type="List">\n{lines}\t</Item>\n'
