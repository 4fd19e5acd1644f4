"""The way to E-utilities, against a server that misbehaves as NCBI does."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import parse_qs, quote, quote_plus

import pytest

from pipeline.errors import ConfigurationError, KetumError, SourceError
from pipeline.pubmed import client as client_module
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import esearch
from pipeline.pubmed.sync import efetch
from pipeline.pubmed.timing import PACE_SECONDS, Pacer
from pipeline.pubmed.verdict import PermanentAnswer
from pipeline.settings import ROOT
from tests.conftest import FakeClock
from tests.corpus import article, article_set

pytestmark = pytest.mark.whole

KEY = "canary0000000000000000000000000key"
FOUND = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC '
    b'"-//NLM//DTD esearch 20060628//EN" '
    b'"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
    b"<eSearchResult><Count>2</Count><RetMax>2</RetMax><RetStart>0</RetStart><IdList><Id>2</Id>"
    b"<Id>1</Id></IdList><TranslationSet/><QueryTranslation>kratom</QueryTranslation>"
    b"</eSearchResult>"
)
RECORDS = article_set(article(1, "Kratom"), article(2, "Kratom and pain")).encode()
HTML = b"<!DOCTYPE html>\n<html><body>Your access was blocked</body></html>"


class Reply(NamedTuple):
    """One answer of the scripted server; `raw` goes out as it is in place of all else."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012
    raw: bytes | None = None


class Asked(NamedTuple):
    method: str
    path: str
    body: str


class Ncbi:
    """A server that answers from a script; the last reply repeats."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                outer.asked.append(Asked(self.command, self.path, body))
                reply = outer.script[min(len(outer.asked), len(outer.script)) - 1]
                self.close_connection = True
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, *replies: Reply) -> None:
        self.script = list(replies)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def ncbi() -> Iterator[Ncbi]:
    server = Ncbi()
    yield server
    server.close()


@pytest.fixture
def eutils(ncbi: Ncbi, clock: FakeClock) -> EutilsClient:
    return EutilsClient(clock, pace_file=None, base_url=ncbi.url, api_key=KEY)


def told(error: BaseException) -> str:
    """Everything a log could show of an exception: text, repr, traceback, all behind it."""
    parts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        parts += [str(link), repr(link), repr(getattr(link, "__dict__", ""))]
        link = link.__cause__ or link.__context__
    return "\n".join(parts)


def fails(work: Callable[[], object], kind: type[KetumError]) -> KetumError:
    """The error of `work`, which must not give the key away."""
    with pytest.raises(kind) as caught:
        work()
    assert KEY not in told(caught.value)
    assert caught.value.next_step
    assert "hanged" in caught.value.effect  # "Nothing changed"
    return caught.value


def echo(text: str) -> bytes:
    """An error body as NCBI writes it: the key stands in it."""
    return json.dumps({"error": text, "api-key": KEY}).encode()


def test_requests_are_posts_with_tool_and_key_in_the_body_only(ncbi, clock):
    ncbi.says(Reply(FOUND))
    eutils = EutilsClient(
        clock, pace_file=None, base_url=ncbi.url, email="ana@example.org", api_key=KEY
    )
    assert esearch(eutils, 'kratom[tiab] AND "μ-opioid"').pmids == (1, 2)
    (asked,) = ncbi.asked
    fields = parse_qs(asked.body)
    assert asked.method == "POST"
    assert asked.path == "/esearch.fcgi"
    assert fields["tool"] == ["ketum"]
    assert fields["email"] == ["ana@example.org"]
    assert fields["api_key"] == [KEY]
    assert fields["term"] == ['kratom[tiab] AND "μ-opioid"']


@pytest.mark.parametrize("unset", [None, ""])
def test_email_and_key_are_left_out_when_unset(unset, ncbi, clock):
    ncbi.says(Reply(FOUND))
    esearch(
        EutilsClient(clock, pace_file=None, base_url=ncbi.url, email=unset, api_key=unset), "kratom"
    )
    assert parse_qs(ncbi.asked[0].body).keys() == {
        "db", "term", "retmode", "retstart", "retmax", "tool",
    }  # fmt: skip


def test_a_429_waits_as_long_as_it_is_told_and_asks_again(ncbi, eutils, clock):
    ncbi.says(Reply(echo("slow"), 429, {"Retry-After": "7"}), Reply(FOUND))
    assert esearch(eutils, "kratom").pmids == (1, 2)
    assert clock.passed == pytest.approx(7)


def test_an_absurd_retry_after_is_not_obeyed(ncbi, eutils, clock):
    ncbi.says(Reply(b"", 429, {"Retry-After": "86400"}))
    fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert clock.passed < 301


def test_the_rate_limit_in_a_200_is_a_rate_limit_too(ncbi, eutils, clock):
    ncbi.says(Reply(echo("API rate limit exceeded")), Reply(FOUND))
    assert esearch(eutils, "kratom").pmids == (1, 2)
    assert clock.passed >= 2


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(b"<ERROR>Unable to obtain query #1</ERROR>", 400),
        Reply(echo("error forwarding request: temporarily unavailable"), 400),
        Reply(b"Internal Server Error", 500),
        Reply(b"", 502),
        Reply(b"<html>Service Unavailable</html>", 503),
        Reply(b""),
        Reply(b"  \n"),
        Reply(FOUND[:-30]),
        Reply(RECORDS),
        Reply(b"<eSearchResult><ERROR>Search Backend failed: try again</ERROR></eSearchResult>"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + FOUND),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n<eSearch"),
        Reply(raw=b""),
    ],
    ids=[
        "400 Unable to obtain query", "400 temporarily unavailable", "500", "502", "503 page",
        "empty", "blank", "cut XML", "records",
        "backend failed", "cut body", "cut chunk", "hung up",
    ],
)  # fmt: skip
def test_what_passes_is_asked_for_again(trouble, ncbi, eutils, clock):
    ncbi.says(trouble, trouble, Reply(FOUND))
    assert esearch(eutils, "kratom").pmids == (1, 2)
    assert len(ncbi.asked) == 3
    assert clock.passed > 0.5


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(HTML),
        Reply(b"", 302, {"Location": "/blocked.html"}),
        Reply(b"", 301, {"Location": "https://misuse.ncbi.nlm.nih.gov/error/abuse.shtml"}),
        Reply(echo("Invalid db name specified: pubmet"), 400),
        Reply(echo("Forbidden"), 403),
        Reply(echo("Search failed: retstart cannot be larger than 9998, timeout"), 400),
    ],
    ids=["page", "redirect", "redirect to abuse page", "400 db", "403", "retstart"],
)
def test_what_will_not_pass_ends_at_once(trouble, ncbi, eutils, clock):
    ncbi.says(trouble)
    error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert error.exit_code == 3
    assert len(ncbi.asked) == 1
    assert clock.passed == 0


def test_a_block_says_what_to_do(ncbi, eutils):
    ncbi.says(Reply(HTML))
    assert "eutilities@ncbi.nlm.nih.gov" in str(fails(lambda: esearch(eutils, "x"), SourceError))


def test_a_refusal_shows_the_words_of_ncbi_without_the_key(ncbi, eutils):
    ncbi.says(Reply(echo("Invalid db name specified: pubmet"), 400))
    error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "Invalid db name specified: pubmet" in str(error)
    ncbi.says(Reply(f"<ERROR>Invalid uid, asked by {KEY}</ERROR>".encode(), 400))
    error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "Invalid uid, asked by [key]" in str(error)


def test_what_a_reader_of_answers_says_is_shown_without_the_key(ncbi, eutils):
    """Bodies come to it without the key; whatever else it says of one must not have it either."""

    def finds_it_odd(_body: bytes) -> None:
        raise PermanentAnswer(f"an odd answer to {KEY}")

    ncbi.says(Reply(FOUND))
    asks = {"db": "pubmed", "term": "kratom"}
    with pytest.raises(SourceError) as caught:
        eutils.ask("esearch", asks, finds_it_odd)
    assert "an odd answer to [key]" in str(caught.value)


ODD_KEY = 'ab/cd+ef gh"ij&kl0000000000'


@pytest.mark.parametrize(
    ("key", "echo"),
    [
        (KEY, KEY),
        (KEY, KEY.upper()),
        (KEY, "".join(f"&#{ord(letter)};" for letter in KEY)),
        (ODD_KEY, quote_plus(ODD_KEY)),
        (ODD_KEY, quote(ODD_KEY, safe="")),
        (ODD_KEY, json.dumps(ODD_KEY)[1:-1].replace("&", "&amp;")),
    ],
    ids=["as it is", "capitals", "references", "form", "address", "JSON"],
)
def test_a_good_answer_that_repeats_the_key_is_asked_for_again(key, echo, ncbi, clock):
    eutils = EutilsClient(clock, pace_file=None, base_url=ncbi.url, api_key=key)
    spoilt = RECORDS.replace(b"Kratom and pain", b"Kratom and pain " + echo.encode())
    assert spoilt != RECORDS
    ncbi.says(Reply(spoilt), Reply(RECORDS))
    assert efetch(eutils, [1, 2]) == RECORDS
    ncbi.says(Reply(spoilt))
    with pytest.raises(SourceError, match="repeats NCBI_API_KEY") as caught:
        efetch(eutils, [1, 2])
    assert key not in told(caught.value)


def test_a_key_is_not_shown_in_part_where_words_are_cut(ncbi, eutils):
    """Words are shown up to 200 characters: a key across that end was shown but for its end."""
    words = "Invalid uid " + "x" * (180 - len("Invalid uid ")) + KEY
    ncbi.says(Reply(f"<ERROR>{words}</ERROR>".encode(), 400))
    assert KEY[:8] not in str(fails(lambda: esearch(eutils, "kratom"), SourceError))
    ncbi.says(Reply(f"<eSearchResult><ERROR>{words}</ERROR></eSearchResult>".encode()))
    assert KEY[:8] not in str(fails(lambda: esearch(eutils, "kratom"), SourceError))


def test_a_header_that_repeats_the_key_is_kept_without_it(ncbi, eutils):
    ncbi.says(Reply(FOUND, headers={"X-RateLimit-Limit": f"10 for {KEY}"}))
    esearch(eutils, "kratom")
    assert eutils.rate_headers == {"X-RateLimit-Limit": "10 for [key]"}


@pytest.mark.parametrize("status", [200, 400])
def test_an_invalid_key_is_a_matter_of_configuration(status, ncbi, eutils):
    ncbi.says(Reply(echo("API key invalid"), status))
    error = fails(lambda: esearch(eutils, "kratom"), ConfigurationError)
    assert error.exit_code == 2
    assert "NCBI_API_KEY" in error.next_step
    assert len(ncbi.asked) == 1


def test_trouble_that_stays_ends_as_source_unavailable(ncbi, eutils, caplog):
    ncbi.says(Reply(echo("Internal error"), 500))
    with caplog.at_level(logging.DEBUG):
        error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "server error 500" in str(error)
    assert len(ncbi.asked) == client_module.MAX_TRIES
    assert KEY not in caplog.text


def test_a_repetition_sends_the_same_request(ncbi, eutils):
    ncbi.says(Reply(b"", 500), Reply(FOUND))
    esearch(eutils, "kratom")
    assert ncbi.asked[0] == ncbi.asked[1]


def test_a_refused_connection_is_told_within_seconds(clock):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    eutils = EutilsClient(clock, pace_file=None, base_url=f"http://127.0.0.1:{port}/", api_key=KEY)
    error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "refused" in str(error)
    assert clock.passed < 10


def test_a_server_that_never_answers_is_given_up(clock, monkeypatch):
    monkeypatch.setattr(client_module, "READ_TIMEOUT", 0.1)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        eutils = EutilsClient(clock, pace_file=None, base_url=url, api_key=KEY)
        error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "no answer in time" in str(error)


def test_an_answer_that_trickles_in_is_given_up(ncbi, clock, monkeypatch):
    class Hasty(FakeClock):
        def monotonic(self) -> float:
            self.passed += 400
            return self.passed

    ncbi.says(Reply(FOUND))
    eutils = EutilsClient(Hasty(), pace_file=None, base_url=ncbi.url)
    assert "took too long" in str(fails(lambda: esearch(eutils, "kratom"), SourceError))


def test_a_name_that_does_not_resolve_is_said_to_be_that(clock, monkeypatch):
    def unknown(*_args: object, **_rest: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    eutils = EutilsClient(clock, pace_file=None, base_url="http://eutils.invalid/", api_key=KEY)
    error = fails(lambda: esearch(eutils, "kratom"), SourceError)
    assert "could not be resolved" in str(error)
    assert "eutils.invalid" in str(error)


# -- the answers themselves


def test_a_search_that_lists_fewer_ids_than_it_counts_is_refused(ncbi, eutils):
    ncbi.says(Reply(FOUND.replace(b"<Count>2<", b"<Count>3<")))
    assert "counted 3 records and listed 2" in str(
        fails(lambda: esearch(eutils, "kratom"), SourceError)
    )


def test_records_come_as_the_bytes_they_were(ncbi, eutils):
    ncbi.says(Reply(RECORDS))
    assert efetch(eutils, [1, 2]) == RECORDS
    assert parse_qs(ncbi.asked[0].body)["id"] == ["1,2"]


@pytest.mark.parametrize(
    "trouble",
    [
        RECORDS[: len(RECORDS) // 2],
        b"<eFetchResult><ERROR>Cannot get document summary</ERROR></eFetchResult>",
        b"<OtherSet/>",
        FOUND,
    ],
    ids=["cut", "error in XML", "another document", "a search answer"],
)
def test_half_an_answer_is_never_taken_for_records(trouble, ncbi, eutils):
    ncbi.says(Reply(trouble), Reply(RECORDS))
    assert efetch(eutils, [1, 2]) == RECORDS
    assert len(ncbi.asked) == 2


def test_a_title_that_speaks_of_limits_or_keys_is_no_error(ncbi, eutils):
    body = article_set(article(1, "Kratom: API rate limit exceeded, API key invalid")).encode()
    ncbi.says(Reply(body))
    assert efetch(eutils, [1]) == body


# -- pace


def times(pacer: Pacer, clock: FakeClock, number: int) -> list[float]:
    found = []
    for _ in range(number):
        pacer.wait()
        found.append(clock.monotonic())
    return found


def gaps(moments: list[float]) -> list[float]:
    return [round(b - a, 9) for a, b in pairwise(moments)]


def test_requests_keep_their_distance(tmp_path, ncbi):
    clock = FakeClock()
    ncbi.says(Reply(FOUND))
    eutils = EutilsClient(clock, pace_file=tmp_path / "pace", base_url=ncbi.url)
    moments = []
    for _ in range(5):
        esearch(eutils, "kratom")
        moments.append(clock.monotonic())
    assert min(gaps(moments)) >= 0.35


def test_two_clients_share_one_pace(tmp_path):
    clock = FakeClock()
    pacers = [Pacer(tmp_path / "pace", PACE_SECONDS, clock) for _ in range(2)]
    moments = [times(pacers[turn % 2], clock, 1)[0] for turn in range(8)]
    assert min(gaps(moments)) >= 0.35


def test_two_clients_at_the_same_moment_do_not_burst(tmp_path):
    """Real clock, two threads: the file's lock orders them."""
    from pipeline.clock import Clock

    clock, moments = Clock(), []

    def work() -> None:
        pacer = Pacer(tmp_path / "pace", 0.05, clock)
        for _ in range(4):
            pacer.wait()
            moments.append(clock.monotonic())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a moment is noted after the lock is given back, so allow for a late thread
    assert max(moments) - min(moments) >= 7 * 0.05 - 0.02


def test_processes_share_one_pace(tmp_path):
    """As `ketum update` and a notebook's client would: real clock, two processes."""
    script = (
        "import sys; from pathlib import Path; from pipeline.clock import Clock\n"
        "from pipeline.pubmed.timing import Pacer\n"
        "clock = Clock(); pacer = Pacer(Path(sys.argv[1]), 0.1, clock)\n"
        "for _ in range(4): pacer.wait(); print(clock.monotonic())\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "pace")],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for _ in range(2)
    ]
    moments = sorted(float(line) for p in processes for line in p.communicate()[0].split())
    assert len(moments) == 8
    # a moment is noted after the lock is given back, so allow for a late process
    assert moments[-1] - moments[0] >= 7 * 0.1 - 0.05


def test_with_a_key_the_pace_is_still_below_ten_a_second(tmp_path, ncbi, clock):
    ncbi.says(Reply(FOUND))
    eutils = EutilsClient(clock, pace_file=tmp_path / "pace", base_url=ncbi.url, api_key=KEY)
    moments = []
    for _ in range(4):
        esearch(eutils, "kratom")
        moments.append(clock.monotonic())
    assert min(gaps(moments)) > 0.1


def test_a_time_from_before_a_reboot_delays_by_one_pace_at_most(tmp_path):
    clock = FakeClock()
    clock.sleep(100_000)
    times(Pacer(tmp_path / "pace", 0.35, clock), clock, 1)
    rebooted = FakeClock()
    times(Pacer(tmp_path / "pace", 0.35, rebooted), rebooted, 1)
    assert rebooted.passed <= 0.35
