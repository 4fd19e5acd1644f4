"""Every client retrieves the same records from the replay server: the sets are by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pipeline.replay import Archive, ReplayServer
from pipeline.replay.archive import Record
from tests import corpus
from tests.clients.programs import CLIENTS, Retrieved, needs, run_edirect
from tests.entrez import lead

pytestmark = pytest.mark.whole

MITRAGYNA, CHRONIC_PAIN = ("D032065", "Mitragyna"), ("D059350", "Chronic Pain")
REVIEW, CASE_REPORTS = ("D016454", "Review"), ("D002363", "Case Reports")
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">18</PMID><ArticleIdList>
<ArticleId IdType="bookaccession">NBK18</ArticleId></ArticleIdList><Book><Publisher>
<PublisherName>Leaf Press</PublisherName></Publisher><BookTitle>Plants</BookTitle>
<PubDate><Year>2022</Year></PubDate></Book><ArticleTitle>Kratom leaves</ArticleTitle>
<Language>eng</Language></BookDocument><PubmedBookData><History><PubMedPubDate PubStatus="pubmed">
<Year>2022</Year><Month>2</Month><Day>2</Day></PubMedPubDate></History></PubmedBookData>
</PubmedBookArticle>"""
RECORDS = (
    corpus.article(
        11, "Kratom use and chronic pain: a survey", year=2024, entered="2024-03-10",
        mesh=(MITRAGYNA, CHRONIC_PAIN),
    ),
    corpus.article(
        12, "Mitragynine relieves pain in rats", year=2021, entered="2021-07-01",
        abstract="It binds to µ-opioid receptors.", mesh=(MITRAGYNA,), doi="10.1/twelve",
    ),
    corpus.article(
        13, "Kratom-associated deaths", year="2019 Dec-2020 Jan", entered="2019-12-30",
        types=(CASE_REPORTS,),
    ),
    corpus.article(
        14, "Pain that is chronic, and its treatment", year=2024, entered="2024-01-01",
        types=(REVIEW,), mesh=(CHRONIC_PAIN,),
    ),
    corpus.article(
        15, "<i>Mitragyna speciosa</i> in Malaysia", year=2015, entered="2015-05-05",
        abstract="Known there as <b>ketum</b>.",
    ),
    corpus.article(16, "Growth of wheat", year=2023, electronic=2022, entered="2022-12-31"),
    corpus.article(17, "Chronic pain in horses", year=2023, entered="2023-06-06", types=(REVIEW,)),
    BOOK,
)  # fmt: skip

EXPECTED = {
    # Words, phrases, truncation, fields
    "kratom": {11, 13, 18},
    "kratom[ti]": {11, 13, 18},
    '"chronic pain"[tiab]': {11, 17},
    "chronic pain": {11, 14, 17},
    "mitragyn*[tw]": {11, 12, 15},
    "mitragyn*[ti]": {12, 15},
    "opioid[ab] OR ketum[ab]": {12, 15},
    "nosuchword[ti]": set(),
    # Operators and parentheses, from left to right
    "kratom[ti] OR pain[ti] AND rats[ti]": {12},
    "kratom[ti] OR (pain[ti] AND rats[ti])": {11, 12, 13, 18},
    "pain[ti] NOT chronic[ti]": {12},
    # Headings, types, identifiers
    "mitragyna[mesh:noexp]": {11, 12},
    '"Chronic Pain"[Mesh] AND review[pt]': {14},
    "review[Publication Type]": {14, 17},
    "10.1/twelve[doi]": {12},
    "12[uid] OR 17[pmid]": {12, 17},
    "12:15[UID]": {12, 13, 14, 15},
    # Dates: of entry, of publication (either of two), ranges with an open month
    "2024/01/01:2024/12/31[edat]": {11, 14},
    "2019:2021[crdt]": {12, 13},
    "2022[dp]": {16, 18},
    "2023[pdat]": {16, 17},
    "2019[dp]": {13},
    '"2023/06"[edat] : "2024/02"[edat]': {14, 17},
    # Subsets
    "all[sb]": {11, 12, 13, 14, 15, 16, 17, 18},
    "all [SB] NOT pubmed books [SB]": {11, 12, 13, 14, 15, 16, 17},
    "kratom AND medline[sb]": {11, 13},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplayServer]:
    directory = tmp_path_factory.mktemp("corpus")
    corpus.write(directory / "all.xml", *RECORDS)
    with ReplayServer(Archive.read(directory)) as running:
        yield running


@pytest.fixture(scope="module")
def answers(
    server: ReplayServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Retrieved]]:
    """What a client retrieves for all the queries; each client is run once."""
    known: dict[str, dict[str, Retrieved]] = {}

    def retrieve(name: str) -> dict[str, Retrieved]:
        if name not in known:
            with pytest.MonkeyPatch.context() as patch:
                lead(patch, server.url)
                directory = tmp_path_factory.mktemp("client")
                known[name] = CLIENTS[name](server.url, list(EXPECTED), directory)
        return known[name]

    return retrieve


@pytest.mark.parametrize(
    "client",
    # EDirect's shell scripts take a second for each query.
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "EDirect")) for name in CLIENTS],
)
def test_every_client_retrieves_exactly_these(client, answers):
    retrieved = answers(client)
    assert {query: answer.found for query, answer in retrieved.items()} == EXPECTED
    assert {query: answer.fetched for query, answer in retrieved.items()} == EXPECTED
    if client != "ketum":  # asks for no summaries
        assert {query: answer.summed_up for query, answer in retrieved.items()} == EXPECTED


def test_edirect_filters_posts_dates_and_fields(server):
    def uids(command: str) -> list[str]:
        return run_edirect(server.url, f"{command} | efetch -format uid").split()

    found = "esearch -db pubmed -query 'pain[ti]'"
    assert uids(f"{found} | efilter -query 'chronic[ti]'") == ["11", "14", "17"]
    assert uids(f"{found} -datetype EDAT -mindate 2024/02 -maxdate 2024/12") == ["11"]
    assert uids("epost -db pubmed -id 11,16,99") == ["11", "16"]
    fields = run_edirect(server.url, "einfo -db pubmed -fields")
    assert "EDAT\tDate - Entry" in fields


@pytest.fixture(scope="module")
def large() -> Iterator[ReplayServer]:
    """More than twice what one ESearch gives: 25,000 records, 24,000 of them on kratom."""
    raw = (
        '<PubmedArticle><MedlineCitation><PMID Version="1">{0}</PMID><Article><ArticleTitle>{1}'
        "</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )
    records = [
        Record(n, 1, raw.format(n, "wheat" if n % 25 == 0 else "kratom").encode())
        for n in range(1, 25_001)
    ]
    with ReplayServer(Archive(records)) as running:
        yield running


@pytest.mark.slow  # a pipeline of programs for each range
def test_edirect_goes_beyond_the_window_by_ranges_of_uids(large):
    answer = run_edirect(
        large.url, "esearch -db pubmed -query 'kratom[ti]' | efetch -format uid 2>/dev/null"
    )
    assert [int(uid) for uid in answer.split()] == [n for n in range(1, 25_001) if n % 25]
    terms = [request.parameters.get("term", "") for request in large.requests]
    assert "all [SB] NOT pubmed books [SB]" in terms
    assert any(term.endswith("13001:26000 [UID])") for term in terms)


def test_edirect_pages_through_the_history(large):
    # Hundreds of records a page, from the history server and not by id.
    command = "esearch -db pubmed -query 'kratom[ti] AND 1:1500[uid]' -quick | esummary"
    answer = run_edirect(large.url, f"{command} | xtract -pattern DocumentSummary -element Id")
    assert {int(uid) for uid in answer.split()} == {n for n in range(1, 1_501) if n % 25}
    pages = [request.parameters for request in large.requests if request.tool == "esummary"]
    assert [(page["query_key"], page["retstart"]) for page in pages] == [("1", "0"), ("1", "1000")]


def test_a_client_that_is_not_here_is_named(monkeypatch):
    needs("present", present=True)
    monkeypatch.delenv("KETUM_CLIENTS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^needs its own program: absent$"):
        needs("absent", present=False)
    monkeypatch.setenv("KETUM_CLIENTS", "required")
    with pytest.raises(pytest.fail.Exception, match="needs its own program: absent"):
        needs("absent", present=False)
