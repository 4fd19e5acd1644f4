"""10,000 records stay light and quick; benchmarks/page.py has the figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outputs.page import many
from tests.outputs.page.browser import Browser

pytestmark = pytest.mark.whole

FILTER = """
    const field = document.querySelector('[name=text]');
    field.value = arguments[0];
    field.dispatchEvent(new Event('input', { bubbles: true }));
"""


def worked(browser: Browser) -> float:
    """Seconds of processor that the page took so far, whatever else the machine does."""
    found = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    wanted = {"ScriptDuration", "LayoutDuration", "RecalcStyleDuration"}
    return float(sum(one["value"] for one in found if one["name"] in wanted))


@pytest.mark.slow
def test_ten_thousand_records_are_light_and_quick(browser: Browser, tmp_path: Path):
    page = many.publish(tmp_path, 10_000)
    assert page.stat().st_size < 6_000_000
    browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    drawn, filtered = [], []
    for _ in range(3):
        browser.open(page)
        assert browser.logged() == []
        assert browser.text("#count").startswith("10,000 records")
        drawn.append(worked(browser))
        browser.run(FILTER, "rats")
        filtered.append(worked(browser) - drawn[-1])
    browser.driver.execute_cdp_cmd("Performance.disable", {})
    assert min(drawn) < 1
    assert min(filtered) < 0.5
