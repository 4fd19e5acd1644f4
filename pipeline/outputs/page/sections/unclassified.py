"""Records without a study type, and why."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import held, paragraph, table, text

TITLE = "What is unclassified, and why"


def html(facts: Facts) -> str:
    """One row a search and reason."""
    searches = {search.name: search for search in facts.searches}
    rows = facts.con.execute(
        "SELECT search, reason, held_count FROM marts.unclassified ORDER BY search, reason"
    ).fetchall()
    if not rows:
        return paragraph("Every member of every search has a study type.")
    return table(
        "Unclassified members by search and reason",
        ("search", "reason", "members"),
        [
            [
                text(searches[search].label),
                text(reason),
                held(count, searches[search], counted="all", type="OTHER", reason=reason),
            ]
            for search, reason, count in rows
        ],
    ) + paragraph(
        "Study types come from rules over NLM's tags, headings, titles and abstracts. How often "
        "they are right, where it was measured, stands in evidence.study_type_accuracy and "
        "docs/methods.md. Each record shows the words that decided."
    )
