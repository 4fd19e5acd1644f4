"""Answers that go wrong, and what a run must make of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.errors import EXIT_CHECK, EXIT_INCOMPLETE, EXIT_OK, EXIT_SOURCE
from pipeline.pubmed.replay import Response

Spoil = Callable[[Response], Response]
"""Makes the wrong answer from the right one; may hang up by raising ConnectionResetError."""


@dataclass(frozen=True)
class Fault:
    """One kind of wrong answer.

    Attributes:
        name: for the report.
        spoil: makes the wrong answer.
        once: exit codes a run may end with that gets it once or twice and right ones then.
        always: exit codes a run may end with that gets nothing else.
        tools: the tools it can happen to.
    """

    name: str
    spoil: Spoil
    once: tuple[int, ...] = (EXIT_OK,)
    always: tuple[int, ...] = (EXIT_SOURCE, EXIT_INCOMPLETE)
    tools: tuple[str, ...] = ("esearch", "efetch")


def _given(body: str, status: int = 200, kind: str = "text/xml", **headers: str) -> Spoil:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Response(body.encode(), status, f"{kind}; charset=UTF-8", named)
    return lambda _right: answer


def _hang_up(_right: Response) -> Response:
    raise ConnectionResetError


def _without_last_record(right: Response) -> Response:
    records = right.body.split(b"<PubmedArticle>")
    if len(records) == 1:
        return right
    return replace(right, body=b"<PubmedArticle>".join(records[:-1]) + b"</PubmedArticleSet>\n")


def _few_hits(right: Response) -> Response:
    """A search that has lost nine of ten records, and says so of itself in all its parts."""
    pmids = re.findall(rb"<Id>\d+</Id>", right.body)
    kept = pmids[: len(pmids) // 10]
    body = re.sub(rb"<Count>\d+", b"<Count>%d" % len(kept), right.body)
    return replace(
        right, body=re.sub(rb"(?s)(<IdList>).*?(?=</IdList>)", rb"\1" + b"".join(kept), body)
    )


def _fewer_ids_than_counted(right: Response) -> Response:
    return replace(right, body=re.sub(rb"<Id>\d+</Id>\n", b"", right.body, count=1))


def _unknown_field(right: Response) -> Response:
    said = b"<ErrorList><FieldNotFound>tiab</FieldNotFound></ErrorList></eSearchResult>"
    return replace(right, body=right.body.replace(b"</eSearchResult>", said))


_RATE = '{"error":"API rate limit exceeded","api-key":"127.0.0.1","count":"4","limit":"3"}\n'
_VIEWER = (
    "<eFetchResult><ERROR> Error: External viewer error: Empty Response. Bytes read: 0 "
    "Status: Timeout</ERROR></eFetchResult>\n"
)
_BACKEND = (
    "<{0}Result><ERROR>Search Backend failed: An error occurred while processing request."
    "</ERROR></{0}Result>\n"
)
_PAGE = "<html><head><title>NCBI - WWW Error Blocked Diagnostic</title></head></html>\n"
_REFUSED: tuple[int, ...] = (EXIT_SOURCE, EXIT_INCOMPLETE)

FAULTS = (
    Fault("429 with Retry-After", _given(_RATE, 429, "application/json", Retry_After="2")),
    Fault("rate limit told in a 200", _given(_RATE, 200, "application/json")),
    Fault("500 with a page", _given(_PAGE.replace("Blocked", "500"), 500, "text/html")),
    Fault("empty body", _given("")),
    Fault("viewer timeout in a 400", _given(_VIEWER, 400), tools=("efetch",)),
    Fault("ERROR in a 200, search", _given(_BACKEND.format("eSearch")), tools=("esearch",)),
    Fault("ERROR in a 200, fetch", _given(_BACKEND.format("eFetch")), tools=("efetch",)),
    Fault("body cut by hanging up", lambda right: replace(right, cut_at=len(right.body) // 3)),
    Fault("cut XML", lambda right: replace(right, body=right.body[: len(right.body) // 2])),
    Fault("connection reset", _hang_up),
    Fault("web page in a 200", _given(_PAGE, 200, "text/html"), once=_REFUSED),
    Fault("redirect", _given("", 302, Location="http://misuse.invalid/"), once=_REFUSED),
    Fault(
        "fewer records than asked for",
        _without_last_record,
        once=(EXIT_OK, EXIT_INCOMPLETE),
        always=(EXIT_INCOMPLETE,),
        tools=("efetch",),
    ),
    Fault(
        "fewer ids than counted",
        _fewer_ids_than_counted,
        once=(EXIT_OK, EXIT_SOURCE),
        always=(EXIT_SOURCE,),
        tools=("esearch",),
    ),
    Fault("few hits", _few_hits, once=(EXIT_CHECK,), always=(EXIT_CHECK,), tools=("esearch",)),
    Fault(
        "unknown field",
        _unknown_field,
        once=(EXIT_CHECK,),
        always=(EXIT_CHECK,),
        tools=("esearch",),
    ),
)
