"""What kind of study in which year: bars, the table behind them, the types below each group."""

from __future__ import annotations

from pipeline.outputs.page import grid
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import OPERATION, folded, paragraph

TITLE = "Kinds of studies by year"
NOT_ZERO = (
    "Where a search does not cover all of PubMed, an empty year is not known, and not a zero."
)


def html(facts: Facts) -> str:
    """A chart that follows the filters, then a table a search. Summaries have their own section."""
    groups = [group for group in facts.groups if not group.is_summary]
    tables = "".join(
        folded(
            search,
            facts.searches[0],
            grid.html(facts, search, groups, f"{search.label}: records by kind of study and year"),
        )
        for search in facts.searches
    )
    is_known = all(search.is_known for search in facts.searches)
    empty = "" if is_known else f" {NOT_ZERO}"
    return (
        '<figure><div class="chart" id="bars" role="group" aria-label="Bars of records by year and'
        f' kind of study. {OPERATION}"></div>'
        "<figcaption>Each bar opens its records. Kinds of studies by primary study type, without "
        "summaries of other studies; no order here is a rank. * this year, not over; ~ last year, "
        f"indexing still adds; + dated ahead.{empty}</figcaption></figure>"
        + tables
        + paragraph(
            "Counts are records, not studies. They show what was looked at, not what was found. "
            "A dot is not a zero: it is not known here."
        )
    )
