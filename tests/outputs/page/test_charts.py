"""The charts: what they draw, and how they are reached by pointer and by keyboard."""

from __future__ import annotations

import re

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.outputs.page.browser import Browser, titles
from tests.outputs.page.conftest import Published

pytestmark = pytest.mark.whole


def press(browser: Browser, key: str) -> None:
    ActionChains(browser.driver).send_keys(key).perform()


def test_the_bars_are_the_counts_of_sql(opened: Browser, set_of_files: Published):
    drawn = opened.run("return document.getElementById('bars').chart.data('cells')")
    bars = {(cell["years"], cell["group"]): cell["count"] for cell in drawn if cell["count"]}
    rows = set_of_files.sql(
        """
        SELECT coalesce(year::VARCHAR, 'undated'), evidence_group, held_count
        FROM marts.headline_by_year JOIN evidence.evidence_groups USING (evidence_group)
        WHERE search = 'kratom' AND group_kind <> 'summary' AND held_count > 0
        """
    )
    assert bars == {(year, kind): count for year, kind, count in rows}
    marks = {cell["years"]: cell["year"] for cell in drawn}
    assert (marks["2025"], marks["2026"], marks["2027"]) == ("2025~", "2026*", "2027+")


def test_a_bar_opens_its_records(opened: Browser):
    opened.run(
        """
        const bar = [...document.querySelectorAll('#bars .mark-rect path')]
            .find(({ __data__: { datum } }) => datum.code === 'RCT' && datum.years === '2024');
        const box = bar.getBoundingClientRect();
        const [clientX, clientY] = [box.x + box.width / 2, box.y + box.height / 2];
        const at = { bubbles: true, clientX, clientY };
        for (const kind of ['mousedown', 'mouseup', 'click'])
            bar.dispatchEvent(new MouseEvent(kind, at));
        """
    )
    opened.wait("return location.hash.includes('type=RCT&years=2024')")
    assert titles(opened) == ["Kratom for pain: a trial"]


def test_bars_are_reached_and_opened_by_keyboard(opened: Browser):
    """One stop of the Tab key a chart; arrows, Home and End inside; Enter opens the records."""
    bars = opened.run("return [...document.querySelectorAll('#bars path[role=link]')].length")
    assert bars == opened.run(
        "return document.getElementById('bars').chart.data('cells').filter(c => c.count).length"
    )
    stops = opened.run("return document.querySelectorAll('#bars path[tabindex=\"0\"]').length")
    assert stops == 1
    opened.run("document.querySelector('#by-year h2').focus()")
    told = "return document.activeElement.getAttribute('aria-label')"
    press(opened, Keys.TAB)
    first = opened.run(told)
    assert re.fullmatch(r"[^,]+, 2009: 1", first)
    assert opened.text("#by-year .told") == first
    press(opened, Keys.ARROW_RIGHT)
    assert ", 2015: " in opened.run(told)
    press(opened, Keys.ARROW_LEFT)
    assert opened.run(told) == first
    press(opened, Keys.END)
    assert ", undated: " in opened.run(told)
    press(opened, Keys.HOME)
    seen = set()
    while "2020" not in opened.run(told):
        seen.add(opened.run(told))
        press(opened, Keys.ARROW_RIGHT)
    assert len(seen) > 3
    assert opened.run(told) == "Randomised trials, 2020: 1"
    press(opened, Keys.ENTER)
    opened.wait("return location.hash === '#search=kratom&type=RCT&years=2020'")
    assert titles(opened) == ["Kratom tea and pain tolerance: a randomized trial"]
    assert opened.run("return document.activeElement.id") == "count"


def test_shares_are_drawn_where_pubmed_was_counted(browser: Browser, complete_set: Published):
    browser.open(complete_set.page)
    drawn = browser.run(
        """
        return [...document.querySelectorAll('[data-denominator]')].flatMap((place) =>
            place.chart.data('cells').map((c) => [place.dataset.denominator, c.opens?.search,
                c.year, c.share, c.kind]))
        """
    )
    rows = complete_set.sql(
        "SELECT denominator, search, year, records_per_100k FROM marts.topic_share_by_year "
        "WHERE records_per_100k IS NOT NULL"
    )
    points = {(*key, round(share, 6)) for *key, share, _ in drawn if share is not None}
    assert points == {(*key, round(share, 6)) for *key, share in rows}
    kinds = {year: kind for _, _, year, _, kind in drawn}
    assert kinds[2026] == "year not over *" and kinds[2025] == "last year ~"
    assert all(opens is None for _, opens, _, share, _ in drawn if share is None)
    browser.run("document.querySelector('[data-denominator=pubmed] path[role=link]').focus()")
    press(browser, Keys.ENTER)
    browser.wait("return location.hash.includes('entered=')")
    assert "entered PubMed in " in browser.text("#count")


def test_a_set_without_counts_of_pubmed_says_so(opened: Browser):
    assert "no line is drawn" in opened.text("#shares")
    assert opened.run("return document.querySelector('#shares .chart')") is None
