"""Summaries of other studies: set apart, since they count again what others report."""

from __future__ import annotations

from pipeline.outputs.page import grid
from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import OPERATION, folded, held, paragraph, table, text

TITLE = "Summaries of other studies"


def html(facts: Facts) -> str:
    """A table a search of the types that summarise."""
    groups = [group for group in facts.groups if group.is_summary]
    tables = "".join(
        folded(
            search,
            facts.searches[0],
            grid.html(facts, search, groups, f"{search.label}: summaries of other studies by year")
            + _what_they_sum_up(facts, search),
        )
        for search in facts.searches
    )
    return (
        paragraph(
            "Reviews, guidelines and chapters report on studies that may stand above already. They "
            "are set apart so as not to be counted twice, not since they were better or worse."
        )
        + '<figure><div class="chart" id="summary-bars" role="group" aria-label="Bars of '
        f'summaries by year and type. {OPERATION}"></div>'
        "<figcaption>Of the search chosen in the filters.</figcaption></figure>" + tables
    )


def _what_they_sum_up(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT s.study_type, t.label, s.synthesis_of, count(*) FROM marts.summaries_of_studies AS s
        JOIN evidence.study_types AS t USING (study_type)
        WHERE s.search = ? AND s.counted_as = 'record'
        GROUP BY ALL ORDER BY any_value(t.display_order), s.synthesis_of
        """,
        [search.name],
    ).fetchall()
    if not rows:
        return ""
    return table(
        f"{search.label}: what the summaries sum up, as far as their words say",
        ("summary", "of", "records"),
        [
            [
                text(label),
                text(of.replace("_", " ")),
                held(count, search, type=study_type, mark=f"synthesis:{of}"),
            ]
            for study_type, label, of, count in rows
        ],
        "counts",
    )
