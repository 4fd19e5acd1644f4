"""Error documents in the shape and words of each tool, most of them with status 200."""

from __future__ import annotations

from pipeline.replay import answers, summaries
from pipeline.replay.faults.case import FaultCase
from pipeline.replay.response import Exchange, Response
from pipeline.replay.tools import SYNTAX_ERROR, WINDOW_ERROR

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
