"""Records that could not be read: what the tables of this page know nothing of."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import paragraph, pubmed, table, text

TITLE = "What could not be read"


def html(facts: Facts) -> str:
    """One row a record and search; nothing where everything could be read."""
    labels = {search.name: search.label for search in facts.searches}
    rows = facts.con.execute(
        "SELECT pmid, search, is_held, reason FROM marts.unread_records "
        "ORDER BY search NULLS LAST, pmid NULLS LAST, reason"
    ).fetchall()
    if not rows:
        return ""
    return table(
        "Records that could not be read, by search",
        ("record", "search", "in the tables", "reason"),
        [
            [
                pubmed(pmid) or "PMID not readable",
                text(labels.get(search, search)) if search else "not known",
                "with an older text" if is_held else "not counted",
                text(reason),
            ]
            for pmid, search, is_held, reason in rows
        ],
    ) + paragraph(
        "Where a search lists u such records, each of its counts c reads: c, at most c + u. Each "
        "run asks for these records again."
    )
