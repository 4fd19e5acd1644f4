"""What easy-entrez retrieves; runs in the clients' own environment, see `programs.py`."""

from __future__ import annotations

import json
import sys

from easy_entrez import EntrezAPI

asked = json.load(sys.stdin)
api = EntrezAPI("ketum-tests", "someone@example.org", minimal_interval=0, server=asked["url"])
answers = {}
for query in asked["queries"]:
    found = api.search(query, max_results=9999).data["esearchresult"]["idlist"]
    fetched, summed_up = [], []
    if found:
        records = api.fetch(found, max_results=9999).data
        fetched = [pmid.text for pmid in records.iterfind("*/*/PMID")]
        summed_up = api.summarize(found, max_results=9999).data["result"]["uids"]
    answers[query] = {"found": found, "fetched": fetched, "summed_up": summed_up}
json.dump(answers, sys.stdout)
