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
    unread,
)


class Section(NamedTuple):
    """A section: the name its address has, its name among the contents, its heading, its HTML."""

    name: str
    short: str
    title: str
    html: Callable[[Facts], str]


BEFORE_RECORDS = (
    Section("experiments", "Experiments on people", experiments.TITLE, experiments.html),
    Section("headline", "Numbers", headline.TITLE, headline.html),
    Section("unread", "Not read", unread.TITLE, unread.html),
    Section("by-year", "Kinds by year", by_year.TITLE, by_year.html),
    Section("claims", "Claim map", claim_map.TITLE, claim_map.html),
)
AFTER_RECORDS = (
    Section("article", "The article", article.TITLE, article.html),
    Section("preclinical", "Animals and laboratory", preclinical.TITLE, preclinical.html),
    Section("surveillance", "Routine data", surveillance.TITLE, surveillance.html),
    Section("summaries", "Summaries", summaries.TITLE, summaries.html),
    Section("shares", "Share of PubMed", shares.TITLE, shares.html),
    Section("newest", "Newest", newest.TITLE, newest.html),
    Section("retractions", "Retractions", retractions.TITLE, retractions.html),
    Section("unclassified", "Unclassified", unclassified.TITLE, unclassified.html),
    Section("method", "Search", method.TITLE, method.html),
)
