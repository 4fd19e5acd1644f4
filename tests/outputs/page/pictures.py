"""Renews the pictures of docs/ from the latest set: `python -m tests.outputs.page.pictures`.

They show what a newcomer gets from `make run`, so make them from the demonstration.
"""

from __future__ import annotations

from base64 import b64decode
from typing import NamedTuple

from pipeline.settings import ROOT, Settings
from tests.outputs.page.browser import Browser


class Picture(NamedTuple):
    """What a picture shows: how wide, in which scheme, from which element on, how much."""

    name: str
    width: int
    height: int
    scheme: str
    start: str
    fragment: str = ""


PICTURES = (
    Picture("page", 1100, 1150, "light", "header"),
    Picture("page-claims", 1100, 1000, "light", "#claims"),
    Picture("page-records", 1100, 900, "light", "#records",
            "#search=kratom&claim=analgesia&group=Animal+studies&how=measured"),
    Picture("page-dark", 1100, 1000, "dark", "#by-year"),
    Picture("page-phone", 390, 1200, "light", "header"),
)  # fmt: skip


def take(browser: Browser, picture: Picture) -> bytes:
    """The picture as PNG, once its charts stand."""
    command = browser.driver.execute_cdp_cmd
    scheme = {"name": "prefers-color-scheme", "value": picture.scheme}
    command("Emulation.setEmulatedMedia", {"features": [scheme]})
    command(
        "Emulation.setDeviceMetricsOverride",
        {"width": picture.width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    page = Settings.from_environment().latest / "index.html"
    browser.open(page, picture.fragment)
    top = browser.run(
        "return document.querySelector(arguments[0]).getBoundingClientRect().top + scrollY",
        picture.start,
    )
    clip = {"x": 0, "y": top, "width": picture.width, "height": picture.height, "scale": 1}
    taken = command("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    return b64decode(taken["data"])


def main() -> None:
    browser = Browser()
    for picture in PICTURES:
        path = ROOT / "docs" / f"{picture.name}.png"
        path.write_bytes(take(browser, picture))
        print(f"{path.name}: {path.stat().st_size // 1000} kB")
    browser.driver.quit()


if __name__ == "__main__":
    main()
