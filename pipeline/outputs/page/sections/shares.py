"""Shares of PubMed: whether a topic grows faster than PubMed itself does."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import NOT_KNOWN, paragraph, table

TITLE = "Share of PubMed"
YEARS_SHOWN = 15


def html(facts: Facts) -> str:
    """A table a search and denominator; nothing until PubMed's own records were counted."""
    rows = facts.con.execute(
        """
        SELECT search, denominator, year, member_count, denominator_count, records_per_100k,
            is_partial_year
        FROM marts.topic_share_by_year
        QUALIFY row_number() OVER (PARTITION BY search, denominator ORDER BY year DESC) <= ?
        ORDER BY search, denominator, year DESC
        """,
        [YEARS_SHOWN],
    ).fetchall()
    if not rows:
        return ""
    labels = {search.name: search.label for search in facts.searches}
    parts: dict[tuple[str, str], list[list[str]]] = {}
    for search, denominator, year, members, total, share, is_partial in rows:
        parts.setdefault((search, denominator), []).append(
            [
                f"{year}{'*' if is_partial else ''}",
                NOT_KNOWN if members is None else f"{members:,}",
                NOT_KNOWN if total is None else f"{total:,}",
                NOT_KNOWN if share is None else f"{share:.2f}",
            ]
        )
    names = {"pubmed": "all of PubMed", "pain": "PubMed's records on pain"}
    tables = "".join(
        table(
            f"{labels.get(search, search)} as a part of {names.get(part, part)}, by entry year",
            ("year", "members", "of", "per 100,000"),
            cells,
            "counts",
        )
        for (search, part), cells in parts.items()
    )
    return tables + paragraph(
        "By the year of NLM's Entry Date, for both counts: another year than that of the tables "
        "above, so these members do not open a list. Records of all kinds count here."
    )
