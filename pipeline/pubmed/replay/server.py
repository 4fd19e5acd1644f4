"""An E-utilities server on loopback, serving an archive of PubMed XML instead of PubMed.

For tests, the demo and reruns without a network: a client that works here speaks the protocol
as NCBI does. It models the protocol, not PubMed's retrieval (see `search`): counts from
here are counts of the archive. There is no rate limit and no api_key check; a test makes the
server misbehave with `fault`.
"""

from __future__ import annotations

import gzip
import logging
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Lock, Thread
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from pipeline.pubmed.replay.answers import Response, plain
from pipeline.pubmed.replay.archive import Archive
from pipeline.pubmed.replay.tools import Parameters, Tools

__all__ = ["Archive", "Fault", "ReplayServer", "Request", "Response", "serve"]

_log = logging.getLogger(__name__)
_TOOL = re.compile(r"/(\w+)\.f?cgi$")
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)

Fault = Callable[[str, Parameters, int], Response | None]
"""Called with tool, parameters and the number of the request (from 1): an answer to give
instead of the right one, or None. It may also wait, to be slow."""


@dataclass(frozen=True)
class Request:
    """One request as it was understood; the api_key is never kept."""

    tool: str
    parameters: Parameters


class ReplayServer:
    """The server, in a thread of its own while used as a context manager.

    Args:
        archive: what to serve.
        host: where to listen.
        port: 0 for any free one.
        clock: gives the time (aware, UTC), so that tests need not wait for a date.
        fault: see `Fault`.

    Attributes:
        requests: what was asked, in order.
        url: base of the tools, with a slash at the end.
    """

    def __init__(
        self,
        archive: Archive,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        fault: Fault | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._tools = Tools(archive, clock)
        self._fault = fault
        self._lock = Lock()
        self._http = _HttpServer((host, port), self._answer)
        self.url = f"http://{host}:{self._http.server_port}/entrez/eutils/"
        self._thread: Thread | None = None

    def __enter__(self) -> ReplayServer:
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self.close()

    def serve_forever(self) -> None:
        """Serve in this thread until interrupted."""
        self._http.serve_forever()

    def close(self) -> None:
        """Stop listening and hang up on every client."""
        self._http.server_close()
        self._http.hang_up()

    def expire_history(self) -> None:
        """Forget every WebEnv, as NCBI does after some hours."""
        self._tools.expire_history()

    def _answer(self, tool: str, parameters: Parameters) -> Response:
        parameters.pop("api_key", None)
        with self._lock:
            self.requests.append(Request(tool, dict(parameters)))
            number = len(self.requests)
        instead = self._fault(tool, parameters, number) if self._fault else None
        return instead or self._tools.answer(tool, parameters)


def serve(directory: Path, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve a directory of PubMed XML until interrupted (for `ketum replay --archive DIR`).

    Raises:
        SourceError: if the directory cannot be read.
        OSError: if the port is taken.
    """
    server = ReplayServer(Archive.read(directory), host, port)
    _log.info("serving %s at %s", directory, server.url)
    try:
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    finally:
        server.close()


class _HttpServer(ThreadingHTTPServer):
    """Knows its open connections: closing it must also end those kept alive."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], answer: Callable[[str, Parameters], Response]
    ) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Without the look-up of the host's full name, which may ask the network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def hang_up(self) -> None:
        for connection in self.connections.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """HTTP in and out; what is answered is decided elsewhere."""

    protocol_version = "HTTP/1.1"
    server: _HttpServer
    # Headers and body leave together: two small packets would wait for each other.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        # A client that goes away is its own affair.
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Answer a request with its parameters in the address."""
        self._respond("")

    def do_POST(self) -> None:
        """Answer a request with its parameters in a form body (and the address)."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            self._send(plain("a Content-Length is needed\n", 411))
            return
        self._respond(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _respond(self, body: str) -> None:
        address = urlsplit(self.path)
        tool = _TOOL.search(address.path)
        if tool is None:
            self._send(plain("not found\n", 404))
            return
        parameters = _parameters(address.query, body)
        self._send(self.server.answer(tool[1].lower(), parameters))

    def _send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if _GZIP.search(self.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body, 1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        if response.cut_at is not None or self.close_connection:
            self.send_header("Connection", "close")
        elif self.request_version == "HTTP/1.0":
            self.send_header("Connection", "keep-alive")
        self.end_headers()
        self.wfile.write(body[: response.cut_at])

    def handle_expect_100(self) -> bool:
        """Say "go on" at once: it must not wait in the buffer for the answer."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def log_message(self, format: str, *args: object) -> None:
        """Log quietly, and without the address: it may hold an api_key."""
        _log.debug("%s answered", self.command)


def _parameters(*encoded: str) -> Parameters:
    """Parameters by name; ids given several times are joined with commas."""
    found: Parameters = {}
    for text in encoded:
        for name, value in parse_qsl(text, keep_blank_values=True):
            key = "WebEnv" if name.lower() == "webenv" else name.lower()
            found[key] = f"{found[key]},{value}" if key == "id" and key in found else value
    return found
