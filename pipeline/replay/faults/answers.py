"""Answers that are not the right one: limits, keys, web pages, errors, lost connections, searches.

Texts as transcribed from NCBI's answers; pages of HTML keep NCBI's titles only. Error documents
have the shape and words of each tool, most of them with status 200. Searches that are well-formed
and wrong are clamped, broadened, drifting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from lxml import etree

from pipeline.replay import answers, summaries
from pipeline.replay.answers import (
    Cases,
    Exchange,
    Fault,
    Page,
    Response,
    article_set,
    as_json,
    search_page,
    uri_too_long,
    web_page,
)
from pipeline.replay.faults.records import SAFE, as_xml
from pipeline.replay.query import Chain, Earlier, Node, Term, parse
from pipeline.replay.summaries import NO_SUMMARY
from pipeline.replay.tools import HISTORY_FAILED, SYNTAX_ERROR, WINDOW_FAILED

CASES = Cases(answers.TOOLS)
case = CASES.add

HANG_SECONDS = 3600.0
"""Longer than any client waits; closing the server ends the wait."""
TRICKLE_SECONDS = 0.2
"""Between two bytes: no single read times out, and a page takes minutes."""

LARGE = ("esearch", "efetch", "esummary")
"""The tools with answers that are long, or of several kinds."""
_JSON = "application/json; charset=UTF-8"
_ADDRESS = "203.0.113.7"
_BLOCK_PAGE = "https://misuse.ncbi.nlm.nih.gov/error/abuse.shtml"
_VIEWER = " Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
_RESOLVE = "Couldn't resolve #pmquerysrv-mz?dbaf=pubmed, the address table is empty."
# The word ERROR is nowhere in it: the fault hides in a comment of an empty set.
_HIDDEN = b"""<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE eSummaryResult PUBLIC "-//NLM//DTD esummary pubmed 20160808//EN" \
"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20160808/esummary_pubmed.dtd">
<eSummaryResult>
<DocumentSummarySet status="OK"><!-- DocSum Backend failed --></DocumentSummarySet>
</eSummaryResult>
"""


def _rate_limit(exchange: Exchange, status: int) -> Response:
    limit = 10 if exchange.api_key else 3
    said = {
        "error": "API rate limit exceeded",
        # Without a key NCBI names the caller's address here.
        "api-key": exchange.api_key or _ADDRESS,
        "count": str(limit + 1),
        "limit": str(limit),
    }
    headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": "0"}
    if status == 429:
        headers["Retry-After"] = "2"
    body = json.dumps(said, separators=(",", ":"))
    return Response(f"{body}\n".encode(), status, _JSON, headers)


case(1, "rate-limit-429", "429 with Retry-After; the JSON body echoes the key or the address")(
    lambda exchange: _rate_limit(exchange, 429)
)
case(1, "rate-limit-200", "The body of the rate limit with status 200")(
    lambda exchange: _rate_limit(exchange, 200)
)


@case(
    2, "transient-400", "400 that passes: a viewer's timeout, a summary not to be had", "efetch",
    "esummary",
)  # fmt: skip
def _transient(exchange: Exchange) -> Response:
    if exchange.tool == "esummary":
        return answers.error("esummary", [f"Error occurred: {NO_SUMMARY}"], 400)
    return answers.error("efetch", [_VIEWER], 400)


@case(3, "api-key-invalid", "400: the key is invalid (an empty one too); the body echoes it")
def _key_invalid(exchange: Exchange) -> Response:
    key = json.dumps(exchange.api_key)
    body = f'{{"error":"API key invalid","api-key":{key},"type":"invalid",\n"status":"unknown"}}'
    return Response(body.encode(), 400, _JSON)


@case(3, "permanent-400-id-list-empty", "400 that stays: no valid id", "efetch")
def _no_ids(exchange: Exchange) -> Response:
    return answers.no_ids(as_text=exchange.parameters.get("retmode") == "text")


@case(4, "error-in-200", "An error document with status 200, in each tool's own shape", *LARGE)
def _error_in_200(exchange: Exchange) -> Response:
    if exchange.tool == "esearch":
        return answers.search_error(
            f"Search Backend failed: {_RESOLVE}", use_json=exchange.wants_json
        )
    if exchange.tool == "efetch":
        return answers.error("efetch", [_VIEWER])
    if exchange.wants_json:
        return summaries.summary_error(NO_SUMMARY, use_json=True)
    return Response(_HIDDEN)


case(
    4, "search-backend-500-in-200",
    "An error with status 200 that says to try again later; also what `((` is answered with",
    "esearch",
)(lambda exchange: answers.search_error(SYNTAX_ERROR, use_json=exchange.wants_json))  # fmt: skip
case(
    5,
    "json-raw-newline",
    "JSON that strict readers refuse: a raw line break in the error",
    "esearch",
)(lambda _: answers.search_error(WINDOW_FAILED, use_json=True))


@case(7, "beyond-window", "What a retstart above 9,998 is answered with", "esearch", "efetch")
def _beyond_window(exchange: Exchange) -> Response:
    if exchange.tool == "esearch":
        return answers.search_error(WINDOW_FAILED, use_json=exchange.wants_json)
    return answers.error("efetch", [HISTORY_FAILED], 400)


@case(8, "history-expired", "The WebEnv is gone", *LARGE)
def _expired(exchange: Exchange) -> Response:
    text = f"Unable to obtain query #{exchange.parameters.get('query_key', '1')}"
    if exchange.tool == "esearch":
        return answers.search_error(text, use_json=exchange.wants_json)
    if exchange.tool == "esummary":
        return summaries.nothing_to_sum_up(text, use_json=exchange.wants_json)
    return answers.error("efetch", [text])


case(9, "empty-body", "200 without a body")(lambda _: Response(b""))


@case(9, "prolog-only", "200 with an XML declaration and no element", *LARGE)
def _prolog_only(exchange: Exchange) -> Response:
    if exchange.tool == "efetch":
        prolog, _, _ = article_set([]).body.partition(b"<PubmedArticleSet>")
        return Response(prolog)
    return Response(b'<?xml version="1.0" encoding="UTF-8" ?>\n')


case(10, "html-200", "A web page with status 200, as during maintenance")(
    lambda _: web_page("NCBI - Maintenance", "The site is down for maintenance")
)


@case(10, "redirect-to-block-page", "302 to the page that says the caller is blocked")
def _redirect(_: Exchange) -> Response:
    return replace(web_page("302 Found", "Found", 302), headers={"Location": _BLOCK_PAGE})


case(10, "block-page", "The web page that says the caller is blocked, with status 200")(
    lambda _: web_page("NCBI - WWW Error Blocked Diagnostic", "Access Denied")
)
case(11, "server-error-500", "500 with a web page")(
    lambda _: web_page("NCBI/eutils202 - WWW Error 500 Diagnostic", "Server Error", 500)
)
case(11, "bad-gateway-502", "502 with a web page")(
    lambda _: web_page("502 Bad Gateway", "Bad Gateway", 502)
)
case(11, "unavailable-503", "503 with a web page")(
    lambda _: web_page("503 Service Unavailable", "Service Unavailable", 503)
)
case(11, "uri-too-long-414", "414 with a web page")(lambda _: uri_too_long())
case(12, "broken-chunk", "The connection ends inside a chunk of a chunked body", *LARGE)(
    lambda exchange: replace(exchange.right, chunked=True, cut_at=len(exchange.right.body) // 3 + 6)
)
case(12, "cut-connection", "The connection ends before Content-Length is reached", *LARGE)(
    lambda exchange: replace(exchange.right, cut_at=len(exchange.right.body) // 3)
)


@case(13, "cut-xml", "The document is cut, with the Content-Length of what is left", *LARGE)
def _cut(exchange: Exchange) -> Response:
    """Two thirds of the document, with the Content-Length of just that."""
    right = exchange.right
    return replace(right, body=right.body[: len(right.body) * 2 // 3])


case(13, "hang", "Silence instead of an answer")(
    lambda exchange: replace(exchange.right, delay=HANG_SECONDS)
)
case(13, "trickle", "One byte at a time: no read times out, and the whole takes for ever")(
    lambda exchange: replace(exchange.right, pause=TRICKLE_SECONDS)
)
case(13, "reset", "The connection is reset without an answer")(
    lambda exchange: replace(exchange.right, reset=True)
)
case(
    16, "summary-too-many", "JSON summaries are refused, as those of more than 500 UIDs", "esummary"
)(lambda _: summaries.summary_error(summaries.TOO_MANY, use_json=True))


@case(16, "summary-error", "An error in place of the first document, with status 200", "esummary")
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


@case(25, "key-echoed", "400 with a text that repeats the request, its key and the address")
def _key_echoed(exchange: Exchange) -> Response:
    sent = {**exchange.parameters, "api_key": exchange.api_key}
    request = "&".join(f"{name}={value}" for name, value in sent.items())
    return Response(f"Bad request: {request} from {_ADDRESS}\n".encode(), 400, "text/plain")


@case(25, "key-in-answer", "The right answer, except that the key is in its texts and behind it")
def _key_in_answer(exchange: Exchange) -> Response:
    """The right answer, with the key in a text that would be shown and behind the last element."""
    key = (exchange.api_key or "").encode()
    text = re.compile(rb"<(ArticleTitle|QueryTranslation|MenuName|Title)>")
    body = text.sub(lambda tag: tag[0] + key + b" ", exchange.right.body)
    return replace(exchange.right, body=body + b"<!-- " + key + b" -->\n")


# -- Searches: fewer hits, other hits, another query than was asked


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


@case(
    6, "clamped", "Half of the ids asked for, with the note on adjusted start and count", "esearch"
)
@_altered
def _clamp(page: Page) -> None:
    page.pmids = page.pmids[: len(page.pmids) // 2]
    page.messages = [
        f"Restrictions achieved. start and count adjusted to {page.start}, {len(page.pmids)}"
    ]


@case(6, "count-above-ids", "One more is counted than can be had, without a word", "esearch")
@_altered
def _raise_count(page: Page) -> None:
    page.count += 1


@case(
    17,
    "dropped-term",
    "The last operand of the query is left out; only QueryTranslation shows it",
    "esearch",
)
def _drop_term(exchange: Exchange) -> Response:
    page, _ = _without_last_operand(exchange)
    return _written(exchange, page) if page else exchange.right


@case(17, "dropped-phrase", "The last operand is left out, with a QuotedPhraseNotFound", "esearch")
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


@case(17, "dropped-field", "The last tag is left out (all fields), with a FieldNotFound", "esearch")
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


@case(18, "count-drift", "One hit fewer than a moment ago, the first one", "esearch")
@_altered
def _drift(page: Page) -> None:
    page.count = max(page.count - 1, 0)
    page.pmids = page.pmids[1:]


@case(18, "zero-hits", "No hits at all", "esearch")
@_altered
def _empty(page: Page) -> None:
    page.count, page.pmids, page.messages = 0, [], ["No items found."]


@case(18, "half-the-hits", "Half of the hits", "esearch")
@_altered
def _halve(page: Page) -> None:
    page.count //= 2
    page.pmids = page.pmids[: max(page.count - page.start, 0)]
