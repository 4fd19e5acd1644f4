"""The way to E-utilities: one session, POST only, paced, every body checked.

Facts: NLM, "A General Introduction to the E-utilities" (NBK25497) and "In-Depth"
(NBK25499). The key travels in POST bodies only, and no exception of this module
carries a request, a URL with parameters, or an answer's body. NCBI echoes the key in
some answers, and no other module may see it: from an error message it is removed; an
answer that would be archived is refused, because bodies are kept exactly as they came.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, quote_plus

import requests
import urllib3

from pipeline.clock import Clock
from pipeline.errors import BlockedError, IncompleteError, SourceError
from pipeline.pubmed.timing import PACE_SECONDS, PACE_WITH_KEY_SECONDS, DeadlineAdapter, Pacer
from pipeline.pubmed.verdict import (
    BlockedAnswer,
    PermanentAnswer,
    TransientAnswer,
    check_http,
    http_date,
)
from pipeline.settings import EUTILS_URL, TOOL_NAME

T = TypeVar("T")

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 60.0
TOTAL_DEADLINE = 300.0
"""Seconds for one request with all its repetitions."""
REACH_DEADLINE = 8.0
"""Seconds after which a host that has never answered counts as not reachable."""
MAX_TRIES = 5
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining")
MAX_BODY = 512 << 20
"""Bytes; 200 records are a few million."""

UNCHANGED = (
    "Nothing changed: the warehouse, the raw archive and the published tables are as before."
)


class EutilsClient:
    """Sends requests to E-utilities and gives back checked bodies.

    Args:
        clock: time and sleep.
        pace_file: file that spaces requests of all processes; None for loopback.
        base_url: NCBI's, or a replay server's.
        email: contact sent as `email`; left out when None.
        api_key: NCBI key; left out when None (an empty one is an error at NCBI).
        budget: requests this client may send, repetitions included; None for no bound.

    Attributes:
        request_count: requests sent, repetitions included.
        rate_headers: of RATE_HEADERS, what the last answer had.
        server_time: naive UTC time of the first answer by the server's own clock; None until
            then, and where it names none.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        pace_file: Path | None,
        base_url: str = EUTILS_URL,
        email: str | None = None,
        api_key: str | None = None,
        budget: int | None = None,
    ) -> None:
        self.clock = clock
        self.base_url = base_url
        self.budget = budget
        self.request_count = 0
        self.rate_headers: dict[str, str] = {}
        self.server_time: datetime | None = None
        self._identity = {"tool": TOOL_NAME}
        if email:
            self._identity["email"] = email
        if api_key:
            self._identity["api_key"] = api_key
        self._key = _spellings(api_key) if api_key else None
        self._pacer = Pacer(pace_file, PACE_WITH_KEY_SECONDS if api_key else PACE_SECONDS, clock)
        self._session = requests.Session()
        self._line = DeadlineAdapter()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._line)
        self._session.headers["User-Agent"] = f"{TOOL_NAME} (python-requests)"
        if base_url != EUTILS_URL:
            self._session.trust_env = False  # loopback never goes through a proxy
        self._reached = False

    def ask(self, tool: str, parameters: Mapping[str, str], check: Callable[[bytes], T]) -> T:
        """One request, repeated while that helps; gives what `check` makes of the body.

        The only retry layer there is, around pace, request and the check of the body.

        Args:
            tool: e.g. `esearch`.
            parameters: of the tool; identity is added here.
            check: reads the body; raises TransientAnswer or PermanentAnswer.

        Raises:
            SourceError: not reachable, refused, blocked, or no valid answer in time.
            ConfigurationError: NCBI says that the key is invalid.
            IncompleteError: the budget of requests is used up.
        """
        start = self.clock.monotonic()
        for attempt in range(MAX_TRIES):
            final: SourceError | None = None
            try:
                body = self._post(tool, parameters, start + TOTAL_DEADLINE)
                shown = self._without_key(body)
                result = check(shown)
                if shown != body or self._spells_key(body):
                    raise TransientAnswer("the answer repeats NCBI_API_KEY; unset it to avoid this")
                return result
            except BlockedAnswer as answer:
                final = self._blocked(str(answer))
            except PermanentAnswer as answer:
                final = self._failed(f"PubMed refused the request: {answer}.")
            except TransientAnswer as answer:
                reason, asked_for = str(answer), answer.seconds
            if final is not None:
                raise final  # not within the except block: an answer's words may hold the key
            if self._line.is_over:
                break
            pause = max(asked_for, min(2.0**attempt, 30.0) * random.uniform(0.5, 1.0))
            limit = TOTAL_DEADLINE if self._reached else REACH_DEADLINE
            if self.clock.monotonic() - start + pause > limit:
                if asked_for > limit:
                    reason += f", and it asks to wait {asked_for:.0f} s"
                break
            if attempt + 1 < MAX_TRIES:
                self.clock.sleep(pause)
        raise self._failed(f"No valid answer from {self._host()} to {tool}: {reason}.")

    def _post(self, tool: str, parameters: Mapping[str, str], deadline: float) -> bytes:
        if self.budget is not None and self.request_count >= self.budget:
            raise IncompleteError(
                f"This run's budget of {self.budget} requests is used up.",
                effect=UNCHANGED,
                next_step="run `ketum update` again, with a larger --max-requests if the job is.",
            )
        self._pacer.wait()
        self.request_count += 1
        failure = ""
        try:
            with (
                self._line.within(deadline - self.clock.monotonic()),
                self._session.post(
                    f"{self.base_url}{tool}.fcgi",
                    data={**parameters, **self._identity},
                    timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                self._reached = True
                status, headers = response.status_code, response.headers
                body = self._body(response.raw, deadline)
        except requests.exceptions.ConnectionError as error:
            failure = "the connection failed" if self._reached else _why_unreachable(error)
        except requests.exceptions.Timeout:
            failure = "no answer in time"
        except urllib3.exceptions.ReadTimeoutError:
            failure = "the answer stopped half-way"
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = f"the answer broke off ({type(error).__name__})"
        if self._line.is_over:
            failure = "the answer took too long"
        if failure:
            # outside the except block: requests' exceptions hold the request, and with it the key
            raise TransientAnswer(failure)
        self.rate_headers = {
            name: self._scrub(headers[name]) for name in RATE_HEADERS if name in headers
        }
        self.server_time = self.server_time or http_date(headers.get("Date", ""))
        check_http(status, headers, self._without_key(body), self.clock.now())
        return body

    def _body(self, raw: urllib3.response.BaseHTTPResponse, deadline: float) -> bytes:
        """All of the body, read as it comes, within bounds of time and size."""
        body = bytearray()
        while piece := raw.read1(1 << 16, decode_content=True):
            body += piece
            if self.clock.monotonic() > deadline:
                raise TransientAnswer("the answer took too long")
            if len(body) > MAX_BODY:
                raise PermanentAnswer("the answer was larger than any that was asked for")
        return bytes(body)

    def _without_key(self, body: bytes) -> bytes:
        return self._key.sub(b"[key]", body) if self._key else body

    def _spells_key(self, body: bytes) -> bool:
        """Whether references to characters (`&#99;`) make the key."""
        if self._key is None or b"&" not in body:
            return False
        return self._key.search(html.unescape(body.decode("utf-8", "replace")).encode()) is not None

    def _scrub(self, text: str) -> str:
        return self._without_key(text.encode("utf-8", "replace")).decode()

    def _host(self) -> str:
        return self.base_url.split("/")[2]

    def _failed(self, cause: str) -> SourceError:
        return SourceError(
            self._scrub(cause),
            effect=UNCHANGED,
            next_step="check the network, then run `ketum update` again; "
            "`ketum update --offline` shows the demonstration.",
        )

    def _blocked(self, reason: str) -> BlockedError:
        return BlockedError(
            f"{self._host()} gave no data: {reason}.",
            effect=UNCHANGED + " It was not asked again, as that could prolong a block.",
            next_step="look at https://www.ncbi.nlm.nih.gov in a browser and wait a day; if it "
            "lasts, write to eutilities@ncbi.nlm.nih.gov, naming your NCBI_EMAIL.",
        )


def _spellings(key: str) -> re.Pattern[bytes]:
    """What the key looks like in an answer: as it is, or as JSON and addresses write it."""
    spelt = {key, json.dumps(key)[1:-1], quote(key, safe=""), quote_plus(key)}
    return re.compile(b"|".join(re.escape(form.encode()) for form in spelt), re.IGNORECASE)


def _why_unreachable(error: requests.exceptions.ConnectionError) -> str:
    text = str(error)
    if "resolve" in text or "Name or service" in text:
        return "its name could not be resolved (is this machine online?)"
    if "refused" in text:
        return "the connection was refused"
    if "timed out" in text:
        return "the connection timed out"
    return "it could not be reached"
