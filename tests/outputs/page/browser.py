"""A real Chromium without a window: what it shows, what it logs, what it asks for."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
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

    def press(self, key: str) -> None:
        ActionChains(self.driver).send_keys(key).perform()

    def width(self, pixels: int | None, height: int = 800) -> None:
        """The window's width from now on, a phone's below 500 pixels; None: as it was."""
        if pixels is None:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            return
        size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def click(self, selector: str) -> None:
        """Click the first element of a selector, wherever it is on the page."""
        self.run("document.querySelector(arguments[0]).click()", selector)

    def saved(self, selector: str) -> tuple[str, str]:
        """What a click saves as a file: its name and its text."""
        found: tuple[str, str] = self.driver.execute_async_script(
            """
            const [selector, done] = arguments;
            const make = URL.createObjectURL;
            let blob = null;
            URL.createObjectURL = (content) => make((blob = content));
            addEventListener("click", async function stop(event) {
              if (!event.target.download) return;
              event.preventDefault();
              removeEventListener("click", stop, true);
              URL.createObjectURL = make;
              const { download, href } = event.target;
              done([download, blob ? await blob.text() : href]);
            }, true);
            document.querySelector(selector).click();
            """,
            selector,
        )
        return found

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
    script = "return [...document.querySelectorAll('#list .open')].map(e => e.textContent)"
    return list(browser.run(script))
