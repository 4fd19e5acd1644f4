"""What metapub retrieves; runs in the clients' own environment, see `programs.py`."""

from __future__ import annotations

import json
import sys

from lxml import etree
from metapub import PubMedFetcher
from metapub.ncbi_client import NCBIClient, RateLimiter

asked = json.load(sys.stdin)
NCBIClient.BASE_URL = asked["url"].rstrip("/")
RateLimiter.wait_if_needed = lambda _self: None
fetcher = PubMedFetcher(cachedir=asked["directory"])
answers = {}
for query in asked["queries"]:
    found = fetcher.pmids_for_query(query, retmax=9999)
    summaries = fetcher.qs.client.esummary("pubmed", found) if found else "<none/>"
    answers[query] = {
        "found": found,
        "fetched": [fetcher.article_by_pmid(pmid).pmid for pmid in found],
        "summed_up": etree.fromstring(summaries).xpath("DocSum/Id/text()"),
    }
json.dump(answers, sys.stdout)
