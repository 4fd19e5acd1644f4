"""Feeds tell what is new to the published set, once, and never as a flood."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from pipeline.outputs.feeds import FLOOD
from tests.corpus import article

A = "{http://www.w3.org/2005/Atom}"
CASE = (("D002363", "Case Reports"),)
OLD = article(11, "Kratom in mice", year=2024)


def entries(latest: Path, name: str = "feed.atom") -> list[tuple[str, str]]:
    """Titles and ids of a feed's entries, newest first."""
    feed = ET.parse(latest / name).getroot()
    return [(e.findtext(f"{A}title"), e.findtext(f"{A}id")) for e in feed.iterfind(f"{A}entry")]  # type: ignore[misc]


def test_a_first_run_is_one_entry(live, settings):
    live(OLD, article(12, "Kratom for pain", year=2024))
    ((title, _),) = entries(settings.latest)
    assert title == "Kratom: 2, Kratom and pain: 1 records found by the first run"


def test_a_new_record_is_one_entry_in_its_feeds_and_stays(live, settings, clock):
    live(OLD)
    new = article(12, "Kratom &lt;b&gt; for pain in a patient", types=CASE, entered="2026-11-22")
    for _ in range(3):
        clock.sleep(86_400)
        live(OLD, new)
    found = entries(settings.latest)
    url = "https://pubmed.ncbi.nlm.nih.gov/12/"
    assert found[0] == ("Kratom <b> for pain in a patient", url)
    assert len(found) == 2
    assert entries(settings.latest, "feeds/human-descriptive.atom")[0][1] == url
    assert url not in str(entries(settings.latest, "feeds/preclinical.atom"))
    text = (settings.latest / "feed.atom").read_text(encoding="utf-8")
    for part in (
        "Type: Case report", "Substance words: kratom", "Publication year: 2025", "Case Reports",
        "Source: PubMed", "Searches: Kratom, Kratom and pain", "PubMed only; other databases",
        settings.latest.resolve().name,
    ):  # fmt: skip
        assert part in text


def test_a_record_that_enters_a_second_search_is_not_new(live, settings, clock):
    live(OLD)
    clock.sleep(86_400)
    live(article(11, "Kratom in mice against pain", year=2024, revised="2026-11-20"))
    assert len(entries(settings.latest)) == 1


def test_very_many_new_records_are_one_entry(live, settings, clock):
    live(OLD)
    clock.sleep(86_400)
    live(OLD, *(article(100 + i, f"Kratom {i} in mice") for i in range(FLOOD + 1)))
    assert entries(settings.latest)[0][0] == f"{FLOOD + 1} new records"
    assert len(entries(settings.latest)) == 2


def test_no_group_without_records_has_a_feed(live, settings):
    live(OLD)
    assert [path.name for path in (settings.latest / "feeds").iterdir()] == ["preclinical.atom"]
