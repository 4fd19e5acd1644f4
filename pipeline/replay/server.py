"""An E-utilities server on loopback, serving an archive of PubMed XML instead of PubMed.

For tests, the demo and reruns without a network: a client that works here speaks the protocol
as NCBI does. It models the protocol, not PubMed's retrieval (see `search`): counts from
here are counts of the archive. There is no rate limit and no api_key check; `fault` makes the
server misbehave (see `faults`). HTTP is 1.0 and 1.1, its answers sent well or badly.
"""

from __future__ import annotations

import gzip
import logging
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Event, Lock, Thread
from urllib.parse import parse_qsl, urlsplit

from pipeline.replay.answers import Exchange, Fault, Parameters, Response, plain, uri_too_long
from pipeline.replay.archive import Archive
from pipeline.replay.tools import Tools

_log = logging.getLogger("ketum")
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One request as it was understood; the api_key is never kept."""

    tool: str
    parameters: Parameters


def _now() -> datetime:
    return datetime.now(UTC)


class ReplayServer:
    """The server, in a thread of its own while used as a context manager.

    Args:
        archive: what to serve.
        port: on loopback; 0 for any free one.
        clock: gives the time (aware, UTC), so that tests need not wait for a date. Without one
            the tools go by the machine's, and answers bear no Date, as of a server that has no
            clock (RFC 9110, 6.6.1): what is replayed is not of today.
        fault: sees every request and the right answer to it, and gives the answer to send.

    Attributes:
        requests: what was asked, in order.
        url: base of the tools, with a slash at the end.
    """

    def __init__(
        self,
        archive: Archive,
        port: int = 0,
        *,
        clock: Callable[[], datetime] | None = None,
        fault: Fault | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._tools = Tools(archive, clock or _now)
        self._fault = fault
        self._lock = Lock()
        self._http = HttpServer((_HOST, port), self._answer, clock)
        self.url = f"http://{_HOST}:{self._http.server_port}/entrez/eutils/"
        self._thread: Thread | None = None

    def __enter__(self) -> ReplayServer:
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
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
        self._tools.history.expire()

    def _answer(self, tool: str, parameters: Parameters) -> Response:
        api_key = parameters.pop("api_key", "")
        with self._lock:
            self.requests.append(Request(tool, dict(parameters)))
        right = self._tools.answer(tool, parameters)
        if self._fault is None:
            return right
        return self._fault(Exchange(tool, parameters, right, self._tools.answer, api_key))


def serve(directory: Path, port: int, *, fault: Fault | None = None) -> None:
    """Serve a directory of PubMed XML until interrupted (for `ketum replay --archive DIR`).

    Raises:
        SourceError: if the directory cannot be read.
        OSError: if the port is taken.
    """
    server = ReplayServer(Archive.read(directory), port, clock=_now, fault=fault)
    _log.info("serving %s at %s (Ctrl-C ends it)", directory, server.url)
    try:
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    finally:
        server.close()


_TOOL = re.compile(r"/(\w+)\.f?cgi$")
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
_CHUNK = 1 << 14
_LONGEST_ADDRESS = 3_300
"""Characters of path and query; at NCBI a GET with some 360 PMIDs was too long."""


class HttpServer(ThreadingHTTPServer):
    """Knows its open connections: closing it must also end those kept alive.

    Args:
        address: host and port to listen at; port 0 for any free one.
        answer: gives the answer to a tool and its parameters.
        clock: gives the time that answers bear as their Date; None for no Date.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[str, Parameters], Response],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.answer = answer
        self.clock = clock
        self.connections: set[socket.socket] = set()
        self.closing = Event()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Without the look-up of the host's full name, which may ask the network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def hang_up(self) -> None:
        """End every connection, also those that wait for a slow answer."""
        self.closing.set()
        for connection in self.connections.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """HTTP in and out; what is answered is decided elsewhere."""

    protocol_version = "HTTP/1.1"
    server: HttpServer
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
        # A client may go away: that is not an error here.
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
        if len(self.path) > _LONGEST_ADDRESS:
            self._send(uri_too_long())
            return
        address = urlsplit(self.path)
        tool = _TOOL.search(address.path)
        if tool is None:
            self._send(plain("not found\n", 404))
            return
        parameters = _parameters(address.query, body)
        self._send(self.server.answer(tool[1].lower(), parameters))

    def _send(self, response: Response) -> None:
        if response.delay:
            self.server.closing.wait(response.delay)
        if response.reset:
            # Lingering for no time makes the system send RST in place of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            raise ConnectionAbortedError
        body = response.body
        self.log_request(response.status)
        self.send_response_only(response.status)
        self.send_header("Server", self.version_string())
        if self.server.clock is not None and "Date" not in response.headers:
            self.send_header("Date", format_datetime(self.server.clock(), usegmt=True))
        self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if _GZIP.search(self.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body, 1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        if response.chunked and self.request_version == "HTTP/1.0":
            self.close_connection = True  # the end of the connection is the end of the body
        elif response.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(_chunks(body))
        else:
            self.send_header("Content-Length", str(len(body)))
        if response.cut_at is not None:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        elif self.request_version == "HTTP/1.0":
            self.send_header("Connection", "keep-alive")
        self.end_headers()
        if response.cut_at is not None:
            # of what is sent: a compressed body is shorter than the document
            body = body[: len(body) * response.cut_at // max(len(response.body), 1)]
        if response.pause:
            self._send_slowly(body, response.pause)
        else:
            self.wfile.write(body)

    def _send_slowly(self, body: bytes, pause: float) -> None:
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            self.wfile.flush()
            if self.server.closing.wait(pause):
                return

    def handle_expect_100(self) -> bool:
        """Say "go on" at once: it must not wait in the buffer for the answer."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def log_message(self, format: str, *args: object) -> None:
        """Log quietly, and without the address: it may hold an api_key."""
        _log.debug("%s answered", self.command)


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        piece = body[start : start + _CHUNK]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _parameters(*encoded: str) -> Parameters:
    """Parameters by name; ids given several times are joined with commas."""
    found: Parameters = {}
    for text in encoded:
        for name, value in parse_qsl(text, keep_blank_values=True):
            key = "WebEnv" if name.lower() == "webenv" else name.lower()
            found[key] = f"{found[key]},{value}" if key == "id" and key in found else value
    return found
