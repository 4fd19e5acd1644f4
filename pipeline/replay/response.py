"""An HTTP answer, and a request together with the right answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

TOOLS = ("esearch", "epost", "efetch", "esummary", "einfo", "espell")
"""The tools the server has."""

Parameters = dict[str, str]


@dataclass(frozen=True)
class Response:
    """An HTTP answer; the fields after `headers` send it badly, for tests of clients.

    Attributes:
        body: the whole body, not compressed.
        status: the HTTP status.
        content_type: the header of that name.
        headers: further headers.
        chunked: send the body in chunks, without a Content-Length.
        cut_at: hang up after so many bytes of the body, or their share of a compressed one.
        delay: seconds of silence before the first byte.
        pause: seconds between any two bytes of the body.
        reset: break the connection off without a byte.
    """

    body: bytes
    status: int = 200
    content_type: str = "text/xml; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    cut_at: int | None = None
    delay: float = 0.0
    pause: float = 0.0
    reset: bool = False


@dataclass(frozen=True)
class Exchange:
    """A request and the right answer to it.

    Attributes:
        tool: e.g. `esearch`.
        parameters: as the server understood them, without the api_key.
        right: what a server that behaves answers.
        ask: the right answer to any other request.
        api_key: the caller's key, empty if none was sent. NCBI's error bodies echo it.
    """

    tool: str
    parameters: Parameters
    right: Response
    ask: Callable[[str, Parameters], Response]
    api_key: str = field(default="", repr=False)

    @property
    def wants_json(self) -> bool:
        return self.parameters.get("retmode") == "json"


Fault = Callable[[Exchange], Response]
"""What a server that misbehaves does with an exchange: the answer it gives, right or not."""
