"""The replay server under strain: many starts, many clients, long addresses, many records."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import requests
from lxml import etree

from pipeline.replay import Archive, ReplayServer
from pipeline.replay.archive import Record
from pipeline.replay.tools import Tools

pytestmark = pytest.mark.whole

MINIMAL = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>'
    "kratom {pmid}</ArticleTitle></Article></MedlineCitation><PubmedData><History>"
    '<PubMedPubDate PubStatus="pubmed"><Year>{year}</Year><Month>{month}</Month><Day>1</Day>'
    "</PubMedPubDate></History></PubmedData></PubmedArticle>"
)


def records(count: int) -> list[Record]:
    """Minimal records, PMIDs from 1, entered in the 120 months from 2010 to 2019 in turn."""
    return [
        Record(
            pmid, 1,
            MINIMAL.format(
                pmid=pmid, year=2010 + pmid % 120 // 12, month=1 + pmid % 12
            ).encode(),
        )
        for pmid in range(1, count + 1)
    ]  # fmt: skip


def count_of(body: bytes) -> int:
    return int(etree.fromstring(body).findtext("Count", ""))


def test_starting_and_stopping_leaves_nothing_behind():
    archive = Archive(records(3))
    with ReplayServer(archive) as first:
        port = int(first.url.split(":")[2].split("/")[0])
    before = threading.active_count()
    for _ in range(25):
        # The same port each time: it must be free again at once.
        with ReplayServer(archive, port=port) as server, requests.Session() as session:
            answer = session.get(f"{server.url}esearch.fcgi?term=kratom", timeout=10)
            assert count_of(answer.content) == 3
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() == before


def test_many_clients_at_once_get_each_their_own_answer():
    with ReplayServer(Archive(records(400))) as server:

        def work(number: int) -> list[int]:
            """A client with a range of its own: search, keep, and page through the history."""
            low, high = number * 40 + 1, number * 40 + 40
            with requests.Session() as session:
                kept = session.post(
                    f"{server.url}esearch.fcgi",
                    data={"term": f"kratom AND {low}:{high}[uid]", "usehistory": "y"},
                    timeout=30,
                )
                root = etree.fromstring(kept.content)
                names = {
                    "query_key": root.findtext("QueryKey", ""),
                    "WebEnv": root.findtext("WebEnv", ""),
                    "rettype": "uilist",
                    "retmode": "text",
                    "retmax": "7",
                }
                pages = (
                    session.post(
                        f"{server.url}efetch.fcgi", data={**names, "retstart": start}, timeout=30
                    ).text
                    for start in range(0, 40, 7)
                )
                return sorted(int(pmid) for page in pages for pmid in page.split())

        with ThreadPoolExecutor(10) as pool:
            results = list(pool.map(work, [*range(10), *range(10)]))
    assert results[:10] == [list(range(n * 40 + 1, n * 40 + 41)) for n in range(10)]
    assert results[10:] == results[:10]


def test_an_address_that_is_too_long_is_refused_and_a_post_is_not():
    with ReplayServer(Archive(records(500))) as server:

        def get(ids: list[int]) -> requests.Response:
            url = f"{server.url}efetch.fcgi?rettype=uilist&retmode=text&id="
            return requests.get(url + ",".join(map(str, ids)), timeout=10)

        eight_digits = [30_000_000 + n for n in range(400)]
        assert get(eight_digits[:340]).status_code == 200
        refused = get(eight_digits[:370])
        assert refused.status_code == 414
        assert "<title>414 Request-URI Too Long</title>" in refused.text
        # Beyond what the HTTP library itself reads.
        assert get(eight_digits * 20).status_code == 414
        posted = requests.post(
            f"{server.url}efetch.fcgi",
            data={"id": ",".join(map(str, range(1, 501))), "rettype": "uilist"},
            timeout=10,
        )
        assert len(posted.text.split()) == 500


@pytest.mark.by_hand
def test_a_quarter_of_a_million_records_are_served_in_parts():
    given = records(250_000)
    begun = time.process_time()
    tools = Tools(Archive(given), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert time.process_time() - begun < 40

    def count(term: str) -> int:
        return count_of(tools.answer("esearch", {"term": term, "retmax": "9999"}).body)

    assert count("kratom") == 250_000  # makes the index of words
    begun = time.process_time()
    months = [
        count(f"kratom AND {2010 + n // 12}/{n % 12 + 1}:{2010 + n // 12}/{n % 12 + 1}[edat]")
        for n in range(0, 120, 6)
    ]
    edges = list(range(1, 250_002, 12_500))
    ranges = [count(f"kratom AND {low}:{high - 1}[uid]") for low, high in pairwise(edges)]
    assert time.process_time() - begun < 20
    assert set(months) <= {2083, 2084}
    assert ranges == [12_500] * 20
