"""The date and name of a set, which are put into its pages last."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.outputs.page.facts import head
from pipeline.outputs.wording import day

SHARED, PRIVATE = "index.html", "index.private.html"
# no text of a record can hold them: it is escaped, and XML and HTML know no such characters
SET_ID, DATE, DAY = "\x01set\x01", "\x01date\x01", "\x01day\x01"
MOMENT, DATA = "\x01moment\x01", "\x01data\x01"
UNNAMED = {"set_id": "", "as_of_date": ""}
"""What the data for the page's program say of the set, until it is known."""


@dataclass(frozen=True)
class Pages:
    """Both pages, and the JSON text of the data in them, without the date and name of a set."""

    shared: str
    private: str
    data: str


def said(moment: datetime) -> str:
    """A time as the page says it."""
    return moment.strftime("%-d %B %Y, %H:%M UTC")


def write(con: duckdb.DuckDBPyConnection, directory: Path, pages: Pages) -> None:
    """Write both pages of a set, with its date and name.

    Args:
        con: the set's tables.
        directory: of the set.
        pages: what they show.
    """
    set_id, _, as_of, as_of_date, _ = head(con)
    names = {"set_id": set_id, "as_of_date": str(as_of_date)}
    values = {
        DATA: packed(pages.data.replace(dumped(UNNAMED)[1:-1], dumped(names)[1:-1], 1)),
        SET_ID: set_id,
        DATE: str(as_of_date),
        DAY: day(as_of_date),
        MOMENT: said(as_of),
    }
    for name, page in ((SHARED, pages.shared), (PRIVATE, pages.private)):
        for mark, value in values.items():
            page = page.replace(mark, value)
        (directory / name).write_text(page, encoding="utf-8")


def dumped(value: object) -> str:
    """JSON as the pages carry it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def packed(text: str) -> str:
    """Text as the pages carry it: compressed (a zlib stream), in base64."""
    return b64encode(zlib.compress(text.encode(), 6)).decode()
