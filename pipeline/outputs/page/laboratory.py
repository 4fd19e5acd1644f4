"""Animals, cells and routine data: what was tested, in what, and where the cases come from."""

from __future__ import annotations

from typing import Any

from pipeline.evidence.facets import NOT_STATED
from pipeline.outputs.page.facts import Facts, Search, rows_of
from pipeline.outputs.wording import not_given

SHOWN = 100
_UNLISTED = {
    "not_kratom": "not kratom",
    "no_animal": "no animal: laboratory work",
}
_PAIN = {"focus": "title or major heading", "outcome": "results", "mention": "elsewhere only"}

_PRECLINICAL = """
SELECT p.*, a.title, a.doi_url, a.has_abstract, count(*) OVER () AS every
FROM marts.preclinical_pain AS p JOIN marts.articles AS a USING (pmid)
WHERE p.search = ?
ORDER BY p.substances = ['not_kratom'],
    list_position(['focus', 'outcome', 'mention'], p.pain_level),
    p.year DESC NULLS LAST, p.pmid, NOT p.is_tied, p.row_no
LIMIT ?
"""
_SURVEILLANCE = """
WITH shown AS (
    SELECT s.*, a.title, a.doi_url, a.has_abstract, count(*) OVER () AS every
    FROM marts.surveillance_reports AS s JOIN marts.articles AS a USING (pmid)
    WHERE s.search = ?
    ORDER BY s.publication_year DESC NULLS LAST, s.pmid DESC LIMIT ?
),

shared AS (
    SELECT o.pmid, count(*) AS sharing
    FROM (SELECT search, pmid, unnest(sharing_pmids) AS other FROM shown) AS o
    JOIN ops.search_hits AS h ON o.search = h.search AND o.other = h.pmid AND h.left_at IS NULL
    GROUP BY o.pmid
)

SELECT s.*, coalesce(o.sharing, 0) AS sharing
FROM shown AS s LEFT JOIN shared AS o USING (pmid)
ORDER BY s.publication_year DESC NULLS LAST, s.pmid DESC
"""


def preclinical(facts: Facts, search: Search) -> dict[str, Any]:
    """Which substance, in which animal, by which test of pain."""
    rows = rows_of(facts.con, _PRECLINICAL, search.name, SHOWN)
    ((total, concerned),) = facts.con.execute(
        "SELECT count(DISTINCT pmid), count(DISTINCT pmid) FILTER (pain_level <> 'mention') "
        "FROM marts.preclinical_pain WHERE search = ?",
        [search.name],
    ).fetchall()

    def said(facet: str, row: dict[str, Any], column: str) -> str:
        words = _UNLISTED | {NOT_STATED: not_given(row["has_abstract"])}
        return ", ".join(words.get(one) or facts.label(facet, one) for one in row[column])

    for row in rows:
        row["what"] = said("substance", row, "substances")
        row["animals"] = said("species", row, "species")
        row["tests"] = said("assay", row, "assays")
        row["place"] = _PAIN[row["pain_level"]]
    every = rows[0]["every"] if rows else 0
    return {"rows": rows, "records": total, "concerned": concerned, "every": every, "shown": SHOWN}


def surveillance(facts: Facts, search: Search) -> dict[str, Any]:
    """Poison centres, pharmacovigilance, deaths, supply; and which reports may share cases."""
    rows = rows_of(facts.con, _SURVEILLANCE, search.name, SHOWN)
    for row in rows:
        row["what"] = ", ".join(facts.label("surveillance_source", one) for one in row["sources"])
    sources = facts.con.execute(
        """
        SELECT source, count(*)
        FROM (SELECT unnest(sources) AS source FROM marts.surveillance_reports WHERE search = ?)
        GROUP BY source ORDER BY source
        """,
        [search.name],
    ).fetchall()
    return {
        "rows": rows,
        "every": rows[0]["every"] if rows else 0,
        "shown": SHOWN,
        "sources": [
            {"code": code, "label": facts.label("surveillance_source", code), "count": count}
            for code, count in sources
        ],
    }
