"""The sections of the page in their order.

A section is a module with TITLE and `html(facts)`; one that has nothing to show returns an
empty text and is left out. To add one: write the module, and name it here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.sections import (
    article,
    by_year,
    claim_map,
    experiments,
    headline,
    method,
    newest,
    preclinical,
    retractions,
    shares,
    summaries,
    surveillance,
    unclassified,
)


class Section(NamedTuple):
    """A section: the name its address has, its heading, and what makes its HTML."""

    name: str
    title: str
    html: Callable[[Facts], str]


BEFORE_RECORDS = (
    Section("experiments", experiments.TITLE, experiments.html),
    Section("headline", headline.TITLE, headline.html),
    Section("by-year", by_year.TITLE, by_year.html),
    Section("claims", claim_map.TITLE, claim_map.html),
)
AFTER_RECORDS = (
    Section("article", article.TITLE, article.html),
    Section("preclinical", preclinical.TITLE, preclinical.html),
    Section("surveillance", surveillance.TITLE, surveillance.html),
    Section("summaries", summaries.TITLE, summaries.html),
    Section("shares", shares.TITLE, shares.html),
    Section("newest", newest.TITLE, newest.html),
    Section("retractions", retractions.TITLE, retractions.html),
    Section("unclassified", unclassified.TITLE, unclassified.html),
    Section("method", method.TITLE, method.html),
)
