"""Answers of ESummary: JSON, XML of version 2.0 and XML of the first version.

Shapes after answers captured in 2020-2025; the first version is still the default of XML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from pipeline.replay.answers import as_json, error, header, prolog
from pipeline.replay.docsum import Document
from pipeline.replay.reading import LANGUAGES
from pipeline.replay.response import Response

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
# The numbers of PubStatus in words, as the first version has them.
_STATUS = {"3": "epublish", "4": "ppublish", "10": "aheadofprint"}

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


def summary_error(text: str, *, use_json: bool) -> Response:
    """An error of the whole request, with status 200."""
    if not use_json:
        return error("esummary", [text])
    return as_json({**header("esummary"), "error": text})


def invalid_uid(word: str, position: int, *, use_json: bool) -> Response:
    """The error for an id that is no number."""
    text = f"Invalid uid {word} at position= {position}"
    if not use_json:
        return error("esummary", [text])
    return as_json({**header("esummary"), "error": text, "result": {"uids": []}})


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
    yield _list("LangList", [("Lang", _language(code)) for code in document["Lang"]])
    for name in ("NlmUniqueID", "ISSN", "ESSN"):
        yield _item(name, document[name])
    yield _list("PubTypeList", [("PubType", kind) for kind in document["PubType"]])
    yield _item("RecordStatus", document["RecordStatus"])
    yield _item("PubStatus", _STATUS.get(document["PubStatus"], ""))
    yield _list("ArticleIds", ids)
    yield _list("History", history, "Date")
    yield _list("References", references)
    yield _item("HasAbstract", "1" if document["Attributes"] else "0", "Integer")
    yield _item("PmcRefCount", "0", "Integer")
    yield _item("FullJournalName", document["FullJournalName"])
    yield _item("ELocationID", document["ELocationID"])
    place = f"{document['Volume']}{issue}:{document['Pages']}"
    yield _item("SO", f"{document['PubDate']};{place}")


def _language(code: str) -> str:
    return LANGUAGES.get(code, code).capitalize()


def _item(name: str, text: str, kind: str = "String") -> str:
    return f'\t<Item Name="{name}" Type="{kind}">{escape(text)}</Item>\n'


def _list(name: str, entries: list[tuple[str, str]], kind: str = "String") -> str:
    if not entries:
        return f'\t<Item Name="{name}" Type="List"></Item>\n'
    lines = "".join(f"\t{_item(entry, text, kind)}" for entry, text in entries)
    return f'\t<Item Name="{name}" Type="List">\n{lines}\t</Item>\n'
