"""The sections of the page in their order.

A section is a module with TITLE and `html(facts)`; one that has nothing to show returns an
empty text and is left out. To add one: write the module, and name it here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.sections import (
    by_year,
    headline,
    method,
    newest,
    retractions,
    shares,
    summaries,
    unclassified,
)


class Section(NamedTuple):
    """A section: the name its address has, its heading, and what makes its HTML."""

    name: str
    title: str
    html: Callable[[Facts], str]


BEFORE_RECORDS = (
    Section("headline", headline.TITLE, headline.html),
    Section("by-year", by_year.TITLE, by_year.html),
)
AFTER_RECORDS = (
    Section("summaries", summaries.TITLE, summaries.html),
    Section("shares", shares.TITLE, shares.html),
    Section("newest", newest.TITLE, newest.html),
    Section("retractions", retractions.TITLE, retractions.html),
    Section("unclassified", unclassified.TITLE, unclassified.html),
    Section("method", method.TITLE, method.html),
)
