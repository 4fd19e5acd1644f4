"""How quick is the page of 10,000 records?

The records are synthetic, of real length (tests/outputs/page/many.py). Each time is the median of
runs in headless Chromium, beside that of an empty page opened in turn with it, so that a busy
machine slows both alike. First drawn: the first rows of the list and the tables stand. Charted:
the bars stand too. Filtered, sorted: from the event to the new list, count, facets and chart.
As in Lighthouse, also how much the page shifts while it loads, and its longest task.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.measured import Table
from tests.outputs.page.browser import Browser
from tests.outputs.page.many import publish

RECORDS = 10_000
DRAWN = """
    const [entry] = performance.getEntriesByName('first-contentful-paint');
    return entry ? entry.startTime : null
"""
MARKED = "return performance.getEntriesByName(arguments[0])[0]?.startTime ?? null"
FILTER = """
    const field = document.querySelector('[name=text]');
    field.value = arguments[0];
    const began = performance.now();
    field.dispatchEvent(new Event('input', { bubbles: true }));
    return performance.now() - began;
"""
SORT = """
    const began = performance.now();
    document.querySelector('#list-head th:nth-child(2) button').click();
    return performance.now() - began;
"""
SEEN = """
    const [kind, done] = arguments;
    new PerformanceObserver((list) => done(list.getEntries().map((e) => e.value ?? e.duration)))
        .observe({ type: kind, buffered: true });
    setTimeout(() => done([]), 300);
"""
WORDS = ("rats", "rats mi", "rats mitragynine", "chronic pain", "nothing has this", "")


def measured(browser: Browser, page: Path, empty: Path) -> dict[str, float]:
    """One opening of each page; milliseconds by name."""
    times: dict[str, float] = {}
    for name, path in (("empty page", empty), ("page", page)):
        browser.driver.get("about:blank")
        began = time.perf_counter()
        browser.driver.get(path.as_uri())
        times[f"{name}: loaded, driver and all"] = 1000 * (time.perf_counter() - began)
        browser.wait(f"return (() => {{ {DRAWN} }})() !== null")
        times[f"{name}: first paint"] = browser.run(DRAWN)
    browser.wait("return document.documentElement.dataset.ready === 'yes'")
    times["page: first drawn (list and tables)"] = browser.run(MARKED, "ketum-listed")
    times["page: charted"] = browser.run(MARKED, "ketum-charted")
    seen = browser.driver.execute_async_script
    times["page: longest task"] = max(seen(SEEN, "longtask"), default=0)
    times["page: layout shift, thousandths"] = 1000 * sum(seen(SEEN, "layout-shift"))
    times["page: first filter by text"] = browser.run(FILTER, "kratom")
    times["page: filter by text"] = statistics.median(browser.run(FILTER, w) for w in WORDS)
    times["page: sort by title"] = browser.run(SORT)
    return times


def section(runs: int) -> Table:
    """Measure in a browser."""
    with tempfile.TemporaryDirectory() as directory:
        page = publish(Path(directory), RECORDS)
        empty = Path(directory) / "empty.html"
        empty.write_text("<!doctype html><title>empty</title><p>empty", encoding="utf-8")
        browser = Browser()
        found = [measured(browser, page, empty) for _ in range(runs)]
        browser.driver.quit()
        size = page.stat().st_size
    floor = statistics.median(run["empty page: first paint"] for run in found)
    table = Table(
        f"The page of {RECORDS:,} synthetic records, {size / 1e6:.2f} MB: medians of {runs} runs",
        ["what", "ms", "x an empty page painted"],
    )
    for name in found[0]:
        middle = statistics.median(run[name] for run in found)
        table.rows.append([name, f"{middle:.1f}", f"{middle / floor:.1f}"])
    return table
