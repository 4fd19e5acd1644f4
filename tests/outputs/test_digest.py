"""What changed since the last set, by kind, once each, and nothing on a first day."""

from __future__ import annotations

import re

import pytest

from pipeline.outputs import digest
from tests.corpus import article
from tests.in_memory import Warehouse

RETRACTION = (("RetractionIn", "Invented. 2026;3:4", 78),)
CONCERN = (("ExpressionOfConcernIn", "Invented. 2026;1:2", 77),)
ERRATUM = (("ErratumIn", "Invented. 2026;5:6", 79),)
REVIEW = (("D016428", "Journal Article"), ("D016454", "Review"))


@pytest.fixture
def changed(memory: Warehouse) -> dict[str, list[digest.Changed]]:
    """Records before and after: each kind of change once, and one record that stays as it is."""
    memory.day(
        article(1, "Kratom in soil", links=ERRATUM),
        article(2, "Kratom in water", links=ERRATUM),
        article(3, "Kratom in air"),
        article(4, "Kratom in fire"),
        article(5, "Kratom in mice"),
        article(6, "Kratom in rats"),
    )
    memory.day(
        article(1, "Kratom in soil", links=ERRATUM),
        article(2, "Kratom in water", links=ERRATUM + RETRACTION, revised="2026-11-23"),
        article(3, "Kratom in air", links=CONCERN, revised="2026-11-23"),
        article(4, "Kratom in fire", links=ERRATUM, revised="2026-11-23"),
        article(5, "Kratom in mice", types=REVIEW, revised="2026-11-23"),
        article(6, "Another plant after all", revised="2026-11-23"),
        article(7, "Kratom, a new one", entered="2026-11-23"),
    )
    memory.build()
    return digest.since_last_set(memory.con)


def test_each_kind_names_its_record_and_no_other(changed):
    found = {kind: [one.pmid for one in records] for kind, records in changed.items()}
    assert found == {
        "new": [7],
        "retracted": [2],
        "of concern": [3],
        "corrected": [4],
        "retyped": [5],
        "left": [6],
    }
    text = digest.markdown(changed)
    assert all(f"/{pmid}/" in text for pmid in (2, 3, 4, 5, 6, 7))
    assert "/1/" not in text
    assert "## 1 new record\n" in text
    assert "- [RETRACTED: Kratom in water](https://pubmed.ncbi.nlm.nih.gov/2/) (PMID 2, " in text
    assert re.search(
        r"^- \[Kratom, a new one\]\(.*/7/\) \(PMID 7, [A-Z][\w ]+, 2025, .*\)", text, re.M
    )
    assert "was " in text and ", now " in text
    assert "PubMed no longer lists it" in text


def test_the_first_set_is_no_news(memory):
    memory.day(article(1, "Kratom", links=RETRACTION))
    memory.build()
    found = digest.since_last_set(memory.con)
    assert not any(found.values())
    assert digest.markdown(found) == ""
