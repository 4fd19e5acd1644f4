"""Retracted and corrected records: what a reader must know before citing."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import held, paragraph, pubmed, table, text

TITLE = "Retractions and corrections"

CORRECTIONS = {
    "ErratumIn": "erratum",
    "CorrectedandRepublishedIn": "corrected and republished",
    "ExpressionOfConcernIn": "expression of concern",
    "UpdateIn": "update",
}
"""NLM's links from an article to what corrects it."""


def html(facts: Facts) -> str:
    """Counts a search, then the retracted and the corrected records themselves."""
    counts = facts.con.execute(
        """
        SELECT h.search, count(DISTINCT h.pmid) FROM ops.search_hits AS h
        JOIN core.article_links AS l USING (pmid)
        WHERE h.left_at IS NULL AND list_contains(?, l.ref_type) GROUP BY h.search
        """,
        [list(CORRECTIONS)],
    ).fetchall()
    corrected = dict(counts)
    rows = [
        [
            text(search.label),
            held(search.retracted, search, counted="retracted"),
            held(corrected.get(search.name, 0), search, counted="all", mark="corrected"),
        ]
        for search in facts.searches
    ]
    return (
        table(
            "Retracted and corrected records by search",
            ("search", "retracted", "with a correction or concern"),
            rows,
            "counts",
        )
        + _retracted(facts)
        + paragraph(
            "As far as PubMed says so: a retraction is known here only when NLM marks or links "
            "it, or the title says it."
        )
    )


def _retracted(facts: Facts) -> str:
    rows = facts.con.execute(
        """
        SELECT DISTINCT ON (pmid) pmid, title, citation, notice_pmid, notice_source
        FROM marts.retractions ORDER BY pmid DESC
        """
    ).fetchall()
    if not rows:
        return ""
    return table(
        "Retracted articles of all searches",
        ("article", "notice"),
        [
            [
                f"{pubmed(pmid, title)}<br><small>{text(citation)}</small>",
                pubmed(notice, source) if notice or source else "not linked in PubMed",
            ]
            for pmid, title, citation, notice, source in rows
        ],
    )
