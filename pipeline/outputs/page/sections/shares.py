"""Shares of PubMed: whether a topic grows faster than PubMed itself does."""

from __future__ import annotations

from typing import Any

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import NOT_KNOWN, OPERATION, folded, held, paragraph, table

TITLE = "Share of PubMed"
YEARS_SHOWN = 15
PARTS = {"pubmed": "all of PubMed", "pain": "PubMed's records on pain"}
NOT_COUNTED = (
    "Not known: PubMed's own records were not counted by year for this set, so there is nothing "
    "to divide by, and no line is drawn. A live update counts them."
)


def points(facts: Facts) -> list[dict[str, Any]]:
    """A point a search, denominator and year, for the charts; NULL has no point and is no 0."""
    rows = facts.con.execute(
        """
        SELECT search, denominator, year, records_per_100k,
            CASE year(counted_at) - year WHEN 0 THEN 'partial' WHEN 1 THEN 'provisional'
                ELSE 'settled' END AS kind
        FROM marts.topic_share_by_year ORDER BY search, denominator, year
        """
    ).fetchall()
    return [
        dict(zip(("search", "denominator", "year", "share", "kind"), row, strict=True))
        for row in rows
    ]


def html(facts: Facts) -> str:
    """A chart a denominator, a table a search and denominator; or that nothing was counted."""
    rows = facts.con.execute(
        """
        SELECT denominator, search, year, held_member_count, denominator_count, records_per_100k,
            year(counted_at) - year
        FROM marts.topic_share_by_year
        QUALIFY row_number() OVER (PARTITION BY search, denominator ORDER BY year DESC) <= ?
        ORDER BY denominator DESC, search, year DESC
        """,
        [YEARS_SHOWN],
    ).fetchall()
    if not rows:
        return paragraph(NOT_COUNTED)
    searches = {search.name: search for search in facts.searches}
    tables: dict[str, dict[str, list[list[str]]]] = {}
    for part, name, year, members, total, share, age in rows:
        mark = {0: "*", 1: "~"}.get(age, "")
        tables.setdefault(part, {}).setdefault(name, []).append(
            [
                f"{year}{mark}",
                held(members, searches[name], counted="all", entered=str(year)),
                NOT_KNOWN if total is None else f"{total:,}",
                NOT_KNOWN if share is None else f"{share:,.2f}",
            ]
        )
    parts = "".join(
        _chart(part)
        + "".join(
            folded(search, facts.searches[0], _table(search, part, of_searches[search.name]))
            for search in facts.searches
            if search.name in of_searches
        )
        for part, of_searches in tables.items()
    )
    return parts + paragraph(
        "By the year of NLM's Entry Date, for both counts: another year than that of the tables "
        "above. Records of all kinds count here. * this year, not over; ~ last year: records that "
        "PubMed takes in late may still be dated into it. A year without both counts has no point."
    )


def _chart(part: str) -> str:
    name = f"Records per 100,000 of {PARTS.get(part, part)} by entry year"
    return (
        f'<figure><div class="chart small" data-denominator="{part}" role="group" '
        f'aria-label="{name}. {OPERATION}"></div><figcaption>{name}</figcaption></figure>'
    )


def _table(search: Search, part: str, rows: list[list[str]]) -> str:
    caption = f"{search.label} as a part of {PARTS.get(part, part)}, by entry year"
    return table(caption, ("year", "members", "of", "per 100,000"), rows, "counts years")
