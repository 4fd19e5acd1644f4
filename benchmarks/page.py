"""How quick is the page of 10,000 records? One command: `python -m benchmarks.page`.

The records are synthetic, of real length (tests/outputs/page/many.py). Each time is the median of
runs in headless Chromium, beside that of an empty page opened in turn with it, so that a busy
machine slows both alike. First drawn: the first list of records and the tables stand. Charted:
the bars stand too. Filtered: from an input to the new list and count, without the bars, which
follow by themselves.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.outputs.page.browser import Browser
from tests.outputs.page.many import publish

DRAWN = """
    const [entry] = performance.getEntriesByName('first-contentful-paint');
    return entry ? entry.startTime : null
"""
LISTED = "return performance.getEntriesByName('ketum-listed')[0]?.startTime ?? null"
CHARTED = "return performance.getEntriesByName('ketum-charted')[0]?.startTime ?? null"
FILTER = """
    const field = document.querySelector('[name=text]');
    field.value = arguments[0];
    const began = performance.now();
    field.dispatchEvent(new Event('input', { bubbles: true }));
    return performance.now() - began;
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
    browser.wait(f"return (() => {{ {CHARTED} }})() !== null")
    times["page: first drawn (list and tables)"] = browser.run(LISTED)
    times["page: charted"] = browser.run(CHARTED)
    times["page: first filter by text"] = browser.run(FILTER, "kratom")
    times["page: filter by text"] = statistics.median(browser.run(FILTER, w) for w in WORDS)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        page = publish(Path(directory), options.records)
        empty = Path(directory) / "empty.html"
        empty.write_text("<!doctype html><title>empty</title><p>empty", encoding="utf-8")
        browser = Browser()
        runs = [measured(browser, page, empty) for _ in range(options.runs)]
        browser.driver.quit()
        size = page.stat().st_size
    print(f"{options.records:,} synthetic records, {options.runs} runs: {size / 1e6:.2f} MB")
    floor = statistics.median(run["empty page: first paint"] for run in runs)
    for name in runs[0]:
        middle = statistics.median(run[name] for run in runs)
        print(f"  {name:38s} {middle:8.1f} ms  {middle / floor:6.1f} x an empty page painted")


if __name__ == "__main__":
    main()
