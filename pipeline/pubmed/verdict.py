"""What an answer of E-utilities means: good, worth asking again, or final.

NCBI says the same thing in many ways: a rate limit as 429 or in a 200, a passing fault as 400,
an error in a 200, a block as a web page. The words decide before the status does.
Sources: answers captured and transcribed from 2020 to 2026; NLM, NBK25497 and NBK25499.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from pipeline.errors import ConfigurationError

WAIT_AFTER_RATE_LIMIT = 2.0
"""Seconds to wait after a rate limit that names no time of its own."""

_ANSWER = re.compile(rb"<(?:PubmedArticleSet|eSearchResult|eInfoResult)\b")
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|title)\b",
    re.IGNORECASE | re.DOTALL,
)
_RATE = re.compile(r"api rate limit exceeded", re.IGNORECASE)
_KEY = re.compile(r"api key invalid", re.IGNORECASE)
_PERMANENT = re.compile(
    r"retstart'? cannot be larger|out of acceptable range|id list is empty|invalid db|"
    r"database is not supported|empty term|too many uids|invalid uid",
    re.IGNORECASE,
)
_TRANSIENT = re.compile(
    r"external viewer error|cannot get document summary|unable to obtain query|"
    r"search backend failed|address table is empty|temporarily unavailable|timeout|"
    r"history data",
    re.IGNORECASE,
)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
_ECHO = re.compile(r'("api-key"\s*:\s*")[^"]*(")')


class TransientAnswer(Exception):
    """An answer worth asking for again.

    Args:
        reason: why, without anything of the request.
        seconds: how long NCBI asks to wait, if it says so.
    """

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class PermanentAnswer(Exception):
    """An answer that will not get better."""


class BlockedAnswer(PermanentAnswer):
    """A web page or a redirect: NCBI blocks this address, or is closed for maintenance."""


def check_http(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return if an HTTP answer is a 200 that may hold what was asked for.

    Args:
        status: of the answer.
        headers: of the answer, names in any case.
        body: all of it.
        now: naive UTC, for a Retry-After that is a date.

    Raises:
        TransientAnswer, PermanentAnswer, BlockedAnswer: as the words and the status say.
        ConfigurationError: the API key is invalid.
    """
    if status == 200 and _ANSWER.search(body[:1000]):
        return  # its titles may speak of limits and keys; errors in it are for the body check
    text = body[:4000].decode("utf-8", "replace")
    if status == 429 or _RATE.search(text):
        seconds = _retry_after(headers.get("Retry-After", ""), now)
        raise TransientAnswer("the rate limit was exceeded", seconds or WAIT_AFTER_RATE_LIMIT)
    if _KEY.search(text):
        raise ConfigurationError(
            "NCBI says that the API key is invalid.",
            effect="Nothing changed.",
            next_step="correct or unset NCBI_API_KEY.",
        )
    if 300 <= status < 400 or (status == 200 and _PAGE.match(text)):
        raise BlockedAnswer(
            "it answered with a web page or a redirect, which is how NCBI blocks an address "
            "or announces maintenance"
        )
    words = _error_words(text)
    if status >= 500:
        seconds = _retry_after(headers.get("Retry-After", ""), now)
        raise TransientAnswer(f"server error {status}", seconds)
    if status >= 400:
        if _TRANSIENT.search(text) and not _PERMANENT.search(text):
            raise TransientAnswer(f"status {status}: {words}")
        raise PermanentAnswer(f"status {status}: {words}")
    if not body.strip():
        raise TransientAnswer("the answer was empty")
    if status != 200:
        raise TransientAnswer(f"status {status} in place of 200")
    if text.lstrip().startswith("{"):
        if _json_errors(text):
            check_words(words)
        raise TransientAnswer("the answer came as JSON in place of XML")


def check_words(words: str) -> None:
    """Judge the text of an ERROR that came with status 200; always raises.

    Raises:
        PermanentAnswer: it is about the request itself; TransientAnswer: anything else,
        as NCBI words mistakes and outages alike (bounded repetitions tell them apart).
    """
    if _PERMANENT.search(words):
        raise PermanentAnswer(f"it said {words!r}")
    raise TransientAnswer(f"it said {words!r}")


def xml_root(body: bytes) -> etree._Element:
    """The root of an answer in XML.

    Raises:
        TransientAnswer: it is not complete XML.
    """
    try:
        return etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError:
        raise TransientAnswer("the answer was not complete XML") from None


def errors_in(root: etree._Element) -> str:
    """The words of all ERROR elements of a document, at most 200 characters; ESpell's is empty."""
    texts = (" ".join("".join(map(str, error.itertext())).split()) for error in root.iter("ERROR"))
    return "; ".join(filter(None, texts))[:200]


def _error_words(text: str) -> str:
    """The words of an error body, at most 200 characters, without markup, key or address."""
    words = _json_errors(text) or _ECHO.sub(r"\1[key]\2", re.sub(r"<[^>]*>", " ", text))
    return " ".join(words.split())[:200]


def _json_errors(text: str) -> str:
    try:
        # NCBI leaves raw line breaks within JSON strings
        return " ".join(_errors_in(json.loads(text, strict=False)))
    except (ValueError, RecursionError):
        return ""


def _errors_in(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for entry in value for text in _errors_in(entry)]
    if not isinstance(value, dict):
        return []
    found = []
    for name, entry in value.items():
        if name.lower() == "error" and isinstance(entry, str):
            found.append(entry)
        else:
            found += _errors_in(entry)
    return found


def _retry_after(text: str, now: datetime) -> float:
    """Seconds that a Retry-After asks for, in either of its forms (RFC 9110, 10.2.3); else 0."""
    text = text.strip()
    if text.isdecimal():
        return float(text[:9])
    moment = http_date(text)
    return max((moment - now).total_seconds(), 0.0) if moment else 0.0


def http_date(text: str) -> datetime | None:
    """A date as HTTP writes it, as naive UTC (RFC 9110, 5.6.7); None if it is something else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
