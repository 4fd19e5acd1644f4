"""Which records stand behind the numbers that are no study type of a year: marks and claims.

A mark is a word that a record carries, with a value after a colon where there is one. Numbers
of the sections name marks in their links, the list keeps the records that carry them all, and
page.js says each mark in words (`MARKS`).
"""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from pipeline.outputs.page.rest import CORRECTIONS

WORDS_SHOWN = 4
LONGEST = 80
"""Characters of matched words: a rule may span much of a sentence, which is not ours to copy."""

SHORTENED = (
    f"CASE WHEN length({{0}}) > {LONGEST} "
    f"THEN concat(left({{0}}, {LONGEST // 2}), ' … ', right({{0}}, {LONGEST // 3})) ELSE {{0}} END"
)
"""SQL that keeps both ends of matched words; `{0}` is the column."""

_MARKS = """
SELECT pmid, list(DISTINCT mark ORDER BY mark)
FROM (
    SELECT pmid, 'corrected' AS mark FROM core.article_links
    WHERE list_contains($corrections, ref_type)
    UNION ALL
    SELECT pmid, concat('unexplained:', search) FROM ops.search_differences
    WHERE matched_by = 'pubmed'
    UNION ALL
    SELECT pmid, concat(reason, ':', search) FROM marts.new_articles WHERE pmid IS NOT NULL
    UNION ALL
    SELECT h.pmid, concat(n.reason, ':', n.search) -- these stand there as one line
    FROM marts.new_articles AS n
    JOIN ops.search_hits AS h ON n.search = h.search AND n.entered_at = h.entered_at
        AND (h.entered_reason = 'first_run') = (n.reason = 'baseline')
    WHERE n.pmid IS NULL AND h.left_at IS NULL AND h.entered_reason <> 'appeared'
        AND (h.search, h.pmid) NOT IN (
            SELECT (search, pmid) FROM marts.new_articles WHERE pmid IS NOT NULL)
    UNION ALL
    SELECT unnest(report_pmids || other_pmids), concat('group:', study_group)
    FROM marts.human_experimental
    UNION ALL
    SELECT unnest(report_pmids), 'report' FROM marts.human_experimental
    UNION ALL
    SELECT unnest(other_pmids), 'not_report' FROM marts.human_experimental
    UNION ALL
    SELECT unnest(report_pmids),
        concat(CASE WHEN is_on_topic THEN 'experiment:' ELSE 'experiment_mention:' END, search)
    FROM marts.human_experimental
    UNION ALL
    SELECT unnest(report_pmids), concat('experiment_pain:', search)
    FROM marts.human_experimental WHERE is_on_topic AND is_pain_measured
    UNION ALL
    SELECT unnest(study_pmids), concat('answer_study:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(pain_pmids), concat('answer_pain:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(provoked_pmids), concat('answer_provoked:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(patient_pmids), concat('answer_patient:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(unclear_pmids), concat('answer_unclear:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(pain_unchecked_pmids), concat('answer_pain_unchecked:', search) FROM marts.answer
    UNION ALL
    SELECT unnest(unchecked_pmids), concat('answer_unchecked:', search) FROM marts.answer
    UNION ALL
    SELECT pmid, unnest(['preclinical_pain', concat('preclinical_row:', pmid)])
    FROM marts.preclinical_pain
    UNION ALL
    SELECT pmid, concat('pain:', pain_level) FROM marts.articles WHERE pain_level IS NOT NULL
    UNION ALL
    SELECT pmid, 'concerns_pain' FROM marts.articles WHERE pain_level IN ('focus', 'outcome')
    UNION ALL
    SELECT pmid, 'surveillance' FROM marts.surveillance_reports
    UNION ALL
    SELECT pmid, concat('source:', unnest(sources)) FROM marts.surveillance_reports
    UNION ALL
    SELECT unnest(sharing_pmids), concat('shares_cases:', pmid) FROM marts.surveillance_reports
    UNION ALL
    SELECT pmid, concat('synthesis:', synthesis_of) FROM marts.summaries_of_studies
    UNION ALL
    SELECT pmid, concat(CASE WHEN is_counted THEN 'map:' ELSE 'map_beside:' END, map_row, '.',
        map_column) FROM marts.evidence_map_articles
    UNION ALL
    SELECT pmid, concat('badge:', unnest(badges)) FROM marts.evidence_map_articles
    UNION ALL
    SELECT unnest(pmids), concat(looked_as, ':', search, '.', claim) FROM marts.claim_studies
    UNION ALL
    SELECT unnest(pmids), concat(looked_as, ':', search, '.', claim, '.', finding)
    FROM marts.claim_studies
)
GROUP BY pmid
"""

_CLAIMS = f"""
SELECT c.pmid, any_value(c.evidence_groups),
    list({{'claim': c.claim, 'how': c.how, 'finding': c.finding, 'words': list_transform(
        c.matched_words[:$shown], lambda x: {SHORTENED.format("x")})}} ORDER BY q.display_order)
FROM (SELECT DISTINCT ON (pmid, claim) * FROM marts.claim_articles) AS c
JOIN evidence.claims AS q USING (claim)
GROUP BY c.pmid
"""  # noqa: S608 - constants only


def marks(con: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """The marks of each record that has any."""
    return dict(con.execute(_MARKS, {"corrections": list(CORRECTIONS)}).fetchall())


class Told(NamedTuple):
    """A claim that a record addresses."""

    claim: str
    how: str
    finding: str
    words: list[str]


def claims(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[list[str], list[Told]]]:
    """Of each record that addresses a claim: its evidence groups, and what it tells."""
    rows = con.execute(_CLAIMS, {"shown": WORDS_SHOWN}).fetchall()
    return {pmid: (groups, [Told(**told) for told in claims]) for pmid, groups, claims in rows}
