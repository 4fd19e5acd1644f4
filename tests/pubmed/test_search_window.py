"""Sets far above ESearch's window, from a server that keeps it: 25,000 hits, or KETUM_HITS."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta

import pytest

from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import WINDOW, esearch
from pipeline.replay import Archive, ReplayServer
from pipeline.replay.archive import Record
from tests.conftest import FakeClock

pytestmark = pytest.mark.whole

HITS = int(os.environ.get("KETUM_HITS", "25000"))
BUSY_DAY = date(2019, 12, 19)


def record(pmid: int, entered: date | None) -> Record:
    """A record of nothing but a title and its date of entry."""
    history = (
        f'<History><PubMedPubDate PubStatus="pubmed"><Year>{entered.year}</Year>'
        f"<Month>{entered.month}</Month><Day>{entered.day}</Day></PubMedPubDate></History>"
        if entered
        else ""
    )
    raw = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>'
        f"<ArticleTitle>Kratom</ArticleTitle></Article></MedlineCitation>"
        f"<PubmedData>{history}</PubmedData></PubmedArticle>"
    )
    return Record(pmid, 1, raw.encode())


@pytest.fixture(scope="module")
def archive() -> Archive:
    """A literature that grows: half of it on one day, a few very old, dated ahead or undated."""
    rng = random.Random(20261124)
    pmids = rng.sample(range(1, 42_000_000), HITS)
    records = []
    for number, pmid in enumerate(pmids):
        if number % 2:
            entered: date | None = BUSY_DAY
        elif number % 100 == 0:
            entered = rng.choice([date(1788, 3, 1), date(1911, 5, 5), date(2027, 6, 1), None])
        else:
            entered = date(2026, 11, 20) - timedelta(int(rng.expovariate(1 / 4000)))
        records.append(record(pmid, entered))
    return Archive(records)


def test_every_hit_is_retrieved_through_the_window(archive, capsys):
    with ReplayServer(archive) as server:
        client = EutilsClient(FakeClock(), pace_file=None, base_url=server.url)
        answer = esearch(client, "kratom[tiab]")
    assert len(answer.pmids) == HITS
    assert set(answer.pmids) == set(archive.numbers)
    least = -(-HITS // WINDOW)
    with capsys.disabled():
        print(
            f"\n{HITS} hits: {client.request_count} requests; {least} windows of {WINDOW} "
            "would hold them"
        )
    assert client.request_count < 8 * least + 40
