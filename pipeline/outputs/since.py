"""What a reader of the last set should hear first: new, retracted, corrected, retyped, gone.

Read from a published set, so that digest, messages and Prefect's pages all say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.escaping import for_markdown
from pipeline.outputs import told
from pipeline.outputs.told import Told

SHOWN = 50
"""Records named of each kind; the page and the tables have all."""

_LINKED = """
    SELECT DISTINCT c.pmid, NULL, {said}
    FROM marts.article_changes AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    WHERE c.is_since_last_set AND c.field = 'article_links' AND ({now})
        AND NOT coalesce({before}, FALSE)
    ORDER BY c.pmid
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
        SELECT DISTINCT pmid, NULL, '' FROM marts.new_articles WHERE pmid IS NOT NULL ORDER BY pmid
    """,
    "retracted": _linked(_RETRACTED, "retracted"),
    "of concern": _linked(_CONCERN, "expression of concern"),
    "corrected": _linked(_CORRECTED, "corrected"),
    "retyped": """
        SELECT c.pmid, NULL, 'was ' || coalesce(b.label, c.before) || ', now '
            || coalesce(n.label, c.after)
        FROM marts.article_changes AS c
        INNER JOIN marts.articles AS a ON c.pmid = a.pmid
        LEFT JOIN evidence.study_types AS b ON c.before = b.study_type
        LEFT JOIN evidence.study_types AS n ON c.after = n.study_type
        WHERE c.is_since_last_set AND c.field = 'study_type' ORDER BY c.pmid
    """,
    "left": """
        WITH gone AS (
            SELECT DISTINCT h.pmid, v.title, s.label || ': ' || CASE h.left_reason
                    WHEN 'left' THEN 'PubMed no longer lists it'
                    WHEN 'deleted' THEN 'PubMed deleted it'
                    WHEN 'merged' THEN 'PubMed merged it into another record'
                    WHEN 'strategy_changed' THEN 'the search was changed'
                    WHEN 'translation_changed' THEN 'PubMed reads the search otherwise'
                    ELSE 'reason unknown'
                END AS why
            FROM ops.search_hits AS h
            INNER JOIN core.article_citations AS v ON h.pmid = v.pmid
            INNER JOIN evidence.searches AS s ON h.search = s.search
            WHERE h.left_at > (
                SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1
            )
        )
        SELECT pmid, title, string_agg(why, '; ' ORDER BY why) FROM gone
        GROUP BY pmid, title ORDER BY pmid
    """,
}  # fmt: skip
"""By kind: PMID, title where it is no member any more, what there is to say."""

_HEADINGS = {
    "new": ("new record", "new records"),
    "retracted": ("retracted", "retracted"),
    "of concern": ("expression of concern", "expressions of concern"),
    "corrected": ("corrected", "corrected"),
    "retyped": ("with another study type", "with another study type"),
    "left": ("left a search", "left a search"),
}


@dataclass(frozen=True)
class Changed:
    """One record, and what is to be said of it.

    Attributes:
        what: its title.
        detail: what happened to it; of a new one what it is.
        link: where it can be read; PubMed where nothing is said.
        told: what it measured and in whom.
    """

    pmid: int
    what: str
    detail: str
    link: str = ""
    told: str = ""


def since_last_set(con: duckdb.DuckDBPyConnection) -> dict[str, list[Changed]]:
    """What changed since the set before, by kind; a first set is no news."""
    row = con.execute(
        "SELECT previous_published_at FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    ).fetchone()
    if row is None or row[0] is None:
        return {kind: [] for kind in QUERIES}
    found = {kind: con.execute(query).fetchall() for kind, query in QUERIES.items()}
    members = told.read(con, [pmid for rows in found.values() for pmid, _, _ in rows])
    return {
        kind: [_changed(pmid, title, detail, members.get(pmid)) for pmid, title, detail in rows]
        for kind, rows in found.items()
    }


def _changed(pmid: int, title: str | None, detail: str, member: Told | None) -> Changed:
    if member is None:
        return Changed(pmid, title or f"PMID {pmid}", detail)
    said = "; ".join(f"{name}: {value}" for name, value in member.lines.items())
    about = "; ".join(part for part in (member.kind, detail) if part)
    return Changed(pmid, member.name, about, member.link, said)


def markdown(changed: dict[str, list[Changed]]) -> str:
    """A section for each kind, for digest.md and Prefect's pages."""
    parts = []
    for kind, found in changed.items():
        if not found:
            continue
        parts.append(f"## {len(found)} {_HEADINGS[kind][len(found) > 1]}\n")
        parts += [_line(one) for one in found[:SHOWN]]
        if len(found) > SHOWN:
            parts.append(
                f"- and {len(found) - SHOWN} more: `FROM marts.article_changes`, "
                "`FROM marts.new_articles`"
            )
        parts.append("")
    return "\n".join(parts)


def _line(one: Changed) -> str:
    """A record as an item of a list: its title as a link, what it is, what it measured in whom."""
    link = one.link or f"https://pubmed.ncbi.nlm.nih.gov/{one.pmid}/"
    said = f". {for_markdown(one.told)}" if one.told else ""
    number = f"PMID {one.pmid}, " if one.pmid > 0 else ""
    return f"- [{for_markdown(one.what)}]({link}) ({number}{for_markdown(one.detail)}){said}"
