"""Sets of records and summaries that are well-formed and not what was asked for."""

from __future__ import annotations

import copy
import json

from lxml import etree

from pipeline.replay.answers import article_set, as_json
from pipeline.replay.faults.altering import SAFE, Element, altered_set, as_xml
from pipeline.replay.faults.case import FaultCase
from pipeline.replay.response import Exchange, Response
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
)  # fmt: skip
