"""What came last: new to this set, and newest in PubMed."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import number, pubmed, table, text

TITLE = "Newest records"
SHOWN = 10


def html(facts: Facts) -> str:
    """Per search what is new since the last published set, and the last to enter PubMed."""
    return "".join(
        f"<h3>{text(search.label)}</h3>{_new(facts, search)}{_last(facts, search)}"
        for search in facts.searches
        if search.members
    )


def _new(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT reason, sum(record_count)::INTEGER FROM marts.new_articles
        WHERE search = ? GROUP BY reason ORDER BY reason
        """,
        [search.name],
    ).fetchall()
    said = {
        "baseline": "{} in the first set of this search: nothing is announced as new.",
        "search_changed": "{} came in as the search changed: nothing is announced as new.",
        "new_in_pubmed": "{} new in PubMed since the last set.",
        "newly_matched": "{} older in PubMed, matched for the first time since the last set.",
    }
    lines = []
    for reason, count in rows:
        lines.append(
            said[reason].format(
                number(count, search=search.name, counted="all", mark=f"{reason}:{search.name}")
            )
        )
    return f"<p>{' '.join(lines) or 'Nothing new since the last set.'}</p>"


def _last(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT a.pmid, a.title, a.citation, a.study_type_label, a.counted_as, y.entry_at::DATE
        FROM ops.search_hits AS h
        JOIN marts.articles AS a USING (pmid)
        LEFT JOIN core.article_years AS y USING (pmid)
        WHERE h.search = ? AND h.left_at IS NULL
        ORDER BY y.entry_at DESC NULLS LAST, a.pmid DESC LIMIT ?
        """,
        [search.name, SHOWN],
    ).fetchall()
    return table(
        f"{search.label}: last to enter PubMed",
        ("record", "study type", "entered PubMed"),
        [
            [
                f"{pubmed(pmid, title or citation)}<br><small>{text(citation)}</small>",
                text(kind if counted == "record" else f"{kind} ({counted})"),
                f"<time>{entered}</time>" if entered else "not stated",
            ]
            for pmid, title, citation, kind, counted, entered in rows
        ],
    )
