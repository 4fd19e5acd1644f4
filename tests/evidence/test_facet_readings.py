"""Readings of facets by hand: verdicts are whole, nothing is read twice, docs give the figures."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from pipeline.settings import ROOT
from tests.evidence.conftest import SHIPPED
from tools.readings import BY_FACET, DRAWS, figures, tables, verdicts

READINGS = [*DRAWS, "kratom"]


@pytest.mark.parametrize("reading", READINGS)
def test_verdicts_name_facets_and_hold_no_text(reading):
    known = {facet.name for facet in SHIPPED.facets.facets}
    rows = verdicts(reading)
    assert rows
    for row in rows:
        assert list(row) == ["pmid", "stratum", "facet", "value", "verdict"]
        assert row["facet"] in known
        assert row["verdict"] in {"right", "wrong", "missed", "absent"}
        assert (row["value"] == "not_stated") == (row["verdict"] == "absent")
        assert len(row["value"]) < 40, "a value, no text"
    assert len({tuple(row.values()) for row in rows}) == len(rows)


def test_no_record_is_read_twice():
    read = {reading: {row["pmid"] for row in verdicts(reading)} for reading in READINGS}
    for one, other in combinations(READINGS, 2):
        assert not read[one] & read[other], f"readings {one} and {other}"


def test_what_is_drawn_by_the_rules_tells_no_recall():
    row = {"pmid": "1", "facet": "assay", "value": "hot_plate"}
    rows = [
        {**row, "stratum": "survey", "verdict": "right"},
        {**row, "stratum": BY_FACET + "assay", "verdict": "right"},
        {**row, "stratum": "survey", "verdict": "missed"},
    ]
    (_, precision, recall), _ = figures(rows)
    assert (precision["hits"], precision["n"]) == (2, 2)
    assert (recall["hits"], recall["n"]) == (1, 2)


def test_docs_give_the_figures_of_the_verdicts():
    page = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- begin: figures of the readings -->\n+(.*?)\n+<!-- end -->", page, re.S)
    assert shown
    assert shown[1] == tables()
