"""The charts: what they draw, how they are reached by pointer and keyboard, how they are saved."""

from __future__ import annotations

import re

import pytest
from lxml import etree
from selenium.webdriver.common.keys import Keys

from pipeline.outputs.page.facts import BANDS
from tests.outputs.page.browser import Browser, titles
from tests.outputs.page.conftest import Published

pytestmark = pytest.mark.whole

CELLS = "return document.getElementById('years-kratom').cells.map(c => [c.year, c.band, c.count])"
TOLD = "return document.activeElement.getAttribute('aria-label')"
RCT_2020 = "#years-kratom a.mark[aria-label^='Trials'][aria-label*='2020']"


def test_the_bars_are_the_counts_of_sql(opened: Browser, set_of_files: Published):
    drawn = {(year, band): count for year, band, count in opened.run(CELLS)}
    rows = set_of_files.sql(
        "SELECT year, evidence_group, held_count FROM marts.headline_by_year "
        "WHERE search = 'kratom' AND held_count > 0"
    )
    sums: dict[tuple[int | None, str], int] = {}
    for year, group, count in rows:
        band = next(name for name, groups in BANDS.items() if group in groups)
        sums[year, band] = sums.get((year, band), 0) + count
    assert drawn == sums
    labels = opened.run(
        "return [...document.querySelectorAll('#years-kratom a.mark')].map(a => a.ariaLabel)"
    )
    years = {re.search(r", (\d{4}.?): ", label).group(1) for label in labels}  # type: ignore[union-attr]
    assert {"2025~", "2027+"} <= years


def test_only_the_year_that_is_not_over_is_hatched(browser: Browser, complete_set: Published):
    browser.open(complete_set.page, "#search=kratom&counted=all")
    hatched = browser.run(
        "return [...document.querySelectorAll('#years-kratom rect[fill^=url]')]"
        ".map(e => e.closest('a').ariaLabel.match(/, (.{5}): /)[1])"
    )
    assert set(hatched) == {"2026*"}


def test_a_bar_opens_its_records_and_back_returns_to_it(opened: Browser):
    opened.run("arguments[0].scrollIntoView()", opened.find(RCT_2020))
    before = opened.run("return scrollY")
    opened.run("arguments[0].focus({ preventScroll: true })", opened.find(RCT_2020))
    opened.press(Keys.ENTER)
    opened.wait("return location.hash.includes('years=2020')")
    assert titles(opened) == ["Kratom tea and pain tolerance: a randomized trial"]
    assert opened.run("return document.activeElement.id") == "count"
    opened.driver.back()
    opened.wait("return !location.hash.includes('years=2020')")
    assert abs(opened.run("return scrollY") - before) < 2


def test_bars_are_reached_and_opened_by_keyboard(opened: Browser):
    """One stop of the Tab key a chart; arrows, Home and End inside; Enter opens the records."""
    stops = "return document.querySelectorAll('#years-kratom a.mark[tabindex=\"0\"]').length"
    assert opened.run(stops) == 1
    opened.run("document.querySelector('#years-kratom a.mark[tabindex=\"0\"]').focus()")
    first = opened.run(TOLD)
    assert re.fullmatch(r"[^:]+, 2009: 1 record", first)
    assert opened.text("#years-kratom .told") == first
    opened.press(Keys.ARROW_RIGHT)
    assert ", 2015: " in opened.run(TOLD)
    opened.press(Keys.ARROW_LEFT)
    assert opened.run(TOLD) == first
    opened.press(Keys.END)
    assert ", 2027+: " in opened.run(TOLD)
    opened.press(Keys.HOME)
    seen = set()
    while "2020" not in opened.run(TOLD):
        seen.add(opened.run(TOLD))
        opened.press(Keys.ARROW_RIGHT)
    assert len(seen) > 3


def test_the_legend_filters_and_stays_where_it_is(opened: Browser):
    opened.run("scrollTo(0, 0)")
    opened.click("#years-kratom .legend button")
    assert opened.run("return location.hash") == "#search=kratom&type=RCT%2CNRCT"
    assert opened.run("return scrollY") == 0
    assert (
        opened.run("return document.querySelector('#years-kratom .legend button').ariaPressed")
        == "true"
    )
    assert "kind of study “Trials and human laboratory studies”" in opened.text("#count")
    off = opened.run("return document.querySelectorAll('#years-kratom rect.off').length")
    assert off > 0
    opened.click("#years-kratom .legend button")
    assert opened.run("return document.querySelectorAll('#years-kratom rect.off').length") == 0


@pytest.mark.parametrize("width", [360, 1200])
def test_no_label_of_a_chart_is_cut(browser: Browser, complete_set: Published, width: int):
    browser.width(width)
    browser.open(complete_set.page)
    cut = browser.run(
        """
        return [...document.querySelectorAll('figure[data-chart] svg')].flatMap((svg) => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter((text) => {
            const own = text.getBoundingClientRect();
            return own.width && (own.left < 0 || own.right > innerWidth || own.top < box.top - 1);
          }).map((text) => text.textContent);
        })
        """
    )
    browser.width(None)
    assert cut == []


def test_a_chart_is_saved_with_its_title_and_source(opened: Browser):
    name, text = opened.saved("#years-kratom [aria-label^='SVG']")
    assert name == "ketum-2026-11-22-years-kratom.svg"
    drawn = etree.fromstring(text.encode())
    said = " ".join(drawn.itertext())
    assert "Kratom: records by kind of study and year" in said
    assert "As of 2026-11-22; ketum, set" in said
    assert "Animal studies" in said
    assert "var(" not in text
    name, address = opened.saved("#years-kratom [aria-label^='PNG']")
    assert name.endswith(".png") and address.startswith("data:image/png;base64,")


def test_shares_are_drawn_where_pubmed_was_counted(browser: Browser, complete_set: Published):
    browser.open(complete_set.page)
    drawn = browser.run(
        """
        const places = [...document.querySelectorAll('[data-chart=shares][data-of=kratom]')];
        return places.flatMap((place) =>
            place.points.map((p) => [place.dataset.denominator, p.year, p.share, p.kind]))
        """
    )
    rows = complete_set.sql(
        "SELECT denominator, year, records_per_100k FROM marts.topic_share_by_year "
        "WHERE search = 'kratom' AND records_per_100k IS NOT NULL"
    )
    points = {(*key, round(share, 6)) for *key, share, _ in drawn if share is not None}
    assert points == {(*key, round(share, 6)) for *key, share in rows}
    kinds = {year: kind for _, year, _, kind in drawn}
    assert kinds[2026] == "partial" and kinds[2025] == "provisional"
    browser.run("document.querySelector('[data-denominator=pubmed] a.mark').focus()")
    browser.press(Keys.ENTER)
    browser.wait("return location.hash.includes('entered=')")
    assert "entered PubMed in " in browser.text("#count")


def test_a_set_without_counts_of_pubmed_says_so(opened: Browser):
    assert "no line is drawn" in opened.text("#numbers")
    assert opened.run("return document.querySelector('[data-chart=shares]')") is None
