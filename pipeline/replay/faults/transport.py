"""Answers that are not the right one: limits, keys, web pages, error documents, lost connections.

Texts as transcribed from NCBI's answers; pages of HTML keep NCBI's titles only. Error documents
have the shape and words of each tool, most of them with status 200.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from pipeline.replay import answers, summaries
from pipeline.replay.answers import (
    ANY_TOOL,
    Exchange,
    FaultCase,
    Response,
    article_set,
    uri_too_long,
    web_page,
)
from pipeline.replay.tools import SYNTAX_ERROR, WINDOW_ERROR

HANG_SECONDS = 3600.0
"""Longer than any client waits; closing the server ends the wait."""
TRICKLE_SECONDS = 0.2
"""Between two bytes: no single read times out, and a page takes minutes."""

_JSON = "application/json; charset=UTF-8"
_ADDRESS = "203.0.113.7"
_BLOCK_PAGE = "https://misuse.ncbi.nlm.nih.gov/error/abuse.shtml"


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


def _key_invalid(exchange: Exchange) -> Response:
    key = json.dumps(exchange.api_key)
    body = f'{{"error":"API key invalid","api-key":{key},"type":"invalid",\n"status":"unknown"}}'
    return Response(body.encode(), 400, _JSON)


def _key_echoed(exchange: Exchange) -> Response:
    sent = {**exchange.parameters, "api_key": exchange.api_key}
    request = "&".join(f"{name}={value}" for name, value in sent.items())
    return Response(f"Bad request: {request} from {_ADDRESS}\n".encode(), 400, "text/plain")


def _key_in_answer(exchange: Exchange) -> Response:
    """The right answer, with the key in a text that would be shown and behind the last element."""
    key = (exchange.api_key or "").encode()
    text = re.compile(rb"<(ArticleTitle|QueryTranslation|MenuName|Title)>")
    body = text.sub(lambda tag: tag[0] + key + b" ", exchange.right.body)
    return replace(exchange.right, body=body + b"<!-- " + key + b" -->\n")


def _redirect(_: Exchange) -> Response:
    return replace(web_page("302 Found", "Found", 302), headers={"Location": _BLOCK_PAGE})


def _prolog_only(exchange: Exchange) -> Response:
    if exchange.tool == "efetch":
        prolog, _, _ = article_set([]).body.partition(b"<PubmedArticleSet>")
        return Response(prolog)
    return Response(b'<?xml version="1.0" encoding="UTF-8" ?>\n')


def _cut(exchange: Exchange) -> Response:
    """Two thirds of the document, with the Content-Length of just that."""
    right = exchange.right
    return replace(right, body=right.body[: len(right.body) * 2 // 3])


_LARGE = frozenset(("esearch", "efetch", "esummary"))


_VIEWER = " Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
_NO_IDS = "ID list is empty! Possibly it has no correct IDs."
_RESOLVE = "Couldn't resolve #pmquerysrv-mz?dbaf=pubmed, the address table is empty."
# The word ERROR is nowhere in it: the fault hides in a comment of an empty set.
_HIDDEN = b"""<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE eSummaryResult PUBLIC "-//NLM//DTD esummary pubmed 20160808//EN" \
"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20160808/esummary_pubmed.dtd">
<eSummaryResult>
<DocumentSummarySet status="OK"><!-- DocSum Backend failed --></DocumentSummarySet>
</eSummaryResult>
"""


def _transient(exchange: Exchange) -> Response:
    if exchange.tool == "esummary":
        return answers.error("esummary", [f"Error occurred: {summaries.NO_SUMMARY}"], 400)
    return answers.error("efetch", [_VIEWER], 400)


def _no_ids(exchange: Exchange) -> Response:
    if exchange.parameters.get("retmode") == "text":
        return answers.plain(_NO_IDS.replace(" ", "+"), 400)
    return answers.error("efetch", [_NO_IDS], 400)


def _error_in_200(exchange: Exchange) -> Response:
    if exchange.tool == "esearch":
        return answers.search_error(
            f"Search Backend failed: {_RESOLVE}", use_json=exchange.wants_json
        )
    if exchange.tool == "efetch":
        return answers.error("efetch", [_VIEWER])
    if exchange.wants_json:
        return summaries.summary_error(summaries.NO_SUMMARY, use_json=True)
    return Response(_HIDDEN)


def _beyond_window(exchange: Exchange) -> Response:
    if exchange.tool == "esearch":
        text = f"Search Backend failed: Exception:\n{WINDOW_ERROR}"
        return answers.search_error(text, use_json=exchange.wants_json)
    text = f"Search backend cannot retrieve history data. Reason: Exception: {WINDOW_ERROR}"
    return answers.error("efetch", [text], 400)


def _expired(exchange: Exchange) -> Response:
    text = f"Unable to obtain query #{exchange.parameters.get('query_key', '1')}"
    if exchange.tool == "esearch":
        return answers.search_error(text, use_json=exchange.wants_json)
    if exchange.tool == "esummary":
        return summaries.nothing_to_sum_up(text, use_json=exchange.wants_json)
    return answers.error("efetch", [text])


CASES = (
    FaultCase(
        1, "rate-limit-429", "429 with Retry-After; the JSON body echoes the key or the address",
        ANY_TOOL, lambda exchange: _rate_limit(exchange, 429),
    ),
    FaultCase(
        1, "rate-limit-200", "The body of the rate limit with status 200",
        ANY_TOOL, lambda exchange: _rate_limit(exchange, 200),
    ),
    FaultCase(
        3, "api-key-invalid", "400: the key is invalid (an empty one too); the body echoes it",
        ANY_TOOL, _key_invalid,
    ),
    FaultCase(9, "empty-body", "200 without a body", ANY_TOOL, lambda _: Response(b"")),
    FaultCase(9, "prolog-only", "200 with an XML declaration and no element", _LARGE, _prolog_only),
    FaultCase(
        10, "html-200", "A web page with status 200, as during maintenance", ANY_TOOL,
        lambda _: web_page("NCBI - Maintenance", "The site is down for maintenance"),
    ),
    FaultCase(
        10, "redirect-to-block-page", "302 to the page that says the caller is blocked",
        ANY_TOOL, _redirect,
    ),
    FaultCase(
        10, "block-page", "The web page that says the caller is blocked, with status 200", ANY_TOOL,
        lambda _: web_page("NCBI - WWW Error Blocked Diagnostic", "Access Denied"),
    ),
    FaultCase(
        11, "server-error-500", "500 with a web page", ANY_TOOL,
        lambda _: web_page("NCBI/eutils202 - WWW Error 500 Diagnostic", "Server Error", 500),
    ),
    FaultCase(
        11, "bad-gateway-502", "502 with a web page", ANY_TOOL,
        lambda _: web_page("502 Bad Gateway", "Bad Gateway", 502),
    ),
    FaultCase(
        11, "unavailable-503", "503 with a web page", ANY_TOOL,
        lambda _: web_page("503 Service Unavailable", "Service Unavailable", 503),
    ),
    FaultCase(
        11, "uri-too-long-414", "414 with a web page", ANY_TOOL, lambda _: uri_too_long(),
    ),
    FaultCase(
        12, "broken-chunk", "The connection ends inside a chunk of a chunked body", _LARGE,
        lambda exchange: replace(
            exchange.right, chunked=True, cut_at=len(exchange.right.body) // 3 + 6
        ),
    ),
    FaultCase(
        12, "cut-connection", "The connection ends before Content-Length is reached", _LARGE,
        lambda exchange: replace(exchange.right, cut_at=len(exchange.right.body) // 3),
    ),
    FaultCase(
        13, "cut-xml", "The document is cut, with the Content-Length of what is left", _LARGE, _cut
    ),
    FaultCase(
        13, "hang", "Silence instead of an answer", ANY_TOOL,
        lambda exchange: replace(exchange.right, delay=HANG_SECONDS),
    ),
    FaultCase(
        13, "trickle", "One byte at a time: no read times out, and the whole takes for ever",
        ANY_TOOL, lambda exchange: replace(exchange.right, pause=TRICKLE_SECONDS),
    ),
    FaultCase(
        13, "reset", "The connection is reset without an answer", ANY_TOOL,
        lambda exchange: replace(exchange.right, reset=True),
    ),
    FaultCase(
        25, "key-echoed", "400 with a text that repeats the request, its key and the address",
        ANY_TOOL, _key_echoed,
    ),
    FaultCase(
        25, "key-in-answer", "The right answer, except that the key is in its texts and behind it",
        ANY_TOOL, _key_in_answer,
    ),
    FaultCase(
        2, "transient-400", "400 that passes: a viewer's timeout, a summary not to be had",
        frozenset(("efetch", "esummary")), _transient,
    ),
    FaultCase(
        3, "permanent-400-id-list-empty", "400 that stays: no valid id", frozenset(("efetch",)),
        _no_ids,
    ),
    FaultCase(
        4, "error-in-200", "An error document with status 200, in each tool's own shape",
        frozenset(("esearch", "efetch", "esummary")), _error_in_200,
    ),
    FaultCase(
        4, "search-backend-500-in-200",
        "An error with status 200 that says to try again later; also what `((` is answered with",
        frozenset(("esearch",)),
        lambda exchange: answers.search_error(SYNTAX_ERROR, use_json=exchange.wants_json),
    ),
    FaultCase(
        5, "json-raw-newline", "JSON that strict readers refuse: a raw line break in the error",
        frozenset(("esearch",)),
        lambda _: answers.search_error(
            f"Search Backend failed: Exception:\n{WINDOW_ERROR}", use_json=True
        ),
    ),
    FaultCase(
        7, "beyond-window", "What a retstart above 9,998 is answered with",
        frozenset(("esearch", "efetch")), _beyond_window,
    ),
    FaultCase(
        8, "history-expired", "The WebEnv is gone", frozenset(("esearch", "efetch", "esummary")),
        _expired,
    ),
    FaultCase(
        16, "summary-too-many", "JSON summaries are refused, as those of more than 500 UIDs",
        frozenset(("esummary",)),
        lambda _: summaries.summary_error(summaries.TOO_MANY, use_json=True),
    ),
)  # fmt: skip
