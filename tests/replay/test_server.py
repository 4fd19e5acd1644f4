"""The E-utilities server, asked by the clients people use."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from Bio import Entrez
from lxml import etree

from pipeline.errors import SourceError
from pipeline.replay import Archive, Exchange, ReplayServer, Response
from pipeline.replay.archive import Record
from tests.entrez import lead

pytestmark = pytest.mark.whole

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def article(pmid: int, title: str, *, version: int = 1, day: int = 1) -> str:
    """An invented article, entered on a day of January 2024."""
    return f"""<PubmedArticle>
  <MedlineCitation Status="MEDLINE"><PMID Version="{version}">{pmid}</PMID>
    <Article><Journal><JournalIssue><PubDate><Year>2024</Year></PubDate></JournalIssue></Journal>
      <ArticleTitle>{title}</ArticleTitle></Article>
    <CommentsCorrectionsList><CommentsCorrections RefType="Cites"><PMID Version="1">7</PMID>
    </CommentsCorrections></CommentsCorrectionsList>
  </MedlineCitation>
  <PubmedData><History><PubMedPubDate PubStatus="pubmed"><Year>2024</Year><Month>1</Month>
    <Day>{day}</Day></PubMedPubDate></History></PubmedData>
</PubmedArticle>"""


def article_set(*records: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "x.dtd">\n'
    return f"{head}<PubmedArticleSet>\n{''.join(records)}\n</PubmedArticleSet>\n".encode()


KRATOM = article(30000001, "Kratom &amp; <i>pain</i> in na\u00efve rats", day=1)
PAIN = article(30000002, "Chronic pain", day=20)
OTHER = article(30000003, "Something else", day=31)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "a.xml").write_bytes(article_set(KRATOM, PAIN, OTHER))
    return Archive.read(tmp_path)


@pytest.fixture
def server(archive: Archive) -> Iterator[ReplayServer]:
    with ReplayServer(archive, clock=lambda: NOON) as running:
        yield running


@pytest.fixture(scope="module")
def large() -> Iterator[ReplayServer]:
    """More records than PubMed hands out of one result."""
    raw = b'<PubmedArticle><MedlineCitation><PMID Version="1">%d</PMID></MedlineCitation>'
    raw += b"</PubmedArticle>"
    with ReplayServer(Archive([Record(n, 1, raw % n) for n in range(1, 10_051)])) as running:
        yield running


def post(server: ReplayServer, tool: str, **parameters: str) -> requests.Response:
    return requests.post(f"{server.url}{tool}.fcgi", data=parameters, timeout=10)


def found(server: ReplayServer, **parameters: str) -> dict[str, Any]:
    answer = post(server, "esearch", db="pubmed", retmode="json", **parameters)
    result: dict[str, Any] = answer.json(strict=False)["esearchresult"]
    return result


# The archive


def test_records_keep_their_bytes(archive: Archive) -> None:
    assert [record.pmid for record in archive.records] == [30000003, 30000002, 30000001]
    assert archive.records[2].raw == KRATOM.encode()


def test_the_last_copy_wins_by_version_then_file(tmp_path: Path) -> None:
    (tmp_path / "2").mkdir()
    (tmp_path / "1.xml").write_bytes(
        article_set(article(5, "new version", version=2), article(6, "first"), article(8, "gone"))
    )
    later = article_set(
        article(5, "old version"), article(6, "second"), article(9, "stays"),
        '<DeleteCitation><PMID Version="1">8</PMID></DeleteCitation>',
    )  # fmt: skip
    (tmp_path / "2" / "2.xml.gz").write_bytes(gzip.compress(later))
    (tmp_path / "3.xml").write_bytes(b"<eSearchResult/>")
    kept = {record.pmid: record.raw for record in Archive.read(tmp_path).records}
    assert sorted(kept) == [5, 6, 9]
    assert b"new version" in kept[5]
    assert b"second" in kept[6]


def test_tags_in_comments_and_cdata_do_not_cut_a_record(tmp_path: Path) -> None:
    tricky = article(5, "x<!-- </PubmedArticle> --><![CDATA[</PubmedArticle>]]>")
    (tmp_path / "a.xml").write_bytes(article_set("<!-- <PubmedArticle> -->", tricky))
    assert [record.raw for record in Archive.read(tmp_path).records] == [tricky.encode()]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.xml", article_set(KRATOM)[:-60]),
        ("bad.xml", article_set(KRATOM.replace("</Article>", ""))),
        ("none.xml", article_set("<PubmedArticle></PubmedArticle>")),
        ("half.xml.gz", gzip.compress(article_set(KRATOM))[:-20]),
        ("noise.xml.gz", b"not gzip"),
        ("latin.xml", article_set(KRATOM).replace(b"utf-8", b"iso-8859-1")),
        ("search.xml", b"<eSearchResult/>"),
    ],
)
def test_a_damaged_archive_is_not_served(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match="Next:"):
        Archive.read(tmp_path)


# ESearch


def test_esearch_xml_has_ncbis_shape(server: ReplayServer) -> None:
    answer = post(server, "esearch", db="pubmed", term="pain[ti]", retmax="1")
    assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        '<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
        '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
        "<eSearchResult><Count>2</Count><RetMax>1</RetMax><RetStart>0</RetStart><IdList>\n"
        "<Id>30000002</Id>\n</IdList><TranslationSet/>"
        '<QueryTranslation>"pain"[Title]</QueryTranslation></eSearchResult>\n'
    )


def test_esearch_json_gives_numbers_as_strings(server: ReplayServer) -> None:
    answer = post(server, "esearch", term="pain[ti]", retmode="json", usehistory="y")
    assert answer.json() == {
        "header": {"type": "esearch", "version": "0.3"},
        "esearchresult": {
            "count": "2",
            "retmax": "2",
            "retstart": "0",
            "querykey": "1",
            "webenv": f"MCID_{int(NOON.timestamp()):08x}0000000000000001",
            "idlist": ["30000002", "30000001"],
            "translationset": [],
            "querytranslation": '"pain"[Title]',
        },
    }


def test_nothing_found_is_said_as_ncbi_says_it(server: ReplayServer) -> None:
    answer = post(server, "esearch", term="zzqqxx[ti] OR pain[nosuchfield]")
    root = etree.fromstring(answer.content)
    assert [(child.tag, child.text) for child in root[-2]] == [
        ("PhraseNotFound", "zzqqxx"),
        ("FieldNotFound", "nosuchfield"),
    ]
    assert root.findtext("WarningList/OutputMessage") == "No items found."
    assert root.find("IdList") is not None
    lists = found(server, term='pain[ti] OR "no pain"[ti] OR of')
    assert lists["warninglist"] == {
        "phrasesignored": ["of"],
        "quotedphrasesnotfound": ['"no pain"[ti]'],
        "outputmessages": [],
    }


def test_count_only(server: ReplayServer) -> None:
    answer = post(server, "esearch", term="pain[ti]", rettype="count")
    assert answer.text.endswith("<eSearchResult><Count>2</Count></eSearchResult>\n")
    assert found(server, term="pain[ti]", rettype="count") == {"count": "2"}


def test_dates_limit_a_search(server: ReplayServer) -> None:
    january = {"datetype": "edat", "mindate": "2024/01/15", "maxdate": "2024/01/20"}
    limited = found(server, term="pain OR kratom", **january)
    assert limited["idlist"] == ["30000002"]
    assert limited["querytranslation"].endswith("AND 2024/01/15:2024/01/20[Date - Entry]")
    # Thirty days before the first of March is the 31st of January.
    assert found(server, term="all[sb]", datetype="edat", reldate="30")["idlist"] == ["30000003"]
    assert found(server, term="all[sb]", mindate="2024", maxdate="2024")["count"] == "3"
    unknown = found(server, term="pain", datetype="xdat", reldate="9")
    assert unknown["errorlist"]["fieldsnotfound"] == ["xdat"]


@pytest.mark.parametrize("term", ["((", "pain) OR (kratom", "pain AND"])
def test_a_syntax_error_reads_as_if_it_would_pass(server: ReplayServer, term: str) -> None:
    error = found(server, term=term, mindate="2020", maxdate="2024")["ERROR"]
    assert error.startswith("Search Backend failed: ")
    assert error.endswith("Search is temporarily unavailable. Please try again later.")


def test_errors_of_esearch_come_with_status_200(server: ReplayServer) -> None:
    assert found(server, term="")["ERROR"] == "Empty term and query_key - nothing todo"
    assert found(server, term="#1")["ERROR"] == "Unable to obtain query #1"
    answer = post(server, "esearch", db="protein", term="pain")
    assert answer.status_code == 200
    assert "\t<ERROR>Database is not supported: protein</ERROR>\n" in answer.text


@pytest.mark.parametrize(
    ("start", "most", "count", "message"),
    [
        ("0", "9999", 9999, None),
        ("0", "20000", 9999, "start and count adjusted to 0, 9999"),
        ("9990", "10", 9, "start and count adjusted to 9990, 9"),
        ("9998", "2", 1, "start and count adjusted to 9998, 1"),
    ],
)
def test_the_window(
    large: ReplayServer, start: str, most: str, count: int, message: str | None
) -> None:
    page = found(large, term="all[sb]", retstart=start, retmax=most)
    assert (page["count"], page["retmax"], len(page["idlist"])) == ("10050", str(count), count)
    assert page["idlist"][0] == str(10_050 - int(start))
    warnings = page.get("warninglist", {"outputmessages": []})["outputmessages"]
    assert warnings == ([f"Restrictions achieved. {message}"] if message else [])


def test_beyond_the_window(large: ReplayServer) -> None:
    answer = post(large, "esearch", term="all[sb]", retstart="9999", retmode="json")
    assert answer.status_code == 200
    # NCBI puts a raw line break into the string: strict JSON readers refuse it.
    with pytest.raises(ValueError, match="control character"):
        json.loads(answer.content)
    error = json.loads(answer.content, strict=False)["esearchresult"]["ERROR"]
    assert error.startswith("Search Backend failed: Exception:\n'retstart' cannot be larger than")

    session = found(large, term="all[sb]", usehistory="y", retmax="0")
    asked = {"query_key": session["querykey"], "WebEnv": session["webenv"], "retmode": "xml"}
    answer = post(large, "efetch", **asked, retstart="9999")
    assert answer.status_code == 400
    assert "<ERROR>Search backend cannot retrieve history data. Reason: " in answer.text
    last = post(large, "efetch", **asked, retstart="9998", retmax="5")
    assert last.content.count(b"<PubmedArticle>") == 1


# EPost, EFetch, EInfo and the history server


def test_efetch_gives_the_bytes_as_they_came(server: ReplayServer) -> None:
    answer = post(server, "efetch", db="pubmed", id="30000002,30000001", retmode="xml")
    assert answer.text == (
        '<?xml version="1.0" ?>\n'
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
        '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
        f"<PubmedArticleSet>{PAIN}\n{KRATOM}</PubmedArticleSet>\n"
    )


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("30000001,99999999,30000001", "30000001\n"),  # missing: silent; twice: once
        ("30000002.30000003", "30000002\n30000003\n"),  # malformed: taken apart
        ("030000002", "30000002\n"),
        ("abc,30000001", "30000001\n"),
    ],
)
def test_efetch_reads_ids_as_ncbi_does(server: ReplayServer, ids: str, expected: str) -> None:
    assert post(server, "efetch", id=ids, rettype="uilist", retmode="text").text == expected


def test_efetch_without_a_record(server: ReplayServer) -> None:
    unknown = post(server, "efetch", id="99999999", retmode="xml")
    assert unknown.status_code == 200
    assert unknown.text.endswith("<PubmedArticleSet></PubmedArticleSet>\n")
    for ids in ("abc", "0", ""):
        invalid = post(server, "efetch", id=ids, retmode="xml")
        assert invalid.status_code == 400
        assert "<eFetchResult>\n\t<ERROR>ID list is empty! Possibly it has no" in invalid.text
    text = post(server, "efetch", id="abc", rettype="uilist", retmode="text")
    assert text.text == "ID+list+is+empty!+Possibly+it+has+no+correct+IDs."


def test_history_from_epost_to_esearch_and_efetch(server: ReplayServer) -> None:
    posted = etree.fromstring(post(server, "epost", id="30000001,30000003,12").content)
    session = {"WebEnv": posted.findtext("WebEnv", ""), "query_key": "1"}
    assert posted.findtext("QueryKey") == "1"
    fetched = post(server, "efetch", **session, rettype="uilist", retmode="text")
    assert fetched.text == "30000001\n30000003\n"
    # Paging is by place in the list, whether a record exists or not.
    page = post(server, "efetch", **session, rettype="uilist", retstart="2", retmax="1")
    assert page.text == ""
    both = found(server, term="#1 AND pain", usehistory="y", WebEnv=session["WebEnv"])
    assert (both["idlist"], both["querykey"]) == (["30000001"], "2")
    # The same by query_key, and with the parameter spelt as other clients do.
    again = found(server, term="pain", query_key="1", webenv=session["WebEnv"])
    assert again["idlist"] == ["30000001"]
    server.expire_history()
    gone = post(server, "efetch", **session, retmode="xml")
    assert gone.status_code == 200
    assert "<ERROR>Unable to obtain query #1</ERROR>" in gone.text
    assert found(server, **session)["ERROR"] == "Unable to obtain query #1"


def test_epost_refuses_what_it_cannot_keep(server: ReplayServer) -> None:
    empty = post(server, "epost", id="abc")
    assert empty.status_code == 400
    assert "<ERROR>Empty ID list; Nothing to store</ERROR>" in empty.text
    assert "Invalid db name specified: nothing" in post(server, "epost", db="nothing").text
    assert post(server, "epost", id="1", retmode="json").status_code == 500


def test_einfo_says_what_this_is(server: ReplayServer) -> None:
    info = etree.fromstring(post(server, "einfo", db="pubmed", version="2.0").content)
    assert info.findtext("DbInfo/Count") == "3"
    assert info.findtext("DbInfo/DbBuild") == "Build-2024.03.01.12.00"
    assert "not PubMed's retrieval" in info.findtext("DbInfo/Description", "")
    names = [name.text for name in info.iterfind("DbInfo/FieldList/Field/Name")]
    assert len(names) == len(set(names))
    listed = post(server, "einfo", retmode="json").json()
    assert listed["einforesult"]["dblist"] == ["pubmed"]
    assert post(server, "einfo", db="pubmed", retmode="json").json()["einforesult"]["dbinfo"]


# HTTP


def test_one_connection_serves_many_requests(server: ReplayServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    sockets = set()
    for path in ("esearch.fcgi?term=pain", "efetch.fcgi?id=30000001", "nosuch.fcgi", "x/y"):
        connection.request("GET", f"/any/prefix/{path}")
        connection.getresponse().read()
        sockets.add(connection.sock)
    assert len(sockets) == 1
    assert None not in sockets
    connection.close()


def test_http_1_0_with_repeated_ids(server: ReplayServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
    connection.request("GET", "/efetch.fcgi?id=30000001&id=30000003&rettype=uilist&retmode=text")
    answer = connection.getresponse()
    assert answer.read() == b"30000001\n30000003\n"
    assert answer.will_close


def test_gzip_only_for_those_who_ask(server: ReplayServer) -> None:
    url = f"{server.url}efetch.fcgi?id=30000001&retmode=xml"
    for accepted, expected in (("gzip", "gzip"), ("identity", None), ("gzip;q=0", None)):
        answer = requests.get(url, headers={"Accept-Encoding": accepted}, timeout=10)
        assert answer.headers.get("Content-Encoding") == expected
        assert KRATOM.encode() in answer.content


def test_unknown_tools_and_bodies_without_a_length(server: ReplayServer) -> None:
    assert post(server, "elink", id="1").status_code == 404
    assert requests.get(server.url, timeout=10).status_code == 404
    chunked = requests.post(f"{server.url}esearch.fcgi", data=iter([b"term=x"]), timeout=10)
    assert chunked.status_code == 411


def test_requests_are_kept_without_the_key(server: ReplayServer) -> None:
    sent = {"term": "pain", "tool": "ketum", "api_key": "secret"}
    requests.post(f"{server.url}esearch.fcgi", data=sent, timeout=10)
    assert server.requests[0].tool == "esearch"
    assert server.requests[0].parameters == {"term": "pain", "tool": "ketum"}


def test_a_fault_answers_instead(archive: Archive) -> None:
    def fault(exchange: Exchange) -> Response:
        if exchange.tool == "esearch":
            return Response(b"{}", 429, "application/json", {"Retry-After": "2"})
        return exchange.right

    with ReplayServer(archive, fault=fault) as server:
        assert post(server, "esearch", term="pain").headers["Retry-After"] == "2"
        assert KRATOM in post(server, "efetch", id="30000001").content.decode()


def test_closing_hangs_up_on_kept_connections(archive: Archive) -> None:
    with ReplayServer(archive) as server, requests.Session() as session:
        url = f"{server.url}einfo.fcgi"
        assert session.get(url, timeout=10).status_code == 200
        server.__exit__(None, None, None)
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=10)


# Bio.Entrez


@pytest.fixture
def entrez(server: ReplayServer, monkeypatch: pytest.MonkeyPatch) -> ReplayServer:
    """Bio.Entrez, with every request led to the server."""
    lead(monkeypatch, server.url)
    return server


def test_bio_entrez_reads_every_small_answer(entrez: ReplayServer) -> None:
    result = Entrez.read(Entrez.esearch(db="pubmed", term="pain[ti]", usehistory="y"))
    assert result["IdList"] == ["30000002", "30000001"]
    assert Entrez.read(Entrez.epost("pubmed", id="30000001"))["QueryKey"] == "1"
    assert Entrez.read(Entrez.einfo())["DbList"] == ["pubmed"]
    assert Entrez.read(Entrez.einfo(db="pubmed"))["DbInfo"][0]["Count"] == "3"
    fetched = Entrez.efetch(
        db="pubmed", retmode="xml", query_key=result["QueryKey"], webenv=result["WebEnv"]
    )
    # Its own article parser would fetch a DTD that it does not bundle.
    pmids = etree.fromstring(fetched.read()).findall("PubmedArticle/MedlineCitation/PMID")
    assert [pmid.text for pmid in pmids] == ["30000002", "30000001"]


def test_bio_entrez_sees_what_was_not_found(entrez: ReplayServer) -> None:
    result = Entrez.read(Entrez.esearch(db="pubmed", term="zzqqxx[ti]"))
    assert result["ErrorList"]["PhraseNotFound"] == ["zzqqxx"]
    assert result["WarningList"]["OutputMessage"] == ["No items found."]
