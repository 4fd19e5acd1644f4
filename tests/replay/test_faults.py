"""The replay server, misbehaving in each of the 25 ways."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import requests
from lxml import etree

from pipeline.cli import main
from pipeline.errors import ConfigurationError
from pipeline.replay import Archive, Exchange, Fault, ReplayServer, Response, faults
from pipeline.replay.answers import TOOLS
from pipeline.replay.faults import Misbehaviour, case
from tests import corpus

pytestmark = pytest.mark.whole

KEY = "canary0000000000000000000000000key"
SAFE = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
ONE = corpus.article(
    30000001, "Kratom in rats", abstract="Leaves.", doi="10.1/one", electronic=2025,
    mesh=(("D032065", "Mitragyna"),),
)  # fmt: skip
TWO = corpus.article(30000002, "Chronic pain and kratom", doi="10.1/two")
THREE = corpus.article(30000003, "Kratom for pain")
QUERY = 'kratom[ti] AND "chronic pain"[ti]'


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    directory = tmp_path_factory.mktemp("corpus")
    corpus.write(directory / "all.xml", ONE, TWO, THREE)
    return Archive.read(directory)


@pytest.fixture
def serving(archive: Archive) -> Iterator[Callable[[Fault], ReplayServer]]:
    """Start a server with a fault; it stops with the test."""
    started: list[ReplayServer] = []

    def start(fault: Fault) -> ReplayServer:
        started.append(ReplayServer(archive, fault=fault).__enter__())
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
def spoilt(serving: Callable[[Fault], ReplayServer]) -> Callable[..., requests.Response]:
    """The answer to one request, spoilt by a case."""

    def ask(name: str, tool: str, **parameters: str) -> requests.Response:
        server = serving(Misbehaviour(case(name), tool))
        return requests.post(
            f"{server.url}{tool}.fcgi", data=parameters, timeout=10, allow_redirects=False
        )

    return ask


def error_of(answer: requests.Response) -> str | None:
    return etree.fromstring(answer.content).findtext("ERROR")


# The catalogue


def test_the_catalogue_has_all_25_numbers_and_stable_names():
    assert {case.number for case in faults.CASES} == set(range(1, 26))
    names = [case.name for case in faults.CASES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    assert all(case.what and case.strikes <= set(TOOLS) for case in faults.CASES)


@pytest.mark.parametrize("name", [case.name for case in faults.CASES])
def test_every_case_spoils_the_answer_of_every_tool_it_strikes(archive, name):
    server = ReplayServer(archive)
    try:
        for tool in case(name).strikes:
            parameters = {"term": QUERY} if tool == "esearch" else {"db": "pubmed"}
            if tool in ("efetch", "esummary", "epost"):
                parameters["id"] = "30000001,30000002,30000003"
            right = server._tools.answer(tool, parameters)
            exchange = Exchange(tool, parameters, right, server._tools.answer, KEY)
            assert case(name).apply(exchange) != right, tool
    finally:
        server.close()


@pytest.mark.parametrize(
    ("tool", "parameters"),
    [
        ("esearch", {"term": ""}),
        ("esearch", {"term": "", "retmode": "json"}),
        ("esearch", {"term": "kratom", "rettype": "count"}),
        ("efetch", {"id": "9", "retmode": "xml"}),
        ("efetch", {"id": "abc"}),
        ("efetch", {"id": "30000001", "rettype": "uilist"}),
        ("esummary", {"id": "9"}),
        ("esummary", {"id": "9", "version": "2.0"}),
        ("esummary", {"id": "x", "retmode": "json"}),
        ("esummary", {"retmode": "json"}),
    ],
)
def test_no_case_stumbles_over_an_error_or_an_empty_answer(archive, tool, parameters):
    server = ReplayServer(archive)
    try:
        right = server._tools.answer(tool, parameters)
        exchange = Exchange(tool, parameters, right, server._tools.answer)
        for one in faults.CASES:
            if tool in one.strikes:
                assert isinstance(one.apply(exchange), Response), one.name
    finally:
        server.close()


# Which requests are struck


def test_a_misbehaviour_counts_the_requests_of_its_tool(serving):
    fault = Misbehaviour(case("unavailable-503"), "efetch", at=2, times=2)
    server = serving(fault)
    asked = ["efetch", "esearch", "efetch", "efetch", "esearch", "efetch"]
    codes = [
        requests.post(f"{server.url}{tool}.fcgi", data={"id": "1", "term": "x"}, timeout=9)
        for tool in asked
    ]
    assert [answer.status_code for answer in codes] == [200, 200, 503, 503, 200, 200]
    assert fault.struck == 2


def test_without_a_tool_all_that_can_be_struck_is(serving):
    server = serving(Misbehaviour(case("zero-hits"), times=None))
    for _ in range(2):
        answer = requests.post(f"{server.url}esearch.fcgi", data={"term": "kratom"}, timeout=9)
        assert b"<Count>0</Count>" in answer.content
    fetched = requests.post(f"{server.url}efetch.fcgi", data={"id": "30000001"}, timeout=9)
    assert b"30000001" in fetched.content


def test_several_misbehaviours_build_on_each_other(serving):
    both = faults.together(
        Misbehaviour(case("fewer-records")), Misbehaviour(case("duplicate-records"))
    )
    server = serving(both)
    fetched = requests.post(f"{server.url}efetch.fcgi", data={"id": "30000001,30000002"}, timeout=9)
    assert pmids(fetched.content) == ["30000001", "30000001"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate-limit", "close: rate-limit-"),
        ("zero-hits:efetch", "does not strike efetch, but esearch"),
        ("zero-hits:esearch:0", "counted from 1"),
        ("zero-hits:esearch:last", "neither the number of a request"),
        ("zero-hits:nosuch", "does not strike nosuch"),
    ],
)
def test_the_command_line_says_what_it_does_not_know(text, message, capsys):
    assert main(["replay", "--archive", "nowhere", "--misbehave", text]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "ketum replay --faults" in told or "write CASE:TOOL:2" in told
    with pytest.raises(ConfigurationError):
        faults.misbehaviour(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("unavailable-503", [503, 503, 503, 503]),
        ("unavailable-503:any:3", [200, 200, 503, 200]),
        ("unavailable-503:esearch", [503, 200, 503, 200]),
        ("unavailable-503:esearch:2", [200, 200, 503, 200]),
        ("unavailable-503:efetch:every", [200, 503, 200, 503]),
    ],
)
def test_the_command_line_form_of_a_misbehaviour(archive, text, codes):
    fault = faults.misbehaviour(text)
    right = Response(b"right")
    exchange = Exchange("esearch", {}, right, lambda *_: right)
    tools = ["esearch", "efetch", "esearch", "efetch"]
    assert [fault(replace(exchange, tool=tool)).status for tool in tools] == codes


def test_the_list_of_faults_on_the_command_line(capsys):
    assert main(["replay", "--faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(faults.CASES)
    assert lines[0].split(maxsplit=2) == ["1", "rate-limit-429", faults.CASES[0].what]


# Transport


def test_rate_limit(spoilt):
    answer = spoilt("rate-limit-429", "esearch", term="kratom")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert answer.text == (
        '{"error":"API rate limit exceeded","api-key":"203.0.113.7","count":"4","limit":"3"}\n'
    )
    with_key = spoilt("rate-limit-200", "efetch", id="1", api_key=KEY)
    assert (with_key.status_code, with_key.json()["api-key"]) == (200, KEY)


def test_a_bad_key_is_echoed(spoilt):
    answer = spoilt("api-key-invalid", "esearch", term="x", api_key=KEY)
    assert answer.status_code == 400
    expected = f'{{"error":"API key invalid","api-key":"{KEY}","type":"invalid",\n'
    assert answer.text == expected + '"status":"unknown"}'
    assert KEY in spoilt("key-echoed", "efetch", id="1", api_key=KEY).text


def test_empty_answers(spoilt):
    empty = spoilt("empty-body", "efetch", id="30000001")
    assert (empty.status_code, empty.content) == (200, b"")
    prolog = spoilt("prolog-only", "efetch", id="30000001").text
    assert prolog.startswith('<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet')
    assert "<PubmedArticleSet" not in prolog


@pytest.mark.parametrize(
    ("name", "status", "title"),
    [
        ("html-200", 200, "NCBI - Maintenance"),
        ("block-page", 200, "NCBI - WWW Error Blocked Diagnostic"),
        ("redirect-to-block-page", 302, "302 Found"),
        ("server-error-500", 500, "NCBI/eutils202 - WWW Error 500 Diagnostic"),
        ("bad-gateway-502", 502, "502 Bad Gateway"),
        ("unavailable-503", 503, "503 Service Unavailable"),
        ("uri-too-long-414", 414, "414 Request-URI Too Long"),
    ],
)
def test_web_pages(spoilt, name, status, title):
    answer = spoilt(name, "esearch", term="kratom")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f"<title>{title}</title>" in answer.text
    moved = "https://misuse.ncbi.nlm.nih.gov/error/abuse.shtml" if status == 302 else None
    assert answer.headers.get("Location") == moved


@pytest.mark.parametrize("name", ["broken-chunk", "cut-connection"])
def test_a_broken_connection_is_noticed_by_http(spoilt, name):
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        spoilt(name, "efetch", id="30000001")


def test_cut_xml_is_not_noticed_by_http(spoilt):
    answer = spoilt("cut-xml", "efetch", id="30000001")
    assert len(answer.content) > 1000
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.content)


def test_a_whole_answer_may_come_without_its_length(serving):
    def chunked(exchange: Exchange) -> Response:
        return replace(exchange.right, body=exchange.right.body * 20, chunked=True)

    server = serving(chunked)
    answer = requests.post(f"{server.url}efetch.fcgi", data={"id": "30000001"}, timeout=9)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.content.count(b"</PubmedArticleSet>") == 20

    # HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=9) as client:
        client.sendall(b"GET /efetch.fcgi?id=30000001 HTTP/1.0\r\n\r\n")
        with client.makefile("rb") as stream:
            head, _, body = stream.read().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert b"Content-Length" not in head
    assert body == answer.content


def test_reset(spoilt):
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        spoilt("reset", "esearch", term="kratom")


def test_a_hanging_and_a_trickling_server_can_be_stopped(archive):
    for name, first in (("hang", b""), ("trickle", b"<")):
        with ReplayServer(archive, fault=Misbehaviour(case(name))) as server:
            host, port = server.url.split("/")[2].split(":")
            with socket.create_connection((host, int(port)), timeout=0.4) as client:
                client.sendall(b"GET /esearch.fcgi?term=x HTTP/1.1\r\nHost: x\r\n\r\n")
                received = b""
                with pytest.raises(TimeoutError):
                    while not received.endswith(b"\r\n\r\n<"):
                        received += client.recv(1)
                    raise TimeoutError
                assert received[-1:] == first
                begun = time.monotonic()
        assert time.monotonic() - begun < 2


# Error documents


def test_a_400_may_pass_or_stay(spoilt):
    passing = spoilt("transient-400", "efetch", id="1")
    assert passing.status_code == 400
    assert error_of(passing) == (
        " Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
    )
    staying = spoilt("permanent-400-id-list-empty", "efetch", id="1")
    assert staying.status_code == 400
    assert error_of(staying) == "ID list is empty! Possibly it has no correct IDs."


def test_errors_in_a_200(spoilt):
    searched = spoilt("error-in-200", "esearch", term="x", retmode="json")
    assert searched.json()["esearchresult"] == {
        "ERROR": "Search Backend failed: Couldn't resolve #pmquerysrv-mz?dbaf=pubmed, "
        "the address table is empty."
    }
    fetched = spoilt("error-in-200", "efetch", id="1")
    assert fetched.status_code == 200
    assert "External viewer error" in (error_of(fetched) or "")
    backend = spoilt("search-backend-500-in-200", "esearch", term="x")
    assert (error_of(backend) or "").endswith("temporarily unavailable. Please try again later.")


def test_json_with_a_raw_line_break(spoilt):
    answer = spoilt("json-raw-newline", "esearch", term="x", retmode="json")
    with pytest.raises(ValueError, match="control character"):
        json.loads(answer.content)
    assert answer.content.startswith(
        b'{"header":{"type":"esearch","version":"0.3"},'
        b'"esearchresult":{"ERROR":"Search Backend failed: Exception:\n\'retstart\' cannot be'
    )


def test_beyond_the_window_and_gone_history(spoilt):
    assert spoilt("beyond-window", "esearch", term="x").status_code == 200
    fetched = spoilt("beyond-window", "efetch", query_key="1", WebEnv="x")
    assert fetched.status_code == 400
    assert (error_of(fetched) or "").startswith("Search backend cannot retrieve history data. ")
    gone = spoilt("history-expired", "efetch", query_key="3", WebEnv="x")
    assert (gone.status_code, error_of(gone)) == (200, "Unable to obtain query #3")
    summaries = spoilt("history-expired", "esummary", query_key="1", retmode="json")
    assert summaries.text == '{"esummaryresult":["Unable to obtain query #1"]}\n'


# Search results


def hits(answer: requests.Response) -> tuple[int, list[str], str]:
    root = etree.fromstring(answer.content)
    ids = [element.text or "" for element in root.iterfind("IdList/Id")]
    return int(root.findtext("Count", "")), ids, root.findtext("QueryTranslation", "")


@pytest.mark.parametrize(
    ("name", "count", "ids"),
    [
        ("clamped", 3, ["30000003"]),
        ("count-above-ids", 4, ["30000003", "30000002", "30000001"]),
        ("count-drift", 2, ["30000002", "30000001"]),
        ("zero-hits", 0, []),
        ("half-the-hits", 1, ["30000003"]),
    ],
)
def test_other_numbers_of_hits(spoilt, name, count, ids):
    plain = spoilt(name, "esearch", term="kratom[ti]")
    assert hits(plain) == (count, ids, '"kratom"[Title]')
    as_json = spoilt(name, "esearch", term="kratom[ti]", retmode="json").json()["esearchresult"]
    assert (as_json["count"], as_json["idlist"]) == (str(count), ids)
    assert as_json["querytranslation"] == '"kratom"[Title]'


def test_a_clamped_page_says_so_and_keeps_its_history(spoilt):
    root = etree.fromstring(spoilt("clamped", "esearch", term="kratom[ti]", usehistory="y").content)
    assert root.findtext("RetMax") == "1"
    assert root.findtext("WarningList/OutputMessage") == (
        "Restrictions achieved. start and count adjusted to 0, 1"
    )
    assert root.findtext("WebEnv", "").startswith("MCID_")


def test_dropped_operands_broaden_the_search(spoilt):
    silent = spoilt("dropped-term", "esearch", term=QUERY)
    assert hits(silent) == (3, ["30000003", "30000002", "30000001"], '"kratom"[Title]')
    assert b"ErrorList" not in silent.content
    assert b"WarningList" not in silent.content
    told = etree.fromstring(spoilt("dropped-phrase", "esearch", term=QUERY).content)
    assert told.findtext("Count") == "3"
    assert told.findtext("WarningList/QuotedPhraseNotFound") == '"chronic pain"[ti]'
    assert hits(spoilt("dropped-term", "esearch", term="kratom[ti]"))[0] == 3


def test_a_dropped_field_searches_everywhere(spoilt):
    term = 'kratom[ti] AND (nothing[ti] OR "journal article"[ti])'
    told = spoilt("dropped-field", "esearch", term=term)
    assert hits(told)[0] == 3
    assert etree.fromstring(told.content).findtext("ErrorList/FieldNotFound") == "ti"


# Records


def pmids(body: bytes) -> list[str]:
    root = etree.fromstring(body, SAFE)
    found = root.xpath("*/*/PMID/text()")
    assert isinstance(found, list)
    return [str(text) for text in found]


def fetched(spoilt: Callable[..., requests.Response], name: str) -> etree._Element:
    answer = spoilt(name, "efetch", id="30000001,30000002,30000003", retmode="xml")
    assert answer.status_code == 200
    return etree.fromstring(answer.content, SAFE)


def title(article: etree._Element) -> str:
    return "".join(map(str, article.find(".//ArticleTitle").itertext()))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fewer-records", [1, 2]),
        ("duplicate-records", [1, 2, 3, 1]),
        ("other-order", [3, 2, 1]),
        ("empty-set", []),
    ],
)
def test_other_sets_than_asked_for(spoilt, name, expected):
    answer = spoilt(name, "efetch", id="30000001,30000002,30000003", retmode="xml")
    assert pmids(answer.content) == [str(30000000 + number) for number in expected]


def test_a_record_not_asked_for_is_another_one_throughout(spoilt):
    extra = fetched(spoilt, "records-not-asked-for")[-1]
    assert extra.findtext("MedlineCitation/PMID") == "9"
    assert extra.findtext("PubmedData/ArticleIdList/ArticleId") == "9"
    assert b"30000001" not in etree.tostring(extra)


def test_books_deletions_and_bare_records(spoilt):
    root = fetched(spoilt, "book-record")
    assert [child.tag for child in root] == ["PubmedBookArticle", *["PubmedArticle"] * 2]
    assert root.findtext("PubmedBookArticle/BookDocument/PMID") == "30000001"
    assert title(root[0]) == "Kratom in rats"
    assert fetched(spoilt, "delete-citation").findtext("DeleteCitation/PMID") == "9"
    bare = fetched(spoilt, "bare-record")[0]
    tags = {element.tag for element in bare.iter()}
    assert not tags & {"Abstract", "AuthorList", "ArticleDate", "MeshHeadingList"}
    assert bare.findtext(".//ArticleId[@IdType='doi']") is None
    assert title(bare) == "Kratom in rats"


def test_dates(spoilt):
    zoo = fetched(spoilt, "date-zoo")
    dates = ["".join(map(str, date.itertext())) for date in zoo.iter("PubDate")]
    assert dates == ["1998 Dec-1999 Jan", "2019Spring", "20190704"]
    online = fetched(spoilt, "electronic-year")[0]
    assert [date.findtext("Year") for date in online.iter("ArticleDate")] == ["2001"]
    assert online.findtext(".//PubDate/Year") == "2025"
    entered = fetched(spoilt, "back-dated-entry")[0].find("PubmedData/History")
    assert {date.get("PubStatus"): date.findtext("Year") for date in entered} == {
        "entrez": "2025", "pubmed": "1999",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "publication_type"),
    [
        ("retracted", "RetractionIn", "Retracted Publication"),
        ("retraction-notice", "RetractionOf", "Retraction Notice"),
        ("expression-of-concern", "ExpressionOfConcernIn", "Journal Article"),
    ],
)
def test_retractions(spoilt, name, kind, publication_type):
    first, *others = fetched(spoilt, name)
    comment = first.find(".//CommentsCorrections")
    assert comment.get("RefType") == kind
    assert comment.find("PMID") is None
    assert [element.text for element in first.iter("PublicationType")][-1] == publication_type
    assert all(other.find(".//CommentsCorrections") is None for other in others)


def test_later_and_unsafe_xml(spoilt):
    def body(name: str) -> bytes:
        return bytes(spoilt(name, "efetch", id="30000001", retmode="xml").content)

    assert b"pubmed_270101.dtd" in body("new-dtd")
    assert b'<!DOCTYPE PubmedArticleSet SYSTEM "http://dtd.nlm.nih.gov/' in body("http-doctype")
    assert b"Kratom in rats&alpha;</ArticleTitle>" in body("named-entity")
    outside = body("external-entity")
    assert b'<!ENTITY outside SYSTEM "http://127.0.0.1:9/outside">]>' in outside
    assert b"Kratom in rats&outside;</ArticleTitle>" in outside
    for name in ("new-dtd", "http-doctype", "named-entity", "external-entity", "unknown-tag"):
        assert pmids(body(name)) == ["30000001"]
    assert b"<NewInALaterDtd" in body("unknown-tag")


def test_a_summary_is_an_error_of_its_own(spoilt):
    asked = {"id": "30000001,30000002"}
    documents = spoilt("summary-error", "esummary", **asked, retmode="json").json()["result"]
    assert documents["30000001"] == {
        "uid": "30000001", "error": "cannot get document summary",
    }  # fmt: skip
    assert documents["30000002"]["title"] == "Chronic pain and kratom"
    second = etree.fromstring(spoilt("summary-error", "esummary", **asked, version="2.0").content)
    first, other = second.iter("DocumentSummary")
    assert [(child.tag, child.text) for child in first] == [
        ("error", "cannot get document summary")
    ]
    assert other.findtext("Title") == "Chronic pain and kratom"
    simple = etree.fromstring(spoilt("summary-error", "esummary", **asked).content)
    assert [child.tag for child in simple] == ["ERROR", "DocSum"]
    assert simple[0].text == "UID=30000001: cannot get document summary"


def test_summaries_fail_in_their_own_ways(spoilt):
    many = spoilt("summary-too-many", "esummary", id="30000001", retmode="json").json()
    assert many["error"].startswith("Too many UIDs in request. Maximum number of UIDs is 500 for")
    hidden = spoilt("error-in-200", "esummary", id="30000001")
    assert '<DocumentSummarySet status="OK"><!-- DocSum Backend failed -->' in hidden.text
    failed = spoilt("transient-400", "esummary", id="30000001")
    assert failed.status_code == 400
    assert error_of(failed) == "Error occurred: cannot get document summary"


def test_foreign_and_malformed_ids(spoilt):
    cited = fetched(spoilt, "reference-ids")[2]
    assert cited.findtext("PubmedData/ArticleIdList/ArticleId[@IdType='doi']") is None
    assert cited.findtext(".//ArticleId[@IdType='doi']") == "10.9999/of-a-reference"
    bad = fetched(spoilt, "malformed-doi")[0]
    assert bad.findtext(".//ArticleId[@IdType='doi']") == "10.31857/S0026898424050076, EDN: HUNTKB"
    orcids = [
        element.text or "" for element in fetched(spoilt, "orcid-forms")[0].iter("Identifier")
    ]
    assert len(orcids) == 4
    assert {re.sub(r"\D", "", orcid) for orcid in orcids} == {"0000000218250097"}


def test_inline_markup_does_not_end_a_text(spoilt):
    first = fetched(spoilt, "inline-markup")[0]
    assert title(first) == "Mitragyna Kratom in rats"
    assert first.find(".//ArticleTitle").text is None
    abstract = "".join(map(str, first.find(".//AbstractText").itertext()))
    assert abstract == "The Ki (Ki) was 10-9 M."


def test_spoiling_an_answer_leaves_the_archive_alone(archive: Archive):
    before = [record.raw for record in archive.records]
    with ReplayServer(archive, fault=Misbehaviour(case("date-zoo"), times=1)) as server:
        for _ in range(2):
            answer = requests.post(f"{server.url}efetch.fcgi", data={"id": "30000001"}, timeout=9)
    assert b"<Year>2025</Year>" in answer.content
    assert [record.raw for record in archive.records] == before
