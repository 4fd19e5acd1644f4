"""The records behind every number, compact enough to travel in the page."""

from __future__ import annotations

from typing import Any

from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.sections.retractions import CORRECTIONS
from pipeline.outputs.wording import PUBMED_ONLY

COLUMNS = (
    "pmid", "title", "citation", "year", "year_source", "type", "counted", "searches", "doi",
    "decided", "proof", "words", "conflict", "funding", "marks", "reason",
)  # fmt: skip
"""Of a row, in this order. Those of `_POOLED` are positions in `pool`, since they repeat."""

_POOLED = ("year_source", "type", "counted", "decided", "conflict", "funding", "reason")
_POOLED_LISTS = ("searches", "proof", "words", "marks")
WORDS_SHOWN = 4

_QUERY = """
WITH members AS (
    SELECT pmid, list(search ORDER BY search) AS searches
    FROM ops.search_hits WHERE left_at IS NULL GROUP BY pmid
),

types_proved AS (
    SELECT p.pmid, list_distinct(list(concat(
        CASE p.source WHEN 'text' THEN replace(p.field, '_', ' ') || ': '
            WHEN 'nlm_pt' THEN 'NLM publication type: ' WHEN 'override' THEN 'a person: '
            ELSE replace(p.field, '_', ' ') || ': ' END,
        p.matched_text) ORDER BY p.proof_no)) AS said
    FROM evidence.proofs AS p
    JOIN marts.articles AS a ON p.pmid = a.pmid AND p.code = a.study_type
    WHERE p.kind = 'study_type' GROUP BY p.pmid
),

topics_proved AS (
    SELECT pmid, list(said ORDER BY said) AS said
    FROM (
        SELECT pmid, concat(code, ': ', array_to_string(
            list_sort(list(DISTINCT lower(matched_text)))[:$shown], ', ')) AS said
        FROM evidence.proofs WHERE kind = 'topic' GROUP BY pmid, code
    )
    GROUP BY pmid
),

marked AS (
    SELECT pmid, list(DISTINCT mark ORDER BY mark) AS marks
    FROM (
        SELECT pmid, 'corrected' AS mark FROM core.article_links
        WHERE list_contains($corrections, ref_type)
        UNION ALL
        SELECT pmid, concat('unexplained:', search) FROM ops.search_differences
        WHERE matched_by = 'pubmed'
        UNION ALL
        SELECT pmid, concat(reason, ':', search) FROM marts.new_articles WHERE pmid IS NOT NULL
    )
    GROUP BY pmid
),

funded AS (
    SELECT pmid, string_agg(DISTINCT agency, '; ' ORDER BY agency) AS agencies
    FROM core.grants WHERE agency IS NOT NULL GROUP BY pmid
)

SELECT a.pmid, a.title, a.citation, a.year, a.year_source, a.study_type AS type,
    a.counted_as AS counted, m.searches, a.doi,
    concat(CASE a.assigned_by WHEN 'nlm_pt' THEN 'NLM publication type' WHEN 'nlm_mesh' THEN 'MeSH'
        WHEN 'text_rule' THEN 'words of the record' WHEN 'override' THEN 'a person'
        WHEN 'none' THEN 'nothing' ELSE replace(a.assigned_by, '_', ' ') END,
        CASE WHEN a.study_type = 'OTHER' THEN '' ELSE concat(', confidence ', a.confidence) END,
        CASE WHEN a.has_conflict THEN ', sources disagree' ELSE '' END) AS decided,
    t.said[:$shown] AS proof, w.said AS words, c.coi_statement AS conflict,
    f.agencies AS funding, x.marks, a.unclassified_reason AS reason
FROM marts.articles AS a
JOIN members AS m USING (pmid)
JOIN core.articles AS c USING (pmid)
LEFT JOIN types_proved AS t USING (pmid)
LEFT JOIN topics_proved AS w USING (pmid)
LEFT JOIN marked AS x USING (pmid)
LEFT JOIN funded AS f USING (pmid)
ORDER BY a.year DESC NULLS LAST, a.pmid DESC
"""


def payload(facts: Facts) -> dict[str, Any]:
    """All members of all searches, newest first, and the names the page needs to speak of them."""
    pool: dict[str, int] = {}

    def pooled(value: str | None) -> int | None:
        return None if value is None else pool.setdefault(value, len(pool))

    cursor = facts.con.execute(_QUERY, {"corrections": list(CORRECTIONS), "shown": WORDS_SHOWN})
    rows = []
    for found in cursor.fetchall():
        row = dict(zip(COLUMNS, found, strict=True))
        for name in _POOLED:
            row[name] = pooled(row[name])
        for name in _POOLED_LISTS:
            row[name] = [pooled(value) for value in row[name] or []]
        rows.append(list(row.values()))
    return {
        "set_id": facts.set_id,
        "as_of_date": str(facts.as_of_date),
        "statement": facts.statement,
        "scope": PUBMED_ONLY,
        "searches": [
            {
                "name": search.name,
                "label": search.label,
                "is_complete": search.is_complete,
                "members": search.members,
            }
            for search in facts.searches
        ],
        "types": [
            {"code": t.code, "label": t.label, "group": t.group, "is_summary": t.is_summary}
            for t in facts.types
        ],
        "columns": COLUMNS,
        "pool": list(pool),
        "rows": rows,
    }


def abstracts(facts: Facts) -> dict[int, list[list[str | bool]]]:
    """Per record the sections of its abstract: label, text, and whether it is a conclusion."""
    rows = facts.con.execute(
        """
        SELECT s.pmid, list([coalesce(s.label, ''), s.text, s.is_conclusion] ORDER BY s.section_no)
        FROM (
            SELECT pmid, section_no, label, text,
                CASE WHEN coalesce(nlm_category, label) ILIKE 'conclusion%' THEN 'yes' ELSE '' END
                    AS is_conclusion
            FROM core.abstract_sections WHERE abstract_type = 'main' AND text IS NOT NULL
        ) AS s
        JOIN marts.articles USING (pmid) GROUP BY s.pmid ORDER BY s.pmid
        """
    ).fetchall()
    return dict(rows)
