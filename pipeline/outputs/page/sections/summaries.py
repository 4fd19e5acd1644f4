"""Summaries of other studies: set apart, since they count again what others report."""

from __future__ import annotations

from pipeline.outputs.page import grid
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import paragraph, text

TITLE = "Summaries of other studies"


def html(facts: Facts) -> str:
    """A table a search of the types that summarise."""
    types = [t for t in facts.types if t.is_summary]
    tables = "".join(
        f"<h3>{text(search.label)}</h3>"
        + grid.html(facts, search, types, f"{search.label}: summaries of other studies by year")
        for search in facts.searches
    )
    return (
        paragraph(
            "Reviews, guidelines and chapters report on studies that may stand above already. They "
            "are set apart so as not to be counted twice, not since they were better or worse."
        )
        + '<figure><div class="chart" id="summary-bars" role="img" aria-label="Bars of '
        'summaries by year and type; the tables below have the same numbers"></div>'
        "<figcaption>Of the search chosen in the filters.</figcaption></figure>" + tables
    )
