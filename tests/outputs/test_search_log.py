"""search_log.json answers PRISMA-S from stored facts, or says who must."""

from __future__ import annotations

import json
import re

import pytest

from pipeline.outputs import search_log
from pipeline.outputs.search_log import ANSWERED, FILL_IN, NOT_DONE
from pipeline.settings import ROOT
from tests.corpus import article
from tests.in_memory import Warehouse

READ = ("search_log", "search_totals", "new_articles", "unread_records", "cited_not_held")
"""Marts that the log is made of."""


def log(memory: Warehouse) -> dict:
    memory.build(*READ)
    return json.loads(search_log.render(memory.con))


TOLD = "Men were randomly assigned to kratom tea or placebo. NCT00000001."
RECORDS = (
    article(11, "Kratom tea in men", abstract=TOLD),
    article(12, "Kratom tea for pain", abstract=TOLD),
)


@pytest.fixture(scope="module")
def held() -> Warehouse:
    """A day with RECORDS, two reports of one study; not to be changed."""
    memory = Warehouse()
    memory.day(*RECORDS)
    return memory


@pytest.fixture(scope="module")
def found(held) -> dict:
    """Its log."""
    return log(held)


def test_all_sixteen_items_have_a_status_and_a_text(held, found):
    items = {item["number"]: item for item in found["prisma_s"]}
    assert list(items) == list(range(1, 17))
    assert {item["status"] for item in items.values()} == {ANSWERED, FILL_IN, NOT_DONE}
    assert items[1]["text"].startswith("PubMed through NCBI E-utilities.")
    assert "Kratom: 2; Kratom and pain: 1" in items[15]["text"]
    strategies = {row[0] for row in held.ask("SELECT strategy FROM marts.search_log")}
    assert {search["strategy"] for search in found["searches"]} == strategies
    assert found["set_id"] == "a-set"
    assert "PubMed only" in found["scope"]
    assert found["flow_identification"]["databases"]["kratom"] == {"PubMed": 2}


def test_what_is_said_of_limits_and_filters_is_so(found):
    """Items 9 and 10: no date, language, type, subset or exclusion is part of a strategy."""
    for search in found["searches"]:
        tags = {tag.lower() for tag in re.findall(r"\[([^\]]+)\]", search["strategy"])}
        assert tags and tags <= {"tw", "tiab", "mesh", "mesh:noexp", "nm", "rn", "ot"}, tags
        assert " NOT " not in search["strategy"]


def test_reports_of_one_study_are_linked_as_item_16_says(held, found):
    item = next(item for item in found["prisma_s"] if item["number"] == 16)
    assert "evidence.study_groups" in item["text"]
    groups = held.ask("SELECT DISTINCT study_group FROM evidence.study_groups")
    assert len(groups) == 1
    assert found["flow_identification"]["databases"]["kratom"] == {"PubMed": 2}


def test_a_second_run_tells_what_changed(held):
    memory = Warehouse(held)
    memory.day(*RECORDS, article(13, "Kratom in rats", entered="2026-11-22"))
    living = log(memory)["prisma_lsr"]
    assert len(living["runs"]) == 2
    assert len(living["changes_to_methods"]) == 1  # the first run; nothing changed since
    entered = living["changes_to_results"]["entered"]
    assert {"search": "kratom", "reason": "new_in_pubmed", "records": 1} in entered


def test_the_documentation_has_every_item_with_its_status(found):
    page = (ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")
    for item in found["prisma_s"]:
        assert f"| {item['number']} | {item['name']} | {item['status']} |" in page
