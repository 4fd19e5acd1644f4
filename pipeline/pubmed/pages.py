"""One answer of ESearch, read and known to be whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from pipeline.pubmed.verdict import TransientAnswer, check_words, errors_in

WHOLE, PART, RECOUNT = "whole", "part", "recount"


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


def answer_root(body: bytes) -> etree._Element:
    """The root of an ESearch answer.

    Raises:
        TransientAnswer, PermanentAnswer: it is another document, cut, or an ERROR.
    """
    try:
        root = etree.fromstring(body, _SAFE)
    except etree.XMLSyntaxError:
        raise TransientAnswer("the search answer was not complete XML") from None
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


_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
