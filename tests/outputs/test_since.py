"""What changed since the last set, by kind, once each, and nothing on a first day."""

from __future__ import annotations

import re

import duckdb
import pytest

from pipeline.outputs import since
from tests.corpus import article

pytestmark = pytest.mark.whole

RETRACTION = (("RetractionIn", "Invented. 2026;3:4", 78),)
CONCERN = (("ExpressionOfConcernIn", "Invented. 2026;1:2", 77),)
ERRATUM = (("ErratumIn", "Invented. 2026;5:6", 79),)
REVIEW = (("D016428", "Journal Article"), ("D016454", "Review"))


@pytest.fixture
def changed(live, settings, clock):
    """Records before and after: each kind of change once, and one record that stays as it is."""
    live(
        article(1, "Kratom in soil", links=ERRATUM),
        article(2, "Kratom in water", links=ERRATUM),
        article(3, "Kratom in air"),
        article(4, "Kratom in fire"),
        article(5, "Kratom in mice"),
        article(6, "Kratom in rats"),
    )
    clock.sleep(86_400)
    live(
        article(1, "Kratom in soil", links=ERRATUM),
        article(2, "Kratom in water", links=ERRATUM + RETRACTION, revised="2026-11-23"),
        article(3, "Kratom in air", links=CONCERN, revised="2026-11-23"),
        article(4, "Kratom in fire", links=ERRATUM, revised="2026-11-23"),
        article(5, "Kratom in mice", types=REVIEW, revised="2026-11-23"),
        article(6, "Another plant after all", revised="2026-11-23"),
        article(7, "Kratom, a new one", entered="2026-11-23"),
    )
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        yield since.since_last_set(con)


def test_each_kind_names_its_record_and_no_other(changed, settings):
    found = {kind: [one.pmid for one in records] for kind, records in changed.items()}
    assert found == {
        "new": [7],
        "retracted": [2],
        "of concern": [3],
        "corrected": [4],
        "retyped": [5],
        "left": [6],
    }
    text = (settings.latest / "digest.md").read_text(encoding="utf-8")
    assert text.endswith(since.markdown(changed))
    text = since.markdown(changed)
    assert all(f"/{pmid}/" in text for pmid in (2, 3, 4, 5, 6, 7))
    assert "/1/" not in text
    assert "## 1 new record\n" in text
    assert "- [RETRACTED: Kratom in water](https://pubmed.ncbi.nlm.nih.gov/2/) (PMID 2, " in text
    assert re.search(
        r"^- \[Kratom, a new one\]\(.*/7/\) \(PMID 7, [A-Z][\w ]+, 2025, .*\)", text, re.M
    )
    assert "was " in text and ", now " in text
    assert "PubMed no longer lists it" in text


def test_the_first_set_is_no_news(live, settings):
    live(article(1, "Kratom", links=RETRACTION))
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        found = since.since_last_set(con)
    assert not any(found.values())
    assert since.markdown(found) == ""
