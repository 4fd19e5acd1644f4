"""The way to E-utilities: one session, POST only, paced, every body checked.

Facts: NLM, "A General Introduction to the E-utilities" (NBK25497) and "In-Depth"
(NBK25499). The key travels in POST bodies only, and no exception of this module
carries a request, a URL with parameters, or an answer's body (NCBI echoes the key
in some of them).
"""

from __future__ import annotations

import fcntl
import os
import random
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import requests

from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, SourceError
from pipeline.settings import EUTILS_URL, TOOL_NAME

T = TypeVar("T")

PACE_SECONDS = 0.35
PACE_WITH_KEY_SECONDS = 0.11
CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 60.0
TOTAL_DEADLINE = 300.0
"""Seconds for one request with all its repetitions."""
REACH_DEADLINE = 8.0
"""Seconds after which a host that has never answered counts as not reachable."""
MAX_TRIES = 5
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining")

_TRANSIENT_TEXT = re.compile(
    r"external viewer error|cannot get document summary|unable to obtain query|"
    r"search backend failed|address table is empty|temporarily unavailable|timeout",
    re.IGNORECASE,
)
_ANSWER = re.compile(rb"<(?:PubmedArticleSet|eSearchResult)\b")
_KEY_TEXT = re.compile(r"api key invalid", re.IGNORECASE)
_RATE_TEXT = re.compile(r"api rate limit exceeded", re.IGNORECASE)


class TransientAnswer(Exception):
    """An answer worth asking for again; raised by body checks."""


class PermanentAnswer(Exception):
    """An answer that will not get better; raised by body checks."""


class Pacer:
    """Even spacing of requests, held across all processes that share the file.

    NCBI counts requests per address in sliding seconds, so bursts are never sent.
    """

    def __init__(self, path: Path | None, seconds: float, clock: Clock) -> None:
        self.path, self.seconds, self.clock = path, seconds, clock

    def wait(self) -> None:
        """Return when the next request may be sent, and note its time."""
        if self.path is None or self.seconds <= 0:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            held = os.pread(descriptor, 8, 0)
            now = self.clock.monotonic()
            if len(held) == 8:
                # a value from before a reboot lies in the future: never wait longer than one pace
                pause = min(struct.unpack("d", held)[0] + self.seconds - now, self.seconds)
                if pause > 0:
                    self.clock.sleep(pause)
            os.pwrite(descriptor, struct.pack("d", self.clock.monotonic()), 0)
        finally:
            os.close(descriptor)


class EutilsClient:
    """Sends requests to E-utilities and gives back checked bodies.

    Args:
        clock: time and sleep.
        pace_file: file that spaces requests of all processes; None for loopback.
        base_url: NCBI's, or a replay server's.
        email: contact sent as `email`; left out when None.
        api_key: NCBI key; left out when None (an empty one is an error at NCBI).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        pace_file: Path | None,
        base_url: str = EUTILS_URL,
        email: str | None = None,
        api_key: str | None = None,
    ) -> None:
        self.clock = clock
        self.base_url = base_url
        self.request_count = 0
        self.rate_headers: dict[str, str] = {}  # of RATE_HEADERS, what the last answer had
        self._identity = {"tool": TOOL_NAME}
        if email:
            self._identity["email"] = email
        if api_key:
            self._identity["api_key"] = api_key
        self._pacer = Pacer(pace_file, PACE_WITH_KEY_SECONDS if api_key else PACE_SECONDS, clock)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"{TOOL_NAME} (python-requests)"
        if base_url != EUTILS_URL:
            self._session.trust_env = False  # loopback never goes through a proxy
        self._reached = False

    def ask(self, tool: str, parameters: Mapping[str, str], check: Callable[[bytes], T]) -> T:
        """One request, repeated while that helps; gives what `check` makes of the body.

        Args:
            tool: e.g. `esearch`.
            parameters: of the tool; identity is added here.
            check: reads the body; raises TransientAnswer or PermanentAnswer.

        Raises:
            SourceError: not reachable, refused, blocked, or no valid answer in time.
            ConfigurationError: NCBI says that the key is invalid.
        """
        start = self.clock.monotonic()
        reason = ""
        for attempt in range(MAX_TRIES):
            pause = 0.0
            try:
                return check(self._post(tool, parameters, start + TOTAL_DEADLINE))
            except PermanentAnswer as answer:
                raise self._source_error(f"PubMed refused the request: {answer}.") from None
            except _RetryLater as answer:
                reason, pause = str(answer), answer.seconds
            except TransientAnswer as answer:
                reason = str(answer)
            waited = self.clock.monotonic() - start
            pause = max(pause, min(2.0**attempt, 30.0) * random.uniform(0.5, 1.0))
            limit = TOTAL_DEADLINE if self._reached else REACH_DEADLINE
            if attempt + 1 == MAX_TRIES or waited + pause > limit:
                break
            self.clock.sleep(pause)
        raise self._source_error(f"No valid answer from {self._host()} to {tool}: {reason}.")

    def _post(self, tool: str, parameters: Mapping[str, str], deadline: float) -> bytes:
        self._pacer.wait()
        self.request_count += 1
        failure = ""
        try:
            with self._session.post(
                f"{self.base_url}{tool}.fcgi",
                data={**parameters, **self._identity},
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._reached = True
                body = bytearray()
                for piece in response.iter_content(1 << 16):
                    body += piece
                    if self.clock.monotonic() > deadline:
                        raise TransientAnswer("the answer took too long")
                status, headers = response.status_code, response.headers
                self.rate_headers = {
                    name: headers[name] for name in RATE_HEADERS if name in headers
                }
        except requests.exceptions.ConnectionError as error:
            failure = "the connection failed" if self._reached else _why_unreachable(error)
        except requests.exceptions.Timeout:
            failure = "no answer in time"
        except requests.exceptions.RequestException as error:
            failure = f"the answer broke off ({type(error).__name__})"
        if failure:
            # outside the except block: requests' exceptions hold the request, and with it the key
            raise TransientAnswer(failure)
        self._verdict(status, headers.get("Retry-After", ""), bytes(body))
        return bytes(body)

    def _verdict(self, status: int, retry_after: str, body: bytes) -> None:
        """Raise for every answer that is not a plain 200 with something in it."""
        if status == 200 and _ANSWER.search(body[:1000]):
            return  # its titles may speak of limits and keys
        text = body[:4000].decode("utf-8", "replace")
        if status == 429 or _RATE_TEXT.search(text):
            seconds = float(retry_after) if retry_after.strip().isdigit() else 2.0
            raise _RetryLater("the rate limit was exceeded", min(seconds, 120.0))
        if _KEY_TEXT.search(text):
            raise ConfigurationError(
                "NCBI says that the API key is invalid.",
                effect="Nothing changed.",
                next_step="correct or unset NCBI_API_KEY.",
            )
        is_page = status == 200 and re.search(r"<html", text, re.IGNORECASE)
        if 300 <= status < 400 or is_page:
            raise PermanentAnswer(
                "it answered with a web page or a redirect, which is how NCBI blocks or "
                "announces maintenance; wait, then write to eutilities@ncbi.nlm.nih.gov if it lasts"
            )
        if status >= 500:
            raise TransientAnswer(f"server error {status}")
        if status >= 400:
            words = " ".join(re.sub(r"<[^>]*>", " ", text).split())[:200]
            if _TRANSIENT_TEXT.search(text) and "retstart" not in text:
                raise TransientAnswer(f"status {status}")
            raise PermanentAnswer(f"status {status}: {self._scrub(words)}")
        if not body.strip():
            raise TransientAnswer("the answer was empty")

    def _scrub(self, text: str) -> str:
        key = self._identity.get("api_key")
        return text.replace(key, "[key]") if key else text

    def _host(self) -> str:
        return self.base_url.split("/")[2]

    def _source_error(self, cause: str) -> SourceError:
        return SourceError(
            self._scrub(cause),
            effect="Nothing changed: the warehouse, the raw archive and the published tables "
            "are as before.",
            next_step="check the network, then run `ketum update` again; "
            "`ketum update --offline` shows the demonstration.",
        )


class _RetryLater(TransientAnswer):
    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


def _why_unreachable(error: requests.exceptions.ConnectionError) -> str:
    text = str(error)
    if "resolve" in text or "Name or service" in text:
        return "its name could not be resolved (is this machine online?)"
    if "refused" in text:
        return "the connection was refused"
    if "timed out" in text:
        return "the connection timed out"
    return "it could not be reached"
