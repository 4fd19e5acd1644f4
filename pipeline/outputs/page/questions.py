"""The questions: how many studies looked at each, the nearest evidence in people, one card each."""

from __future__ import annotations

from typing import Any

from pipeline.identifiers import doi_url
from pipeline.outputs import claims
from pipeline.outputs.page.facts import BANDS, Facts, Search, rows_of

STEPS = (1, 2, 5, 10, 30)
"""From how many records on a cell has its next darker shade."""
IN_PEOPLE = tuple(name for band in list(BANDS)[:3] for name in BANDS[band])
"""Groups of studies of people, those that come nearest to an answer first."""


def questions(facts: Facts, search: Search) -> dict[str, Any] | None:
    """A row a question with its card; those that nothing looked at apart."""
    rows = facts.claim_maps.get(search.name)
    if rows is None:
        return None
    newest = _newest(facts, search)
    leaned_on = _leaned_on(facts)
    for row in rows:
        row["nearest"] = _nearest(row)
        row["shade"] = sum((row["held_measured_count"] or 0) >= step for step in STEPS)
        row["beside"] = (row["held_count"] or 0) - (row["held_measured_count"] or 0)
        row["looked_at"] = claims.looked_at(row)
        row["rest"] = claims.rest(row) if row["coverage"] != "none" else ""
        row["newest"] = [newest[pmid] for pmid in row["newest_pmids"] or []]
        row["leaned_on"] = leaned_on.get(row["claim"], [])
    return {
        "rows": [row for row in rows if row["held_count"]],
        "unknown": [row for row in rows if not row["held_count"]],
    }


def _nearest(row: dict[str, Any]) -> dict[str, Any] | None:
    """The group of studies of people that comes nearest, with how many records measured it."""
    for name in IN_PEOPLE:
        count = row["groups"].get(name, {}).get("measured", 0)
        if count:
            return {"group": name, "count": count}
    return None


def _leaned_on(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """By claim, the studies that the popular article leans on."""
    codes = facts.con.execute(
        "SELECT DISTINCT unnest(claims) AS claim FROM evidence.claim_leaned_on ORDER BY claim"
    ).fetchall()
    found = {code: claims.leaned_on(facts.con, code) for (code,) in codes}
    for study in (study for studies in found.values() for study in studies):
        study["doi_url"] = doi_url(study["doi"])
    return found


def _newest(facts: Facts, search: Search) -> dict[int, dict[str, Any]]:
    rows = rows_of(
        facts.con,
        """
        SELECT DISTINCT a.pmid, a.title, a.citation, a.doi_url FROM marts.articles AS a
        WHERE a.pmid IN (SELECT unnest(newest_pmids) FROM marts.claim_totals WHERE search = ?)
        """,
        search.name,
    )
    return {row["pmid"]: row for row in rows}
