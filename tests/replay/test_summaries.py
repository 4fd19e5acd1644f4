"""ESummary and ESpell of the replay server, beside answers of NCBI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from Bio import Entrez
from lxml import etree

from pipeline.replay import Archive, ReplayServer
from pipeline.replay.archive import Record
from pipeline.replay.summaries import read_document
from tests.entrez import lead

pytestmark = pytest.mark.whole

ARTICLE = """<PubmedArticle>
  <MedlineCitation Status="MEDLINE"><PMID Version="1">31</PMID>
    <Article>
      <Journal><ISSN IssnType="Print">0003-987X</ISSN>
        <JournalIssue><Volume>92</Volume><Issue>2</Issue>
          <PubDate><Year>1965</Year><Month>Aug</Month></PubDate></JournalIssue>
        <Title>Archives of tests</Title></Journal>
      <ArticleTitle>[Kratom &amp; <i>Mitragyna speciosa</i>: a case.]</ArticleTitle>
      <Pagination><MedlinePgn>188-91</MedlinePgn></Pagination>
      <ELocationID EIdType="doi">10.1/x</ELocationID>
      <Abstract><AbstractText>Leaves.</AbstractText></Abstract>
      <AuthorList><Author><LastName>Leaf</LastName><ForeName>Ana</ForeName><Initials>A</Initials>
          </Author>
        <Author><LastName>Stem</LastName><Initials>GW</Initials><Suffix>Jr</Suffix></Author>
        <Author><CollectiveName>The Root Group</CollectiveName></Author></AuthorList>
      <Language>may</Language>
      <PublicationTypeList><PublicationType>Journal Article</PublicationType>
        <PublicationType>Case Reports</PublicationType></PublicationTypeList>
      <ArticleDate><Year>1965</Year><Month>07</Month><Day>04</Day></ArticleDate>
      <VernacularTitle>Ketum</VernacularTitle></Article>
    <MedlineJournalInfo><MedlineTA>Arch Tests</MedlineTA><NlmUniqueID>0372433</NlmUniqueID>
    </MedlineJournalInfo>
    <CommentsCorrectionsList>
      <CommentsCorrections RefType="Cites"><RefSource>Old</RefSource><PMID>7</PMID>
      </CommentsCorrections>
      <CommentsCorrections RefType="RetractionIn"><RefSource>Arch Tests. 1966;93:1</RefSource>
        <PMID>32</PMID></CommentsCorrections></CommentsCorrectionsList>
  </MedlineCitation>
  <PubmedData>
    <History>
      <PubMedPubDate PubStatus="pubmed"><Year>1965</Year><Month>8</Month><Day>1</Day>
      </PubMedPubDate>
      <PubMedPubDate PubStatus="medline"><Year>2002</Year><Month>3</Month><Day>9</Day>
        <Hour>10</Hour><Minute>1</Minute></PubMedPubDate></History>
    <PublicationStatus>ppublish</PublicationStatus>
    <ArticleIdList><ArticleId IdType="pubmed">31</ArticleId>
      <ArticleId IdType="doi">10.1/x</ArticleId></ArticleIdList>
    <ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9/other</ArticleId>
      </ArticleIdList></Reference></ReferenceList>
  </PubmedData>
</PubmedArticle>"""
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">20</PMID>
  <ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
  <Book><Publisher><PublisherName>Leaf Press</PublisherName></Publisher>
    <BookTitle>All leaves</BookTitle><PubDate><Year>2024</Year></PubDate></Book>
  <ArticleTitle>Kratom</ArticleTitle></BookDocument>
  <PubmedBookData><History/></PubmedBookData></PubmedBookArticle>"""
MANY = [
    f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID></MedlineCitation>'
    "</PubmedArticle>"
    for number in range(1_000, 1_501)
]

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    records = [Record(31, 1, ARTICLE.encode()), Record(20, 1, BOOK.encode())]
    records += [Record(1_000 + i, 1, raw.encode()) for i, raw in enumerate(MANY)]
    clock = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    with ReplayServer(Archive(records), clock=lambda: clock) as running:
        yield running


@pytest.fixture
def ask(server: ReplayServer) -> Ask:
    def post(tool: str, **parameters: str) -> requests.Response:
        return requests.post(f"{server.url}{tool}.fcgi", data=parameters, timeout=10)

    return post


def test_the_first_version_is_the_default_and_has_ncbis_shape(ask: Ask):
    body = ask("esummary", db="pubmed", id="31").text
    assert body.startswith(
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        '<!DOCTYPE eSummaryResult PUBLIC "-//NLM//DTD esummary v1 20041029//EN" '
        '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20041029/esummary-v1.dtd">\n'
        "<eSummaryResult>\n<DocSum>\n\t<Id>31</Id>\n"
        '\t<Item Name="PubDate" Type="Date">1965 Aug</Item>\n'
        '\t<Item Name="EPubDate" Type="Date">1965 Jul 4</Item>\n'
        '\t<Item Name="Source" Type="String">Arch Tests</Item>\n'
        '\t<Item Name="AuthorList" Type="List">\n'
        '\t\t<Item Name="Author" Type="String">Leaf A</Item>\n'
        '\t\t<Item Name="Author" Type="String">Stem GW Jr</Item>\n'
        '\t\t<Item Name="Author" Type="String">The Root Group</Item>\n'
        "\t</Item>\n"
    )
    root = etree.fromstring(body.encode())
    items = {item.get("Name"): item for item in root.iterfind("DocSum/Item")}
    assert items["Title"].text == "[Kratom & Mitragyna speciosa: a case.]"
    assert items["SO"].text == "1965 Aug;92(2):188-91"
    assert items["LangList"][0].text == "Malay"
    assert items["PubStatus"].text == "ppublish"
    assert [(d.get("Name"), d.text) for d in items["History"]] == [
        ("pubmed", "1965/08/01 00:00"), ("medline", "2002/03/09 10:01"),
    ]  # fmt: skip


def test_its_items_are_named_as_at_ncbi(ask: Ask, shared: Path):
    def names(body: bytes) -> list[tuple[str | None, str | None]]:
        first = etree.fromstring(body).find("DocSum")
        assert first is not None
        return [(item.get("Name"), item.get("Type")) for item in first.iterfind("Item")]

    captured = (shared / "eutils" / "captured" / "esummary1.xml").read_bytes()
    assert names(ask("esummary", id="31").content) == names(captured)


def test_version_2_in_xml_and_json_say_the_same(ask: Ask):
    root = etree.fromstring(ask("esummary", id="31", version="2.0").content)
    assert root.findtext("DocumentSummarySet/DbBuild") == "Build261122-1230.1"
    xml = root.find("DocumentSummarySet/DocumentSummary[@uid='31']")
    assert xml is not None
    document = ask("esummary", id="31", retmode="json").json()["result"]["31"]
    assert list(document) == ["uid", *(child.tag.lower() for child in xml)]
    for child in xml:
        if not len(child) and (child.text or "").strip():
            assert document[child.tag.lower()] == child.text
    assert document["sortpubdate"] == "1965/08/01 00:00"
    assert document["sorttitle"] == "kratom & mitragyna speciosa: a case.]"
    assert document["articleids"] == [
        {"idtype": "pubmed", "idtypen": 1, "value": "31"},
        {"idtype": "doi", "idtypen": 3, "value": "10.1/x"},
    ]
    assert document["authors"][2] == {
        "name": "The Root Group", "authtype": "Author", "clusterid": "",
    }  # fmt: skip
    assert document["references"] == [
        {
            "refsource": "Arch Tests. 1966;93:1",
            "reftype": "Retraction in",
            "pmid": 32,
            "note": "",
        }
    ]
    assert document["pubtype"] == ["Journal Article", "Case Reports"]
    assert document["attributes"] == ["Has Abstract"]
    assert document["elocationid"] == "doi: 10.1/x"


@pytest.mark.parametrize(
    ("date", "shown", "sorted_as"),
    [
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998 Dec-1999 Jan", "1998/01/01 00:00"),
        ("<Year>2019</Year><Month>07</Month><Day>04</Day>", "2019 Jul 4", "2019/07/04 00:00"),
        ("<Year>2019</Year><Season>Fall</Season>", "2019 Fall", "2019/10/01 00:00"),
        ("", "", ""),
    ],
)
def test_dates_of_issues(date: str, shown: str, sorted_as: str):
    raw = ARTICLE.replace("<Year>1965</Year><Month>Aug</Month>", date)
    document = read_document(raw.encode())
    assert (document["PubDate"], document["SortPubDate"]) == (shown, sorted_as)


def test_a_chapter_of_a_book(ask: Ask):
    document = ask("esummary", id="20", retmode="json").json()["result"]["20"]
    told = ("title", "doctype", "booktitle", "publishername", "pubdate", "authors", "pubstatus")
    assert [document[name] for name in told] == [
        "Kratom", "chapter", "All leaves", "Leaf Press", "2024", [], "",
    ]  # fmt: skip
    assert document["articleids"][1]["value"] == "NBK1"


def test_a_record_with_nothing_in_it(ask: Ask):
    assert ask("esummary", id="1000", retmode="json").json()["result"]["1000"]["title"] == ""
    assert b"<Id>1000</Id>" in ask("esummary", id="1000").content


def test_errors_have_ncbis_words(ask: Ask, shared: Path):
    bodies = shared / "eutils" / "bodies"

    def same(answer: requests.Response, name: str) -> bool:
        assert answer.status_code == 200
        return bool(answer.json() == json.loads((bodies / name).read_text()))

    assert same(ask("esummary", id="abc", retmode="json"), "esummary_200_invalid_uid.json")
    unknown = ask("esummary", id="999999999", retmode="json")
    assert same(unknown, "esummary_200_missing_uid.json")
    many = ",".join(map(str, range(1_000, 1_501)))
    too_many = ask("esummary", id=many, retmode="json")
    assert same(too_many, "esummary_200_too_many_uids.json")
    nothing = (shared / "eutils" / "captured" / "esummary8.xml").read_bytes()
    assert ask("esummary", db="pubmed").content == nothing


def test_a_bad_id_spoils_the_whole_and_an_unknown_one_only_itself(ask: Ask):
    bad = etree.fromstring(ask("esummary", id="31,20, x9,1000").content)
    assert [(child.tag, child.text) for child in bad] == [
        ("ERROR", "Invalid uid x9 at position= 7")
    ]
    mixed = etree.fromstring(ask("esummary", id="31,999").content)
    assert [child.tag for child in mixed] == ["DocSum", "ERROR"]
    assert mixed[1].text == "UID=999: cannot get document summary"
    second = etree.fromstring(ask("esummary", id="31,999", version="2.0").content)
    assert second.findtext("*/DocumentSummary[@uid='999']/error") == "cannot get document summary"
    assert "Empty id list - nothing todo" in ask("esummary", id="").text


def test_json_has_a_limit_and_xml_has_none(ask: Ask):
    many = ",".join(map(str, range(1_000, 1_501)))
    assert ask("esummary", id=many).content.count(b"<DocSum>") == 501
    fewer = ask("esummary", id=many[5:], retmode="json").json()["result"]
    assert len(fewer["uids"]) == 500


def test_summaries_from_the_history(ask: Ask):
    kept = ask("esearch", term="all[sb]", usehistory="y", retmode="json").json()["esearchresult"]
    session = {"query_key": kept["querykey"], "WebEnv": kept["webenv"]}
    whole = ask("esummary", **session, retmode="json").json()
    assert whole["error"].startswith("Too many UIDs in request.")
    page: dict[str, Any] = ask(
        "esummary", **session, retmode="json", retstart="500", retmax="3"
    ).json()["result"]
    assert page["uids"] == ["1000", "31", "20"]
    gone = ask("esummary", WebEnv=kept["webenv"], query_key="7", retmode="json")
    assert gone.text == '{"esummaryresult":["Unable to obtain query #7"]}\n'
    beyond = ask("esummary", **session, retstart="9999")
    assert "<ERROR>'retstart' cannot be larger than 9998." in beyond.text


def test_spelling_is_never_corrected(ask: Ask, shared: Path):
    answer = ask("espell", db="pubmed", term="kratum & pain")
    root = etree.fromstring(answer.content)
    assert root.findtext("Query") == "kratum & pain"
    assert root.findtext("CorrectedQuery") == ""
    captured = etree.parse(shared / "eutils" / "captured" / "espell.xml")
    assert [child.tag for child in root] == [child.tag for child in captured.getroot()]
    assert root.getroottree().docinfo.doctype == captured.docinfo.doctype
    assert ask("espell", term="x", retmode="json").status_code == 500


def test_bio_entrez_reads_summaries_and_spelling(
    server: ReplayServer, monkeypatch: pytest.MonkeyPatch
):
    lead(monkeypatch, server.url)
    first = Entrez.read(Entrez.esummary(db="pubmed", id="31,20"))
    assert [document["Id"] for document in first] == ["31", "20"]
    assert first[0]["AuthorList"] == ["Leaf A", "Stem GW Jr", "The Root Group"]
    assert Entrez.read(Entrez.espell(db="pubmed", term="kratum"))["CorrectedQuery"] == ""
    with pytest.raises(RuntimeError, match="UID=999: cannot get document summary"):
        Entrez.read(Entrez.esummary(db="pubmed", id="999"))
