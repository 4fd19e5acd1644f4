"""What a reader of the last set should hear first: new, retracted, corrected, retyped, gone.

Read from a published set, so that digest, messages and Prefect's pages all say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.escaping import for_markdown

SHOWN = 20

_LINKED = """
    SELECT DISTINCT a.pmid, a.citation, {said}
    FROM marts.article_changes AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    WHERE c.is_since_last_set AND c.field = 'article_links' AND ({now})
        AND NOT coalesce({before}, FALSE)
    ORDER BY a.pmid
"""
_RETRACTED = "contains({}, 'RetractionIn') OR contains({}, 'RetractedandRepublishedIn')"
_CORRECTED = "contains({}, 'ErratumIn') OR contains({}, 'CorrectedandRepublishedIn')"
_CONCERN = "contains({}, 'ExpressionOfConcernIn')"


def _linked(condition: str, said: str) -> str:
    return _LINKED.format(
        now=condition.replace("{}", "c.after"),
        before=f"({condition.replace('{}', 'c.before')})",
        said=f"'{said}'",
    )


QUERIES = {
    "new": """
        SELECT DISTINCT pmid, citation, study_type FROM marts.new_articles
        WHERE pmid IS NOT NULL ORDER BY pmid
    """,
    "retracted": _linked(_RETRACTED, "retracted"),
    "of concern": _linked(_CONCERN, "expression of concern"),
    "corrected": _linked(_CORRECTED, "corrected"),
    "retyped": """
        SELECT c.pmid, a.citation, c.before || ', now ' || c.after
        FROM marts.article_changes AS c INNER JOIN marts.articles AS a ON c.pmid = a.pmid
        WHERE c.is_since_last_set AND c.field = 'study_type' ORDER BY c.pmid
    """,
    "left": """
        SELECT h.pmid, v.title, string_agg(DISTINCT h.search || ': ' || h.left_reason, ', ')
        FROM ops.search_hits AS h INNER JOIN core.articles AS v ON h.pmid = v.pmid
        WHERE h.left_at > (
            SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1
        )
        GROUP BY h.pmid, v.title ORDER BY h.pmid
    """,
}  # fmt: skip
"""By kind: PMID, what it is, what there is to say."""


@dataclass(frozen=True)
class Changed:
    """One record, and what is to be said of it."""

    pmid: int
    what: str
    detail: str


def since_last_set(con: duckdb.DuckDBPyConnection) -> dict[str, list[Changed]]:
    """What changed since the set before, by kind; a first set is no news."""
    row = con.execute(
        "SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    ).fetchone()
    if row is None or row[0] is None:
        return {kind: [] for kind in QUERIES}
    return {
        kind: [
            Changed(pmid, what or "", detail or "")
            for pmid, what, detail in con.execute(query).fetchall()
        ]
        for kind, query in QUERIES.items()
    }


def markdown(changed: dict[str, list[Changed]]) -> str:
    """A section for each kind, for digest.md and Prefect's pages."""
    parts = []
    for kind, found in changed.items():
        if not found:
            continue
        parts.append(f"## {len(found)} {kind}\n")
        parts += [
            f"- [{one.pmid}](https://pubmed.ncbi.nlm.nih.gov/{one.pmid}/) "
            f"{for_markdown(one.what)} ({for_markdown(one.detail)})"
            for one in found[:SHOWN]
        ]
        if len(found) > SHOWN:
            parts.append(
                f"- and {len(found) - SHOWN} more: `FROM marts.article_changes`, "
                "`FROM marts.new_articles`"
            )
        parts.append("")
    return "\n".join(parts)
