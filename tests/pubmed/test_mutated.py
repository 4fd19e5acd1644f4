"""Ten thousand spoilt answers: none crashes the readers, hangs them, or counts as whole.

A seeded run of its own and not hypothesis, which spends most of its time on bookkeeping:
`KETUM_MUTATIONS=100000` asks for more, `KETUM_SEED=7` for others.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from lxml import etree

from pipeline.errors import ConfigurationError
from pipeline.pubmed.search import WHOLE, WINDOW, read_page
from pipeline.pubmed.sync import check_set, pmids_in
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer, check_http
from tests.corpus import article, article_set
from tests.pubmed.one_by_one import read_records

NUMBER = int(os.environ.get("KETUM_MUTATIONS", "10000"))
SEED = int(os.environ.get("KETUM_SEED", "20261124"))
NOW = datetime(2026, 11, 24)
ASKED = (11, 12, 13)
SLOW = 5.0
"""Seconds one answer may take; the usual one takes a thousandth of one."""

SEARCH = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD '
    b'esearch 20060628//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
    b"<eSearchResult><Count>3</Count><RetMax>3</RetMax><RetStart>0</RetStart><IdList>\n"
    b"<Id>13</Id>\n<Id>12</Id>\n<Id>11</Id>\n</IdList><TranslationSet/><QueryTranslation>"
    b'"kratom*"[Text Word]</QueryTranslation><WarningList><OutputMessage>a</OutputMessage>'
    b"</WarningList></eSearchResult>\n"
)
RECORDS = article_set(
    *(article(n, "Kratom &amp; <i>μ</i>-opioid", abstract="Pain.", doi=f"10.1/{n}") for n in ASKED)
).encode()
ERRORS = [
    json.dumps({"error": "API rate limit exceeded", "api-key": "k", "count": "4"}).encode(),
    json.dumps({"header": {}, "esearchresult": {"ERROR": "Search Backend failed: x"}}).encode(),
    b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>",
    b"<html><head><title>NCBI - WWW Error Blocked Diagnostic</title></head></html>",
]
INSERTED = [
    b"<", b">", b"&", b"&nbsp;", b"]]>", b"<![CDATA[", b"<!--", b"\x00", b"\xff\xfe", b"\n",
    b'"', b"</Id>", b"<Id>", b"<Id>9</Id>", b"<ERROR>x</ERROR>", b"<PubmedArticle>",
    b"</PubmedArticleSet>", b"<PMID Version=\"1\">9</PMID>", b"{", b"}", b"[" * 3000, b"<a>" * 3000,
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>', b"&b;",
    b'<!DOCTYPE x SYSTEM "http://203.0.113.1/x.dtd">', "𐏿\u200b\u202e".encode(), b"9" * 40,
]  # fmt: skip


def mutate(body: bytes, rng: random.Random) -> bytes:
    """A body with one, two or four faults."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(body) + 1)
        end = min(len(body), at + rng.choice((1, 1, 2, 5, 40, 400)))
        what = rng.randrange(8)
        if what == 0:
            body = body[:at]
        elif what == 1:
            body = body[:at] + body[end:]
        elif what == 2:
            body = body[:at] + body[at:end] * 2 + body[end:]
        elif what == 3:
            body = body[:at] + rng.choice(INSERTED) + body[at:]
        elif what == 4 and body:
            body = body[: at - 1] + bytes([rng.randrange(256)]) + body[at:]
        elif what == 5:
            body = body[:at] + rng.choice([SEARCH, RECORDS, *ERRORS])[rng.randrange(200) :]
        elif what == 6:
            other = rng.randrange(len(body) + 1)
            body = body[min(at, other) : max(at, other)]
        else:
            body = body.replace(rng.choice([b"Id", b"PMID", b"Count", b"Set", b"</"]), b"", 1)
    return body


def verdict(work: Callable[[], str]) -> str:
    try:
        return work()
    except (TransientAnswer, PermanentAnswer, ConfigurationError) as refusal:
        return type(refusal).__name__


def as_search(body: bytes) -> str:
    page = read_page(body, WHOLE, {}, NOW)
    if page.count <= WINDOW and len(page.pmids) != page.count:
        return "refused by its count"
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.tag == "eSearchResult"
    assert root.find(".//ERROR") is None or not "".join(root.find(".//ERROR").itertext()).strip()
    assert all(0 <= pmid < 10**9 for pmid in page.pmids)
    return "taken"


def as_records(body: bytes) -> str:
    taken = check_set(ASKED)(body)
    assert taken == body
    assert pmids_in(body) <= set(ASKED)
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.tag == "PubmedArticleSet"
    # what is taken can be read, each record as a record or as one set aside with its bytes
    list(read_records(body))
    return "taken"


@pytest.mark.parametrize("kind", ["search", "records"])
def test_spoilt_answers_are_refused_or_whole(kind):
    rng = random.Random(f"{SEED}/{kind}")
    seeds = {"search": [SEARCH, *ERRORS], "records": [RECORDS, *ERRORS]}[kind]
    read = {"search": as_search, "records": as_records}[kind]
    seen: Counter[str] = Counter()
    for number in range(NUMBER // 2):
        weights = [6] + [1] * len(ERRORS)
        body = mutate(rng.choices(seeds, weights)[0], rng)
        status = rng.choice((200, 200, 200, 200, 400, 429, 500, 302, 206))
        start = time.monotonic()

        def take(body: bytes = body, status: int = status) -> str:
            check_http(status, {"Retry-After": rng.choice(("", "2", "x", "Tue, 24"))}, body, NOW)
            return read(body)

        outcome = verdict(take)
        assert time.monotonic() - start < SLOW, f"mutation {number} of seed {SEED}"
        assert outcome != "taken" or status == 200
        seen[outcome] += 1
    assert seen["taken"] > 20, "the mutations are too wild to show anything"
    assert seen["TransientAnswer"] > NUMBER // 20
    assert seen["PermanentAnswer"] > 10
