"""A real Chromium without a window: what it shows, what it logs, what it asks for."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

from pipeline.settings import ROOT

AXE = ROOT / ".browser" / "axe.min.js"
PROGRAMS = tuple(shutil.which(name) for name in ("chromium", "chromedriver"))


class Browser:
    """One Chromium; `open` is the way to a page, `logged` and `asked_for` tell what it did."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        assert PROGRAMS[0] is not None
        options.binary_location = PROGRAMS[0]
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(PROGRAMS[1]))
        self.driver.set_script_timeout(60)

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a page anew, wherever the browser was, and wait until it is drawn."""
        self.driver.get("about:blank")
        self.logged()
        self.asked_for()
        self.driver.get(f"{path.resolve().as_uri()}{fragment}")
        self.wait("return document.documentElement.dataset.ready === 'yes'")

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.02)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def logged(self) -> list[str]:
        """What the console says since the last call, errors and warnings alike."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked_for(self) -> list[str]:
        """Addresses requested since the last call."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]


def titles(browser: Browser) -> list[str]:
    """Of the records that the list shows."""
    script = (
        "return [...document.querySelectorAll('#list > li > :first-child')].map(e => e.textContent)"
    )
    return list(browser.run(script))
