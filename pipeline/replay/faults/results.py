"""Results that are well-formed and wrong: searches clamped, broadened, drifting; other records.

Records may be missing, there twice, in another order, or not those asked for.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace

from lxml import etree

from pipeline.replay.answers import (
    Exchange,
    Fault,
    FaultCase,
    Page,
    Response,
    article_set,
    as_json,
    search_page,
)
from pipeline.replay.faults.records import SAFE, Element, altered_set, as_xml
from pipeline.replay.query import Chain, Earlier, Node, Term, parse
from pipeline.replay.summaries import NO_SUMMARY

_ESEARCH, _EFETCH = frozenset(("esearch",)), frozenset(("efetch",))
_OWN_NUMBER = (
    "MedlineCitation/PMID",
    "BookDocument/PMID",
    "*/ArticleIdList/ArticleId[@IdType='pubmed']",
)


def _altered(change: Callable[[Page], None]) -> Fault:
    """A case that changes the page of hits; errors stay what they are."""

    def apply(exchange: Exchange) -> Response:
        page = exchange.right.page
        if page is None:
            return exchange.right
        change(page)
        return _written(exchange, page)

    return apply


def _written(exchange: Exchange, page: Page) -> Response:
    count_only = exchange.parameters.get("rettype") == "count"
    return search_page(page, count_only=count_only, use_json=exchange.wants_json)


def _clamp(page: Page) -> None:
    page.pmids = page.pmids[: len(page.pmids) // 2]
    page.messages = [
        f"Restrictions achieved. start and count adjusted to {page.start}, {len(page.pmids)}"
    ]


def _raise_count(page: Page) -> None:
    page.count += 1


def _drift(page: Page) -> None:
    page.count = max(page.count - 1, 0)
    page.pmids = page.pmids[1:]


def _empty(page: Page) -> None:
    page.count, page.pmids, page.messages = 0, [], ["No items found."]


def _halve(page: Page) -> None:
    page.count //= 2
    page.pmids = page.pmids[: max(page.count - page.start, 0)]


def _drop_term(exchange: Exchange) -> Response:
    page, _ = _without_last_operand(exchange)
    return _written(exchange, page) if page else exchange.right


def _drop_phrase(exchange: Exchange) -> Response:
    page, dropped = _without_last_operand(exchange)
    if page is None:
        return exchange.right
    page.findings.quoted_not_found.append(dropped)
    return _written(exchange, page)


def _without_last_operand(exchange: Exchange) -> tuple[Page | None, str]:
    """The page of the query without its last operand, and that operand."""
    query = parse(exchange.parameters["term"]) if _was_answered(exchange) else None
    if not isinstance(query, Chain):
        return None, ""
    left = replace(query, rest=query.rest[:-1])
    return _asked(exchange, left), _text(query.rest[-1][1])


def _drop_field(exchange: Exchange) -> Response:
    """The last term is searched in all fields, and its tag reported as unknown."""
    if not _was_answered(exchange):
        return exchange.right
    query, tag = _untagged(parse(exchange.parameters["term"]))
    page = _asked(exchange, query)
    if page is None or not tag:
        return exchange.right
    page.findings.fields_not_found.append(tag)
    return _written(exchange, page)


def _untagged(node: Node) -> tuple[Node, str]:
    if isinstance(node, Chain):
        if not node.rest:
            return _untagged(node.first)
        *others, (operator, last) = node.rest
        last, tag = _untagged(last)
        return Chain(node.first, (*others, (operator, last))), tag
    if isinstance(node, Term):
        return replace(node, tag=None), node.tag or ""
    return node, ""


def _was_answered(exchange: Exchange) -> bool:
    has_term = bool(exchange.parameters.get("term", "").strip())
    return has_term and exchange.right.page is not None


def _asked(exchange: Exchange, query: Node) -> Page | None:
    return exchange.ask("esearch", {**exchange.parameters, "term": _text(query)}).page


def _text(node: Node) -> str:
    """A tree as a query again."""
    if isinstance(node, Term):
        text = f'"{node.text}"' if node.quoted else node.text
        return text if node.tag is None else f"{text}[{node.tag}]"
    if isinstance(node, Earlier):
        return f"#{node.key}"
    rest = "".join(f" {operator} {_text(operand)}" for operator, operand in node.rest)
    return f"({_text(node.first)}{rest})"


# -- Sets of records that are not what was asked for


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
    FaultCase(
        6, "clamped", "Half of the ids asked for, with the note on adjusted start and count",
        _ESEARCH, _altered(_clamp),
    ),
    FaultCase(
        6, "count-above-ids", "One more is counted than can be had, without a word", _ESEARCH,
        _altered(_raise_count),
    ),
    FaultCase(
        17, "dropped-term",
        "The last operand of the query is left out; only QueryTranslation shows it", _ESEARCH,
        _drop_term,
    ),
    FaultCase(
        17, "dropped-phrase", "The last operand is left out, with a QuotedPhraseNotFound", _ESEARCH,
        _drop_phrase,
    ),
    FaultCase(
        17, "dropped-field", "The last tag is left out (all fields), with a FieldNotFound",
        _ESEARCH, _drop_field,
    ),
    FaultCase(
        18, "count-drift", "One hit fewer than a moment ago, the first one", _ESEARCH,
        _altered(_drift),
    ),
    FaultCase(18, "zero-hits", "No hits at all", _ESEARCH, _altered(_empty)),
    FaultCase(18, "half-the-hits", "Half of the hits", _ESEARCH, _altered(_halve)),
)  # fmt: skip
