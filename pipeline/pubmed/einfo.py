"""One tiny request to PubMed, to learn whether everything is right: `ketum doctor --live`.

EInfo (NLM, "E-utilities In-Depth", NBK25499) says how PubMed is built today; the headers of its
answer say how many requests a second NCBI allows, and so whether it took the API key.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pipeline.clock import Clock
from pipeline.errors import BlockedError, SourceError
from pipeline.pubmed.answers import is_number
from pipeline.pubmed.client import RATE_HEADERS, EutilsClient
from pipeline.pubmed.verdict import TransientAnswer
from pipeline.settings import Settings

PARAMETERS = {"db": "pubmed", "version": "2.0"}
LIMIT_WITHOUT_KEY = 3
"""Requests a second NCBI allows an address without a key (NBK25497)."""


@dataclass(frozen=True)
class LiveAnswer:
    """What one EInfo request told.

    Attributes:
        has_key: whether an API key was sent.
        seconds: how long it took, pacing and repetitions included.
        build: DbBuild, e.g. Build-2025.11.27.06.33.
        record_count: Count, the records PubMed holds.
        last_update: LastUpdate as printed, NLM's time.
        rate_limit: X-RateLimit-Limit, requests a second; None if the answer did not say.
        rate_remaining: X-RateLimit-Remaining; None if the answer did not say.
    """

    has_key: bool
    seconds: float
    build: str
    record_count: int
    last_update: str
    rate_limit: int | None
    rate_remaining: int | None

    def findings(self) -> list[tuple[str, str, bool]]:
        """For `ketum doctor`: (name, value, is it as it should be)."""
        return [
            ("PubMed", f"reachable, answered in {self.seconds:.1f} s", True),
            ("API key at NCBI", *self._key()),
            ("rate limit", _told(self.rate_limit, "requests a second"), True),
            ("rate remaining", _told(self.rate_remaining, "requests in this second"), True),
            ("PubMed build", self.build, True),
            ("PubMed records", str(self.record_count), True),
            ("PubMed updated", self.last_update, True),
        ]

    def _key(self) -> tuple[str, bool]:
        if not self.has_key:
            return "none sent", True
        if self.rate_limit is None:
            return "not refused; the answer names no limit", True
        if self.rate_limit <= LIMIT_WITHOUT_KEY:
            return "not refused, but the limit is that of requests without a key", False
        return "accepted", True


def ask(settings: Settings, clock: Clock) -> LiveAnswer:
    """Ask PubMed about itself, in one paced POST; nothing is written but the pace.

    Raises:
        SourceError: not reachable, refused, blocked, or no valid answer in time.
        ConfigurationError: NCBI says that the key is invalid.
    """
    client = EutilsClient(
        clock,
        pace_file=settings.pace_file,
        base_url=settings.eutils_url,
        email=settings.email,
        api_key=settings.api_key,
    )
    start = clock.monotonic()
    try:
        build, record_count, last_update = client.ask("einfo", PARAMETERS, read_info)
    except BlockedError:
        raise
    except SourceError as error:
        raise SourceError(
            error.cause,
            effect="Nothing changed; an update would end the same way.",
            next_step="check network, proxy and firewall, then `ketum doctor --live` again; "
            "`ketum update --offline` needs none of them.",
        ) from None
    limit, remaining = (_number(client.rate_headers.get(name)) for name in RATE_HEADERS)
    return LiveAnswer(
        has_key=settings.api_key is not None,
        seconds=clock.monotonic() - start,
        build=build,
        record_count=record_count,
        last_update=last_update,
        rate_limit=limit,
        rate_remaining=remaining,
    )


def read_info(body: bytes) -> tuple[str, int, str]:
    """DbBuild, Count and LastUpdate of an EInfo answer about PubMed.

    Raises:
        TransientAnswer: it is no complete answer about PubMed.
    """
    try:
        root = etree.fromstring(body, _SAFE)
    except etree.XMLSyntaxError:
        raise TransientAnswer("the answer was not complete XML") from None
    if errors := [(error.text or "").strip()[:200] for error in root.iter("ERROR")]:
        raise TransientAnswer(f"EInfo said {errors[0]!r}")
    count = root.findtext("DbInfo/Count", "")
    if root.findtext("DbInfo/DbName") != "pubmed" or not is_number(count):
        raise TransientAnswer("the answer was not about PubMed")
    return (
        root.findtext("DbInfo/DbBuild", "not told"),
        int(count),
        root.findtext("DbInfo/LastUpdate", "not told"),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and is_number(text) else None


def _told(number: int | None, of_what: str) -> str:
    return "not told" if number is None else f"{number} {of_what}"


_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
