"""Renews the pictures of docs/ from the latest set: `python -m tests.outputs.page.pictures`.

They show what a newcomer gets from `make run`, so make them from the demonstration.
"""

from __future__ import annotations

from base64 import b64decode
from typing import NamedTuple

from pipeline.settings import ROOT, Settings
from tests.outputs.page.browser import Browser


class Picture(NamedTuple):
    """What a picture shows: how wide and high, from which element on, in which scheme or medium."""

    name: str
    width: int
    height: int
    start: str = "body"
    fragment: str = ""
    scheme: str = "light"
    media: str = ""


PICTURES = (
    Picture("page", 1200, 800),
    Picture("page-questions", 1200, 800, "#questions"),
    Picture("page-records", 1200, 900, "#records", "#search=kratom&record=31098655"),
    Picture("page-dark", 1200, 800, scheme="dark"),
    Picture("page-phone", 390, 844),
    Picture("page-print", 794, 1123, media="print"),
)  # fmt: skip


def take(browser: Browser, picture: Picture) -> bytes:
    """The picture as PNG, once its charts stand."""
    command = browser.driver.execute_cdp_cmd
    scheme = {"name": "prefers-color-scheme", "value": picture.scheme}
    command("Emulation.setEmulatedMedia", {"features": [scheme], "media": picture.media})
    browser.width(picture.width, picture.height)
    browser.open(Settings.from_environment().latest / "index.html", picture.fragment)
    top = browser.run(
        "document.activeElement.blur();"
        "const start = document.querySelector(arguments[0]);"
        "if (start !== document.body) start.scrollIntoView();"
        "return scrollY",
        picture.start,
    )
    clip = {"x": 0, "y": top, "width": picture.width, "height": picture.height, "scale": 1}
    beyond = {"captureBeyondViewport": True, "clip": clip} if picture.media else {}
    taken = command("Page.captureScreenshot", beyond)
    return b64decode(taken["data"])


def main() -> None:
    browser = Browser()
    for picture in PICTURES:
        path = ROOT / "docs" / "pictures" / f"{picture.name}.png"
        path.write_bytes(take(browser, picture))
        print(f"{path.name}: {path.stat().st_size // 1000} kB")
    browser.driver.quit()


if __name__ == "__main__":
    main()
