"""search_log.json answers PRISMA-S from stored facts, or says who must."""

from __future__ import annotations

import json

from pipeline.outputs.search_log import ANSWERED, FILL_IN, NOT_DONE
from pipeline.settings import ROOT
from tests.corpus import article


def log(settings) -> dict:
    return json.loads((settings.latest / "search_log.json").read_text(encoding="utf-8"))


def test_all_sixteen_items_have_a_status_and_a_text(live, settings, published):
    live(article(11, "Kratom in mice"), article(12, "Kratom for pain"))
    found = log(settings)
    items = {item["number"]: item for item in found["prisma_s"]}
    assert list(items) == list(range(1, 17))
    assert {item["status"] for item in items.values()} == {ANSWERED, FILL_IN, NOT_DONE}
    assert items[1]["text"].startswith("PubMed through NCBI E-utilities.")
    assert "Kratom: 2; Kratom and pain: 1" in items[15]["text"]
    strategies = {row[0] for row in published("SELECT strategy FROM marts.search_log")}
    assert {search["strategy"] for search in found["searches"]} == strategies
    assert found["set_id"] == settings.latest.resolve().name
    assert "PubMed only" in found["scope"]
    assert found["flow_identification"]["databases"]["kratom"] == {"PubMed": 2}


def test_a_second_run_tells_what_changed(live, settings, clock):
    live(article(11, "Kratom in mice"))
    clock.sleep(86_400)
    live(article(11, "Kratom in mice"), article(12, "Kratom in rats", entered="2026-11-22"))
    living = log(settings)["prisma_lsr"]
    assert len(living["runs"]) == 2
    assert len(living["changes_to_methods"]) == 1  # the first run; nothing changed since
    entered = living["changes_to_results"]["entered"]
    assert {"search": "kratom", "reason": "new_in_pubmed", "records": 1} in entered


def test_the_documentation_has_every_item_with_its_status(live, settings):
    live(article(11, "Kratom in mice"))
    page = (ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")
    for item in log(settings)["prisma_s"]:
        assert f"| {item['number']} | {item['name']} | {item['status']} |" in page
