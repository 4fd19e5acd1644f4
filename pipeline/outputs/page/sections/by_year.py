"""What kind of study in which year: bars, and the table behind them."""

from __future__ import annotations

from pipeline.outputs.page import grid
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import OPERATION, folded, paragraph

TITLE = "Study types by year"
NOT_ZERO = "Where a search does not cover all of PubMed, an empty year is not known: it is no zero."


def html(facts: Facts) -> str:
    """A chart that follows the filters, then a table a search. Summaries have their own section."""
    types = [t for t in facts.types if not t.is_summary and t.code != "NOTICE"]
    tables = "".join(
        folded(
            search,
            facts.searches[0],
            grid.html(facts, search, types, f"{search.label}: records by study type and year"),
        )
        for search in facts.searches
    )
    is_complete = all(search.is_complete for search in facts.searches)
    empty = "" if is_complete else f" {NOT_ZERO}"
    return (
        '<figure><div class="chart" id="bars" role="group" aria-label="Bars of records by year and'
        f' study type. {OPERATION}"></div>'
        "<figcaption>Each bar opens its records. Primary study types that report a study, "
        "coloured by group; no order here is a rank. * this year, not over; ~ last year, indexing "
        f"still adds; + dated ahead.{empty}</figcaption></figure>"
        + tables
        + paragraph(
            "Counts are records, not studies. They show what was looked at, not what was found. "
            "A dot is not a zero: it is not known here."
        )
    )
