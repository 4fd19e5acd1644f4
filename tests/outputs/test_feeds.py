"""Feeds tell what is new to the published set, once, and never as a flood.

They are read with feedparser, which had no part in writing them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import feedparser
import pytest

from pipeline.outputs import feeds
from pipeline.outputs.feeds import ENTRIES_KEPT, FLOOD
from pipeline.settings import Settings
from tests.corpus import article
from tests.in_memory import Warehouse
from tests.outputs.conftest import CASE, HOSTILE, MICE, OLD

pytestmark = pytest.mark.whole


def read(latest: Path, name: str = "feed.atom") -> Any:
    found = feedparser.parse((latest / name).read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def titles(latest: Path, name: str = "feed.atom") -> list[str]:
    """Titles of a feed's entries, newest first."""
    return [entry.title for entry in read(latest, name).entries]


def new_in(latest: Path, name: str) -> list[str]:
    """The first two words of each title that is a record's."""
    return [
        " ".join(entry.title.split()[:2])
        for entry in read(latest, name).entries
        if entry.link.startswith("https:")
    ]


def names(latest: Path) -> list[str]:
    found = latest.resolve()
    return sorted(path.relative_to(found).as_posix() for path in found.rglob("*.atom"))


@pytest.fixture(scope="module")
def sets(four_days: Settings) -> list[Path]:
    return sorted(path for path in four_days.published.iterdir() if path.name.startswith("2026"))


@pytest.fixture(scope="module")
def latest(four_days: Settings) -> Path:
    return four_days.latest.resolve()


READ = ("articles", "article_facets", "claim_articles", "claim_totals", "new_articles",
        "search_totals")  # fmt: skip
"""Marts that feeds are made of."""

Day = Callable[..., Path]


@pytest.fixture(scope="module")
def old() -> Warehouse:
    """What the first day found; not to be changed."""
    warehouse = Warehouse()
    warehouse.day(OLD)
    return warehouse


RETRACTED = article(15, "Kratom in rats", types=(("D016441", "Retracted Publication"),))


@pytest.fixture(scope="module")
def second(old: Warehouse) -> Warehouse:
    """What the second day found: MICE and RETRACTED too; not to be changed."""
    warehouse = Warehouse(old)
    warehouse.day(OLD, MICE, RETRACTED)
    warehouse.build(*READ)
    return warehouse


@pytest.fixture
def memory(old: Warehouse) -> Warehouse:
    """A warehouse in memory, which found OLD yesterday."""
    return Warehouse(old)


@pytest.fixture
def day(memory: Warehouse, tmp_path: Path) -> Day:
    """Hold these records on the next day; returns where its feeds are."""

    def run(*records: str, reason: str = "appeared") -> Path:
        memory.day(*records, reason=reason)
        memory.build(*READ)
        directory = tmp_path / f"{memory.as_of:%Y-%m-%d}"
        directory.mkdir()
        feeds.write(memory.con, directory)
        return directory

    return run


def test_a_first_run_is_one_entry(tmp_path):
    first = Warehouse()
    first.day(OLD, article(12, "Kratom for pain", year=2024))
    first.build(*READ)
    feeds.write(first.con, tmp_path)
    assert titles(tmp_path) == ["Kratom: 2, Kratom and pain: 1 records found by the first run"]


def test_a_new_record_is_one_entry_in_its_feeds_and_stays(day, memory):
    new = article(12, "Kratom &lt;b&gt; for pain in a patient", types=CASE, entered="2026-11-22")
    memory.day(OLD, new)
    latest = day(OLD, new)
    found = read(latest).entries
    url = "https://pubmed.ncbi.nlm.nih.gov/12/"
    assert len(found) == 2
    assert (found[0].id, found[0].link) == (url, url)
    assert read(latest, "feeds/case-reports-and-series.atom").entries[0].id == url
    assert url not in str(read(latest, "feeds/animal-studies.atom").entries)
    for part in (
        "<strong>Case report, 2025, ", "<b>Substance words:</b> kratom", "Case Reports",
        "<b>Source:</b> PubMed", "<b>Searches:</b> Kratom, Kratom and pain",
    ):  # fmt: skip
        assert part in found[0].content[0].value
    assert found[0].summary.startswith("Case report, 2025, ")


def test_an_entry_says_substance_data_source_data_years_and_matched_words(latest):
    entry = read(latest, "feeds/harm/liver.atom").entries[0]
    for part in (
        r"<strong>Surveillance data, ",
        r"<b>Substance:</b> Kratom leaf, extract or product \(.*[Kk]ratom.*?\)</li>",
        r"<b>Harm:</b> .*Liver injury \(reported: .*liver injury.*?\)</li>",
        r"<b>Source of surveillance data:</b> poison centre \(.+?\)</li>",
        r"<b>Years of the data:</b> 2011-2017</li>",
        r"\bsafety\.liver \(observed, reported: .*liver injury.*?\)",
    ):
        assert re.search(part, entry.content[0].value), part


def test_an_entry_says_what_was_measured_in_whom(latest):
    (entry,) = read(latest, "feeds/substance/mitragynine.atom").entries
    assert "Measured: Hot plate" in entry.summary and "In: Mouse" in entry.summary
    assert "<b>Measured:</b> Hot plate" in entry.content[0].value
    assert "Looked at: Does kratom or mitragynine reduce pain? (" in entry.summary


def test_terms_to_filter_by_are_codes(latest):
    entry = read(latest, "feeds/harm/liver.atom").entries[0]
    terms = {tag.term for tag in entry.tags}
    assert {"Surveillance data", "claim.safety.liver", "harm.liver", "harm.deaths"} <= terms


def test_the_feed_announces_what_marts_new_articles_lists(sets):
    with duckdb.connect(str(sets[1] / "ketum.duckdb"), read_only=True) as con:
        listed = con.execute(
            "SELECT DISTINCT pmid FROM marts.new_articles WHERE pmid IS NOT NULL"
        ).fetchall()
    found = [e.id.split("/")[-2] for e in read(sets[1]).entries if e.link.startswith("https:")]
    assert sorted(found) == sorted(str(pmid) for (pmid,) in listed) == ["12", "13", "14"]


def test_a_claim_has_its_records_and_no_others(latest):
    assert new_in(latest, "feeds/claims/analgesia.atom") == ["Antinociceptive effect"]
    assert new_in(latest, "feeds/claims/safety.liver.atom") == ["Kratom exposures"]
    assert titles(latest, "feeds/claims/alcohol.atom") == []


def test_safety_holds_what_its_parts_hold(latest):
    parts = [name for name in names(latest) if name.startswith("feeds/claims/safety.")]
    assert len(parts) > 10
    held = {title for name in parts for title in new_in(latest, name)}
    assert held == set(new_in(latest, "feeds/safety.atom")) == {"Kratom exposures"}


@pytest.mark.parametrize(
    "name, records",
    [
        ("substance/mitragynine", ["Antinociceptive effect"]),
        ("substance/leaf_or_extract", ["Kratom <script>alert(1)</script>", "Kratom exposures"]),
        ("harm/deaths", ["Kratom exposures"]),
        ("harm/heart", []),
        ("surveillance_source/poison_centre", ["Kratom exposures"]),
    ],
)
def test_feeds_are_cut_by_substance_harm_and_source_of_data(name, records, latest):
    assert new_in(latest, f"feeds/{name}.atom") == records


def test_every_question_group_and_value_has_a_feed_empty_or_not(latest):
    wanted = {"feed.atom", "feeds/safety.atom"}
    with duckdb.connect(str(latest / "ketum.duckdb"), read_only=True) as con:
        for sql, path in (
            ("SELECT claim FROM evidence.claims WHERE is_matched", "feeds/claims/{}.atom"),
            (
                "SELECT facet || '/' || value FROM evidence.facet_values "
                "WHERE value <> 'not_stated' "
                "AND facet IN ('substance', 'harm', 'surveillance_source')",
                "feeds/{}.atom",
            ),
            (
                "SELECT regexp_replace(lower(evidence_group), '[^a-z]+', '-', 'g') "
                "FROM evidence.evidence_groups",
                "feeds/{}.atom",
            ),
            ("SELECT search FROM evidence.searches", "feeds/search/{}.atom"),
        ):
            wanted |= {path.format(row[0]) for row in con.execute(sql).fetchall()}
    assert set(names(latest)) == wanted
    assert "feeds/claims/burden_back_pain.atom" not in wanted  # no question to this literature
    empty = read(latest, "feeds/claims/alcohol.atom")
    assert empty.entries == [] and empty.feed.updated == "2026-11-22T12:00:00Z"


def test_each_says_set_scope_licence_and_leads_to_the_page(latest):
    ids = set()
    for name in names(latest):
        feed = read(latest, name).feed
        assert latest.name in feed.subtitle
        assert feed.subtitle.count("PubMed only; other databases") == 1
        assert "National Library of Medicine" in feed.rights
        (page,) = [link.href for link in feed.links if link.rel == "alternate"]
        assert (latest / name).parent.joinpath(page).resolve() == latest / "index.html"
        ids.add(feed.id)
    assert len(ids) == len(names(latest))


def test_a_hostile_title_is_text(latest):
    entry = read(latest).entries[0]
    assert entry.title_detail.type == "text/plain"
    assert entry.title_detail.value == HOSTILE
    assert b"<script" not in (latest / "feed.atom").read_bytes()
    assert "<script" not in entry.content[0].value


def test_every_feed_is_listed_for_import(latest):
    listed = ElementTree.parse(latest / "feeds.opml").getroot()
    assert sorted(o.get("xmlUrl") for o in listed.iter("outline") if o.get("xmlUrl")) == names(
        latest
    )
    assert [o.get("text") for o in listed.findall("body/outline")][:4] == [
        "All", "Searches", "Kinds of study", "Questions",
    ]  # fmt: skip


def test_links_are_whole_where_the_site_is_known(second, tmp_path):
    site = "https://example.org/ketum/"
    feeds.write(second.con, tmp_path, site)
    name = "feeds/search/kratom.atom"
    feed = read(tmp_path, name)
    links = {link.rel: link.href for link in feed.feed.links}
    assert links == {"self": f"{site}{name}", "alternate": f"{site}index.html"}
    assert feed.entries[-1].link == f"{site}index.html"
    listed = (tmp_path / "feeds.opml").read_text(encoding="utf-8")
    assert f'xmlUrl="{site}{name}"' in listed


def test_what_concerns_pain_alone_enters_its_own_feed_and_no_other(second, tmp_path):
    memory = Warehouse(second)
    memory.con.execute("DELETE FROM ops.search_hits WHERE pmid = 15")
    memory.con.execute("DELETE FROM ops.search_hits WHERE pmid = 13 AND search <> 'kratom'")
    memory.con.execute("UPDATE ops.search_hits SET search = 'pain' WHERE pmid = 13")
    memory.build(*READ)
    feeds.write(memory.con, tmp_path)
    assert new_in(tmp_path, "feeds/search/pain.atom") == ["Antinociceptive effect"]
    assert new_in(tmp_path, "feed.atom") == []
    assert new_in(tmp_path, "feeds/animal-studies.atom") == []


def test_a_retracted_record_says_so_first(second, tmp_path):
    feeds.write(second.con, tmp_path)
    assert titles(tmp_path)[0] == "RETRACTED: Kratom in rats"


def test_nothing_new_changes_nothing_but_the_name_of_the_set(sets):
    _, before, after, *_ = sets
    assert before.name != after.name
    for name in names(after):
        text = (before / name).read_text(encoding="utf-8").replace(before.name, after.name)
        assert text == (after / name).read_text(encoding="utf-8"), name


def test_a_record_that_enters_a_second_search_is_not_new(day, memory):
    latest = day(article(11, "Kratom in mice against pain", year=2024, revised="2026-11-20"))
    assert len(titles(latest)) == 1


def test_where_pubmed_reads_a_search_otherwise_only_what_just_entered_it_is_news(day, memory):
    latest = day(
        OLD,
        article(21, "Kratom long ago", entered="2019-03-01"),
        article(22, "Kratom today", entered="2026-11-22"),
        reason="translation_changed",
    )
    assert sorted(titles(latest)) == [
        "Kratom today",
        "Kratom: 1 records came in as PubMed reads the search otherwise",
        "Kratom: 1 records found by the first run",
    ]


def test_very_many_new_records_are_one_entry(day, memory):
    latest = day(OLD, *(article(100 + i, f"Mitragynine {i} in mice") for i in range(FLOOD + 1)))
    for name in ("feed.atom", "feeds/substance/mitragynine.atom"):
        assert titles(latest, name)[0] == f"{FLOOD + 1} new records"
        assert len(titles(latest, name)) <= 2


def test_a_feed_keeps_its_newest_entries(day, memory):
    records = [OLD]
    for number in range(3):
        if number:
            memory.day(*records)
        records += [article(100 * number + i, f"Kratom {number} {i}") for i in range(1, FLOOD + 1)]
    latest = day(*records)
    found = read(latest).entries
    assert len(found) == ENTRIES_KEPT
    assert [e.updated_parsed for e in found] == sorted(
        (e.updated_parsed for e in found), key=time.mktime, reverse=True
    )
    assert {e.title.split()[1] for e in found} == {"1", "2"}
