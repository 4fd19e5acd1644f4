"""The records behind every number, compact enough to travel in the page."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from pipeline.evidence.stated import FINDINGS
from pipeline.outputs.page import questions
from pipeline.outputs.page.dated import UNNAMED
from pipeline.outputs.page.facts import BANDS, Facts
from pipeline.outputs.page.rest import CORRECTIONS, points
from pipeline.outputs.rows import named_rows
from pipeline.outputs.wording import PUBMED_ONLY, answers
from pipeline.warehouse import views

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
    SELECT pmid, 'sized' FROM marts.evidence_map_articles WHERE sample_size IS NOT NULL
    UNION ALL
    SELECT unnest(pmids), concat(looked_as, ':', search, '.', claim) FROM marts.claim_studies
    UNION ALL
    SELECT unnest(pmids), concat(looked_as, ':', search, '.', claim, '.', finding)
    FROM marts.claim_studies
)
WHERE pmid IN (FROM page_records)
GROUP BY pmid
"""

_CLAIMS = f"""
SELECT c.pmid, any_value(c.evidence_groups),
    list({{'claim': c.claim, 'how': c.how, 'finding': c.finding, 'words': list_transform(
        c.matched_words[:$shown], lambda x: {SHORTENED.format("x")})}} ORDER BY q.display_order)
FROM (SELECT DISTINCT ON (pmid, claim) * FROM marts.claim_articles
    WHERE pmid IN (FROM page_records)) AS c JOIN evidence.claims AS q USING (claim)
GROUP BY c.pmid
"""  # noqa: S608 - constants only


# -- The list itself

LISTED = (
    "pmid", "year", "type", "counted", "searches", "reason", "entered",
    "study", "marks", "groups", "asked", "keys",
)  # fmt: skip
"""Of a record, what counts, filters and charts need, in this order: the page draws them before it
unpacks the rest. The first rows of the list are HTML."""
DETAILS = (
    "title", "citation", "year_source", "doi", "decided", "proof", "words", "conflict", "funding",
    "facets", "ties", "authors", "journal", "volume", "issue", "pages", "countries",
    "registrations", "claims",
)  # fmt: skip
"""What the list further on, details, the words searched for and the files that leave the page need
besides."""
FIRST_ROWS = 50

_POOLED = frozenset({
    "type", "counted", "searches", "reason", "study", "marks", "groups",
    "year_source", "decided", "conflict", "funding", "journal",
})  # fmt: skip
_POOLED_LISTS = frozenset(
    {"proof", "words", "facets", "ties", "authors", "countries", "registrations"}
)

_QUERY = f"""
WITH members AS (
    SELECT pmid, list(search ORDER BY search) AS searches
    FROM ops.search_hits WHERE left_at IS NULL AND pmid IN (FROM page_records) GROUP BY pmid
),

types_proved AS (
    SELECT p.pmid, list_distinct(list(concat(
        CASE p.source WHEN 'text' THEN replace(p.field, '_', ' ') || ': '
            WHEN 'nlm_pt' THEN 'NLM publication type: ' WHEN 'override' THEN 'a person: '
            ELSE replace(p.field, '_', ' ') || ': ' END,
        {SHORTENED.format("p.matched_text")}) ORDER BY p.proof_no)) AS said
    FROM evidence.proofs AS p
    JOIN marts.articles AS a ON p.pmid = a.pmid AND p.code = a.study_type
    WHERE p.kind = 'study_type' AND p.pmid IN (FROM page_records) GROUP BY p.pmid
),

topics_proved AS (
    SELECT pmid, list(said ORDER BY said) AS said
    FROM (
        SELECT pmid, concat(code, ': ', array_to_string(
            list_sort(list(DISTINCT lower(matched_text)))[:$1], ', ')) AS said
        FROM evidence.proofs
        WHERE kind = 'topic' AND pmid IN (FROM page_records) GROUP BY pmid, code
    )
    GROUP BY pmid
),

studies AS (
    SELECT pmid, study_group FROM evidence.study_groups
    WHERE study_group IN (
        SELECT study_group FROM evidence.study_groups WHERE pmid IN (FROM page_records))
    QUALIFY count(*) OVER (PARTITION BY study_group) > 1
),

facets_proved AS (
    SELECT f.pmid, list([f.facet, f.value, array_to_string(list_transform(
        f.words[:2], lambda x: {SHORTENED.format("x")}), ', ')]
        ORDER BY t.display_order, f.value) AS said
    FROM marts.article_facets AS f JOIN evidence.facets AS t USING (facet)
    WHERE len(f.words) > 0 AND facet <> 'affiliation_country' AND f.pmid IN (FROM page_records)
    GROUP BY f.pmid
),

ties_proved AS (
    SELECT pmid, list(said ORDER BY row_no) AS said
    FROM (
        SELECT pmid, row_no, string_agg(concat(coalesce(v.label, value), ' (', matched_text, ')'),
            ', ' ORDER BY char_start, facet, value) AS said
        FROM (
            SELECT t.pmid, concat(t.row_kind, '.', t.tie_no) AS row_no, t.facet, t.value,
                p.matched_text, p.char_start
            FROM evidence.article_ties AS t JOIN evidence.proofs AS p ON p.kind = 'tie'
                AND p.pmid = t.pmid
                AND p.code = concat_ws('.', t.row_kind, t.tie_no, t.facet, t.value)
        ) LEFT JOIN evidence.facet_values AS v USING (facet, value)
        GROUP BY pmid, row_no
    )
    GROUP BY pmid
),

counted AS (SELECT max(counted_at)::DATE AS counted_date FROM marts.topic_share_by_year),

written AS (
    SELECT pmid, list(coalesce(collective_name,
        concat_ws(', ', last_name, coalesce(fore_name, initials))) ORDER BY author_no) AS names
    FROM core.authors
    WHERE list_kind = 'author' AND is_valid IS DISTINCT FROM false
        AND pmid IN (FROM page_records)
    GROUP BY pmid
),

funded AS (
    SELECT pmid, string_agg(DISTINCT agency, '; ' ORDER BY agency) AS agencies
    FROM core.grants WHERE agency IS NOT NULL AND pmid IN (FROM page_records)
    GROUP BY pmid
)

SELECT a.pmid, a.title, a.citation, a.year, a.study_type AS type, a.counted_as AS counted,
    m.searches, a.unclassified_reason AS reason,
    CASE WHEN y.edat_at::DATE <= n.counted_date THEN y.edat_year END AS entered,
    s.study_group AS study, a.year_source, a.doi,
    concat(CASE a.assigned_by WHEN 'nlm_pt' THEN 'NLM publication type' WHEN 'nlm_mesh' THEN 'MeSH'
        WHEN 'text_rule' THEN 'words of the record' WHEN 'override' THEN 'a person'
        WHEN 'none' THEN 'nothing' ELSE replace(a.assigned_by, '_', ' ') END,
        CASE WHEN a.study_type = 'OTHER' THEN '' ELSE concat(', confidence ', a.confidence) END,
        CASE WHEN a.has_conflict THEN ', sources disagree' ELSE '' END) AS decided,
    t.said[:$1] AS proof, w.said AS words, c.coi_statement AS conflict,
    f.agencies AS funding, e.said AS facets, g.said AS ties, r.names AS authors,
    c.journal_title AS journal, c.volume, c.issue, b.locator AS pages, a.countries, a.registrations
FROM marts.articles AS a
JOIN members AS m USING (pmid)
JOIN core.articles AS c USING (pmid)
JOIN {{citations}} AS b USING (pmid)
LEFT JOIN written AS r USING (pmid)
LEFT JOIN types_proved AS t USING (pmid)
LEFT JOIN topics_proved AS w USING (pmid)
LEFT JOIN {{years}} AS y USING (pmid)
LEFT JOIN studies AS s USING (pmid)
LEFT JOIN facets_proved AS e USING (pmid)
LEFT JOIN ties_proved AS g USING (pmid)
CROSS JOIN counted AS n
LEFT JOIN funded AS f USING (pmid)
ORDER BY a.year DESC NULLS LAST, a.pmid DESC
"""  # noqa: S608 - constants only


class _Part:
    """Columns of all records as the page carries them; what repeats is a position in `pool`."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self.pool: dict[str | tuple[str, ...] | None, int] = {None: 0}
        self.rows: list[list[Any]] = []

    def pooled(self, value: str | list[str] | None) -> int:
        return self.pool.setdefault(
            tuple(value) if isinstance(value, list) else value, len(self.pool)
        )

    def add(self, record: dict[str, Any]) -> None:
        self.rows.append([self._cell(name, record[name]) for name in self.columns])

    def _cell(self, name: str, value: Any) -> Any:
        if name in _POOLED:
            return self.pooled(value)
        if name in _POOLED_LISTS:
            return [self.pooled(one) for one in value or []]
        return value

    def packed(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "pooled": [name for name in self.columns if name in _POOLED],
            "pool": list(self.pool),
            "rows": self.rows,
        }


class Carried(NamedTuple):
    """The page's records, newest first; each has the same place in both parts."""

    listed: dict[str, Any]
    """What counts and filters need, with the names the page needs to speak of records."""
    details: dict[str, Any]
    first_rows: list[dict[str, Any]]
    """What the list of the first search begins with."""


def payload(facts: Facts) -> Carried:
    """The members of the page's searches, as the page carries them."""
    listed, details = _Part(LISTED), _Part(DETAILS)
    keys: dict[str, int] = {}
    marks = dict(facts.con.execute(_MARKS, {"corrections": list(CORRECTIONS)}).fetchall())
    addressing = facts.con.execute(_CLAIMS, {"shown": WORDS_SHOWN}).fetchall()
    claims = {pmid: (groups, addressed) for pmid, groups, addressed in addressing}
    places = {code: place for place, (code, _) in enumerate(facts.claims)}
    bands = list(BANDS)
    kinds = {t.code: (t.label, bands.index(g.band)) for g in facts.groups for t in g.types}
    first_rows: list[dict[str, Any]] = []
    shown = {
        name: views.of_records(facts.con, f"core.article_{name}", "FROM page_records")
        for name in ("citations", "years")
    }
    for record in named_rows(facts.con, _QUERY.format(**shown), WORDS_SHOWN):
        record["marks"] = marks.get(record["pmid"], [])
        record["groups"], addressed = claims.get(record["pmid"], ([], []))
        record["asked"] = [[places[one["claim"]], listed.pooled(one["how"])] for one in addressed]
        record["claims"] = [
            [
                places[one["claim"]],
                details.pooled(one["how"]),
                details.pooled(one["finding"]),
                [*map(details.pooled, one["words"])],
            ]
            for one in addressed
        ]
        values = dict.fromkeys(f"{facet}:{value}" for facet, value, _ in record["facets"] or [])
        record["keys"] = [keys.setdefault(key, len(keys)) for key in values]
        listed.add(record)
        details.add(record)
        first = facts.searches[0].name in record["searches"] and record["counted"] == "record"
        if first and len(first_rows) < FIRST_ROWS:
            label, band = kinds[record["type"]]
            is_corrected = "corrected" in record["marks"]
            first_rows.append(record | {"kind": label, "band": band, "is_corrected": is_corrected})
    names = {"keys": list(keys)} | _names(facts)
    return Carried(listed.packed() | names, details.packed(), first_rows)


def _names(facts: Facts) -> dict[str, Any]:
    """What the page needs to speak of records: searches, types, facets, questions."""
    asked = {one.search for one in answers(facts.con) if one.source == "pubmed"}
    return {
        **UNNAMED,
        "statement": facts.statement,
        "scope": PUBMED_ONLY,
        "searches": [
            {
                "name": search.name,
                "label": search.label,
                "is_known": search.is_known,
                "is_pubmed": search.name in asked,
            }
            for search in facts.searches
        ],
        "types": [
            {"code": one.code, "label": one.label, "group": group.name, "band": group.band}
            for group in facts.groups
            for one in group.types
        ],
        "bands": list(BANDS),
        "facets": dict(
            facts.con.execute(
                "SELECT facet, label FROM evidence.facets ORDER BY display_order"
            ).fetchall()
        ),
        "findings": FINDINGS,
        "claims": [{"code": code, "question": question} for code, question in facts.claims],
        "labels": {f"{facet}:{value}": label for (facet, value), label in facts.labels.items()}
        | questions.labels(facts),
        "shares": points(facts),
    }


def abstracts(facts: Facts) -> dict[int, list[list[str]]]:
    """Per record the sections of its abstract: label, text, and whether it is a conclusion."""
    found = facts.con.execute(
        """
        SELECT pmid, coalesce(label, ''), text,
            CASE WHEN coalesce(nlm_category, label) ILIKE 'conclusion%' THEN 'yes' ELSE '' END
        FROM core.abstract_sections
        WHERE abstract_type = 'main' AND text IS NOT NULL
            AND pmid IN (FROM page_records)
        ORDER BY pmid, section_no
        """
    ).fetchall()
    return {
        pmid: [section for _, *section in sections]
        for pmid, sections in groupby(found, key=lambda row: row[0])
    }
