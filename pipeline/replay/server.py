"""An E-utilities server on loopback, serving an archive of PubMed XML instead of PubMed.

For tests, the demo and reruns without a network: a client that works here speaks the protocol
as NCBI does. It models the protocol, not PubMed's retrieval (see `search`): counts from
here are counts of the archive. There is no rate limit and no api_key check; `fault` makes the
server misbehave (see `faults`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType

from pipeline.replay.archive import Archive
from pipeline.replay.response import Exchange, Fault, Parameters, Response
from pipeline.replay.tools import Tools
from pipeline.replay.wire import HttpServer

_log = logging.getLogger("ketum")


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
        host: where to listen.
        port: 0 for any free one.
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
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Callable[[], datetime] | None = None,
        fault: Fault | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._tools = Tools(archive, clock or _now)
        self._fault = fault
        self._lock = Lock()
        self._http = HttpServer((host, port), self._answer, clock)
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
        self._tools.history.expire()

    def _answer(self, tool: str, parameters: Parameters) -> Response:
        api_key = parameters.pop("api_key", "")
        with self._lock:
            self.requests.append(Request(tool, dict(parameters)))
        right = self._tools.answer(tool, parameters)
        if self._fault is None:
            return right
        return self._fault(Exchange(tool, parameters, right, self._tools.answer, api_key))


def serve(
    directory: Path, host: str = "127.0.0.1", port: int = 8765, *, fault: Fault | None = None
) -> None:
    """Serve a directory of PubMed XML until interrupted (for `ketum replay --archive DIR`).

    Raises:
        SourceError: if the directory cannot be read.
        OSError: if the port is taken.
    """
    server = ReplayServer(Archive.read(directory), host, port, clock=_now, fault=fault)
    _log.info("serving %s at %s (Ctrl-C ends it)", directory, server.url)
    try:
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    finally:
        server.close()
