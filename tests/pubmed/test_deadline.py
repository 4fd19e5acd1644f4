"""An answer that never ends, in every way it can trickle in, against a server that only does that.

Nothing here measures time: what counts is which error comes, and that the server sees the end of
the connection while it would go on for ever.
"""

from __future__ import annotations

import contextlib
import gc
import gzip
import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from pipeline.clock import Clock
from pipeline.errors import SourceError
from pipeline.pubmed import client as client_module
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import esearch
from pipeline.pubmed.timing import DeadlineAdapter
from tests.conftest import FakeClock
from tests.pubmed.test_client import FOUND, KEY

PAUSE = 0.01
"""Between two pieces: no single read times out."""
OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = OK + b"Content-Length: %d\r\n\r\n" % len(FOUND) + FOUND
CHUNKED = b"Transfer-Encoding: chunked\r\n"

Pieces = Callable[[], Iterator[bytes]]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def one_by_one(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def empty_blocks() -> Iterator[bytes]:
    """A gzip stream of stored blocks, each of them empty and none the last."""
    yield OK + CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(gzip.compress(b"")[:10])
    yield from itertools.repeat(chunk(b"\x00\x00\x00\xff\xff"))


TRICKLES: dict[str, Pieces] = {
    "status line": lambda: one_by_one(b"HTTP/1.1 200 " + b"O" * 60_000),
    "header": lambda: one_by_one(OK + b"X-Long: " + b"a" * 60_000),
    "100 Continue": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": lambda: one_by_one(OK + b"Content-Length: 60000\r\n\r\n" + b" " * 60_000),
    # after the shut-down this looks whole: an answer, blanks, and the end of the connection
    "body without a length": lambda: itertools.chain(
        [OK + b"\r\n" + FOUND], itertools.repeat(b" ")
    ),
    "chunk size": lambda: itertools.chain([OK + CHUNKED + b"\r\n"], itertools.repeat(b"0")),
    "chunk extension": lambda: itertools.chain(
        [OK + CHUNKED + b"\r\n5;"], itertools.repeat(b"a=b;")
    ),
    "trailers": lambda: itertools.chain(
        [OK + CHUNKED + b"\r\n" + chunk(FOUND) + b"0\r\n"], itertools.repeat(b"X-More: yes\r\n")
    ),
    "empty gzip blocks": empty_blocks,
    "empty gzip members": lambda: itertools.chain(
        [OK + CHUNKED + b"Content-Encoding: gzip\r\n\r\n"],
        itertools.repeat(chunk(gzip.compress(b""))),
    ),
}


def read_request(caller: socket.socket) -> bytes:
    """A request with its body, or whatever else a caller begins with; empty at its end."""
    said = caller.recv(1 << 16)
    while said.startswith(b"POST"):
        head, _, body = said.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if length is not None and len(body) >= int(length[1]):
            break
        said += caller.recv(1 << 16)
    return said


class Trickle:
    """Answers each request with pieces, until the caller is gone.

    Attributes:
        saw_end: set when a caller ended its connection before the pieces did.
    """

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self.saw_end = threading.Event()
        self.callers = 0
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self.callers += 1
            with caller:
                self._talk(caller)

    def _talk(self, caller: socket.socket) -> None:
        try:
            while read_request(caller):
                for piece in self.pieces():
                    caller.sendall(piece)
                    if self._closing.wait(PAUSE):
                        return
            self.saw_end.set()
        except OSError:
            self.saw_end.set()

    def close(self) -> None:
        self._closing.set()
        self._listener.close()


@pytest.fixture
def trickle() -> Iterator[Callable[[Pieces], Trickle]]:
    made: list[Trickle] = []

    def start(pieces: Pieces) -> Trickle:
        made.append(Trickle(pieces))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TOTAL_DEADLINE", 0.3)


@pytest.mark.parametrize("kind", TRICKLES)
def test_an_answer_that_trickles_in_meets_the_deadline(kind, trickle, hasty):
    server = trickle(TRICKLES[kind])
    url = f"http://127.0.0.1:{server.port}/"
    eutils = EutilsClient(Clock(), pace_file=None, base_url=url, api_key=KEY)
    with pytest.raises(SourceError, match="the answer took too long") as caught:
        esearch(eutils, "kratom")
    assert KEY not in str(caught.value)
    assert server.saw_end.wait(30)
    assert server.callers == 1


def test_so_does_a_handshake(trickle, hasty):
    """TLS takes the socket over: the deadline holds it by another handle."""
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"  # a ServerHello of 16 KiB
    server = trickle(lambda: itertools.chain([record], itertools.repeat(b"\x03")))
    url = f"https://127.0.0.1:{server.port}/"
    eutils = EutilsClient(Clock(), pace_file=None, base_url=url, api_key=KEY)
    with pytest.raises(SourceError, match="the answer took too long"):
        esearch(eutils, "kratom")
    assert server.saw_end.wait(30)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_so_does_a_proxy(scheme, trickle):
    server = trickle(TRICKLES["header"])
    session, line = requests.Session(), DeadlineAdapter()
    session.trust_env = False
    session.mount(f"{scheme}://", line)
    # headers that are cut short may pass for whole ones: `is_over` says that they are not
    with contextlib.suppress(requests.RequestException), line.within(0.3):
        session.get(
            f"{scheme}://eutils.invalid/",
            proxies={scheme: f"http://127.0.0.1:{server.port}"},
            timeout=30,
        )
    assert line.is_over
    assert server.saw_end.wait(30)


def test_a_connection_that_is_done_with_is_let_go(trickle):
    """The second handle must not hold it open."""
    server = trickle(lambda: iter([WHOLE.replace(OK, OK + b"Connection: close\r\n")]))
    url = f"http://127.0.0.1:{server.port}/"
    eutils = EutilsClient(FakeClock(), pace_file=None, base_url=url)
    assert esearch(eutils, "kratom").pmids == (1, 2)
    assert server.saw_end.wait(30)


def test_good_answers_share_a_connection(trickle):
    server = trickle(lambda: iter([WHOLE]))
    url = f"http://127.0.0.1:{server.port}/"
    eutils = EutilsClient(FakeClock(), pace_file=None, base_url=url)
    for query in ("kratom", "mitragynine", "kratom"):
        assert esearch(eutils, query).pmids == (1, 2)
    assert server.callers == 1
    assert not server.saw_end.is_set()
    del eutils
    gc.collect()
    assert server.saw_end.wait(30)
