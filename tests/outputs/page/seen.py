"""The tables of a page as its readers see them, and how they write what SQL knows."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

from lxml import html

from tests.outputs.page.conftest import Published

Row = tuple[str, ...]


@cache
def tables(published: Published) -> dict[str, tuple[Row, list[Row]]]:
    """Caption to heads and rows of each table of the page, as its readers see them."""
    found = {}
    for table in html.parse(str(published.page)).iterfind(".//table"):
        if "records" in table.get("class", "").split():
            continue  # the list, which the program fills
        heads = tuple(head.text_content() for head in table.iterfind("thead/tr/th"))
        rows = [tuple(_seen(cell) for cell in row) for row in table.iterfind("tbody/tr")]
        caption = table.findtext("caption")
        assert caption not in found
        found[caption] = heads, rows
    return found


def _seen(cell: Any) -> str:
    for line in cell.iter("br"):
        line.tail = f"\n{line.tail or ''}"
    for block in list(cell.iter("div"))[1:]:
        block.text = f"\n{block.text or ''}"
    return str(cell.text_content())


def known(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


def held(count: int, unread: int | None) -> str:
    """A count of what is held as the page shows it: unread is NULL where nothing is known."""
    if unread is None:
        return f"{count:,}" if count else "not known"
    return f"{count:,}, at most {count + unread:,}" if unread else f"{count:,}"


def labels(published: Published, facet: str) -> dict[str, str]:
    rows = published.sql("SELECT value, label FROM evidence.facet_values WHERE facet = ?", [facet])
    return dict(rows)


def searches(published: Published) -> list[tuple[str, str, bool]]:
    """Name, label and whether its zeros are known, of each search that the page shows."""
    rows = published.sql(
        "SELECT t.search, t.label, t.coverage FROM marts.search_totals AS t "
        "JOIN evidence.searches AS s USING (search) WHERE s.is_headline"
    )
    return [(search, label, coverage != "partial") for search, label, coverage in rows]


def span(first: int | None, last: int | None) -> str:
    return "undated" if first is None else str(first) if first == last else f"{first} to {last}"


def records(page: Path, name: str = "data") -> dict[str, Any]:
    """What the program of a page reads: its records, or its abstracts."""
    packed = html.parse(str(page)).getroot().get_element_by_id(name).text
    found: dict[str, Any] = json.loads(zlib.decompress(b64decode(packed)))
    return found
