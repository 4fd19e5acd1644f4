-- Views over evidence for people: why a record has its study types.

CREATE VIEW evidence.study_type_explained AS
SELECT
    s.pmid,
    s.study_type,
    t.label,
    s.is_primary,
    s.assigned_by,
    s.confidence,
    s.evidence,
    m.right_count,
    m.measured_count,
    s.has_conflict,
    s.precedence,
    s.reason,
    p.proof_no,
    p.rule_id,
    p.source,
    p.field,
    p.section_no,
    p.matched_text,
    CASE
        WHEN p.char_start IS NOT NULL THEN concat(
            CASE WHEN p.char_start > 80 THEN '…' ELSE '' END,
            substr(u.stored, greatest(p.char_start - 79, 1), least(p.char_start, 80)),
            '[', p.matched_text, ']',
            substr(u.stored, p.char_end + 1, 80),
            CASE WHEN length(u.stored) > p.char_end + 80 THEN '…' ELSE '' END
        )
        ELSE p.matched_text
    END AS passage,
    n.publication_types AS nlm_publication_types,
    o.value AS decided_type,
    o.who AS decided_by,
    r.suggestion AS reader_suggestion,
    r.probability AS reader_probability
FROM evidence.article_study_types AS s
INNER JOIN evidence.study_types AS t ON s.study_type = t.study_type
LEFT JOIN evidence.confidence_measured AS m
    ON s.study_type = m.study_type AND s.evidence = m.evidence AND s.is_primary
LEFT JOIN evidence.proofs AS p
    ON s.pmid = p.pmid AND s.study_type = p.code AND p.kind = 'study_type'
LEFT JOIN (
    SELECT
        pmid,
        'title' AS field,
        NULL AS section_no,
        title AS stored
    FROM core.articles
    UNION ALL
    SELECT
        pmid,
        'vernacular_title' AS field,
        NULL AS section_no,
        vernacular_title AS stored
    FROM core.articles
    UNION ALL
    SELECT
        pmid,
        'abstract' AS field,
        section_no,
        text AS stored
    FROM core.abstract_sections
    UNION ALL
    SELECT
        pmid,
        'keywords' AS field,
        position AS section_no,
        keyword AS stored
    FROM core.keywords
) AS u
    ON
        s.pmid = u.pmid AND p.field = u.field
        AND p.section_no IS NOT DISTINCT FROM u.section_no
LEFT JOIN (
    SELECT
        pmid,
        list(publication_type ORDER BY position) AS publication_types
    FROM core.publication_types
    GROUP BY pmid
) AS n ON s.pmid = n.pmid
LEFT JOIN evidence.overrides AS o ON s.pmid = o.pmid AND o.field = 'study_type'
LEFT JOIN evidence.study_type_suggestions AS r ON s.pmid = r.pmid;

COMMENT ON VIEW evidence.study_type_explained IS 'why a record has its study types: one row per label and proof';
COMMENT ON COLUMN evidence.study_type_explained.pmid IS 'the article';
COMMENT ON COLUMN evidence.study_type_explained.study_type IS 'the label';
COMMENT ON COLUMN evidence.study_type_explained.label IS 'its name for readers';
COMMENT ON COLUMN evidence.study_type_explained.is_primary IS 'whether it is the one the article counts under';
COMMENT ON COLUMN evidence.study_type_explained.assigned_by IS 'strongest source: override, nlm_pt, nlm_mesh, record_kind, text_rule';
COMMENT ON COLUMN evidence.study_type_explained.confidence IS 'how sure it is: high, medium, low or not measured';
COMMENT ON COLUMN evidence.study_type_explained.evidence IS 'what it rests on, see evidence.article_study_types';
COMMENT ON COLUMN evidence.study_type_explained.right_count IS 'of measured_count primary types that rest on such evidence, those that were right';
COMMENT ON COLUMN evidence.study_type_explained.measured_count IS 'labelled records it was measured on; NULL where not measured';
COMMENT ON COLUMN evidence.study_type_explained.has_conflict IS 'decisive signals of types that do not go together';
COMMENT ON COLUMN evidence.study_type_explained.precedence IS 'step that made it the primary';
COMMENT ON COLUMN evidence.study_type_explained.reason IS 'why there is no type (OTHER)';
COMMENT ON COLUMN evidence.study_type_explained.proof_no IS 'number of the proof within the label';
COMMENT ON COLUMN evidence.study_type_explained.rule_id IS 'rule of study_types.toml that fired';
COMMENT ON COLUMN evidence.study_type_explained.source IS 'what the proof rests on: text, nlm_pt, nlm_mesh, link, override, ...';
COMMENT ON COLUMN evidence.study_type_explained.field IS 'where the words stand';
COMMENT ON COLUMN evidence.study_type_explained.section_no IS 'abstract section or keyword position';
COMMENT ON COLUMN evidence.study_type_explained.matched_text IS 'the words, heading, tag or reason';
COMMENT ON COLUMN evidence.study_type_explained.passage IS 'the words in brackets among what stands around them';
COMMENT ON COLUMN evidence.study_type_explained.nlm_publication_types IS 'what NLM says: all publication types';
COMMENT ON COLUMN evidence.study_type_explained.decided_type IS 'what a person decided, if one did';
COMMENT ON COLUMN evidence.study_type_explained.decided_by IS 'who';
COMMENT ON COLUMN evidence.study_type_explained.reader_suggestion IS 'what the second reader suggests';
COMMENT ON COLUMN evidence.study_type_explained.reader_probability IS 'how likely it finds that';

-- One grouping for every table: facets and claims ask here.
CREATE VIEW evidence.article_groups AS
SELECT DISTINCT
    s.pmid,
    g.evidence_group,
    g.group_order
FROM evidence.article_study_types AS s
INNER JOIN evidence.study_types AS t ON s.study_type = t.study_type
INNER JOIN evidence.evidence_groups AS g ON t.evidence_group = g.evidence_group
INNER JOIN evidence.article_study_types AS p ON s.pmid = p.pmid AND p.is_primary
INNER JOIN evidence.study_types AS o ON p.study_type = o.study_type
INNER JOIN evidence.evidence_groups AS own ON o.evidence_group = own.evidence_group
WHERE
    s.is_primary
    OR (own.group_kind = 'study' AND g.group_kind = 'study' AND s.confidence <> 'low')
ORDER BY s.pmid, g.group_order;

COMMENT ON VIEW evidence.article_groups IS 'evidence groups of a record: those of all its types for a primary study (not those of low confidence), the one of its primary type for a summary, a comment and the like';
COMMENT ON COLUMN evidence.article_groups.pmid IS 'the article';
COMMENT ON COLUMN evidence.article_groups.evidence_group IS 'group in evidence.evidence_groups';
COMMENT ON COLUMN evidence.article_groups.group_order IS 'position of the group; no rank';

-- Values that belong together, and what is left of the record side by side: marts of doses and of
-- animal work ask here.
CREATE VIEW evidence.value_rows AS
WITH asked AS (
    SELECT
        f.row_kind,
        f.facet
    FROM (VALUES
        ('preclinical', 'substance'),
        ('preclinical', 'species'),
        ('preclinical', 'assay'),
        ('experiment', 'substance'),
        ('experiment', 'dose'),
        ('experiment', 'trial_purpose')
    ) AS f (row_kind, facet)
),

listed AS (
    SELECT
        t.pmid,
        t.row_kind,
        t.tie_no AS row_no,
        t.facet,
        t.value
    FROM evidence.article_ties AS t
    UNION ALL
    SELECT
        f.pmid,
        a.row_kind,
        0 AS row_no,
        f.facet,
        f.value
    FROM evidence.article_facets AS f
    INNER JOIN asked AS a ON f.facet = a.facet
    WHERE
        f.value <> 'not_stated'
        AND NOT EXISTS (
            SELECT 1 FROM evidence.article_ties AS t
            WHERE
                t.pmid = f.pmid AND t.row_kind = a.row_kind AND t.facet = f.facet
                AND t.value = f.value
        )
),

places AS (
    SELECT
        p.pmid,
        split_part(p.code, '.', 1) AS row_kind,
        split_part(p.code, '.', 2)::SMALLINT AS row_no,
        list(p.matched_text ORDER BY p.section_no NULLS FIRST, p.char_start) AS words,
        arg_min(p.field, coalesce(p.section_no, 0)) AS field,
        min(p.section_no) AS section_no,
        min(p.char_start) FILTER (p.is_first) AS char_start,
        max(p.char_end) FILTER (p.is_first) AS char_end
    FROM (
        SELECT
            o.*,
            coalesce(o.section_no, 0) = min(coalesce(o.section_no, 0)) OVER (
                PARTITION BY o.pmid, split_part(o.code, '.', 1), split_part(o.code, '.', 2)
            ) AS is_first
        FROM evidence.proofs AS o
        WHERE o.kind = 'tie'
    ) AS p
    GROUP BY ALL
)

SELECT
    l.pmid,
    l.row_kind,
    l.row_no,
    coalesce(list(l.value ORDER BY l.value) FILTER (l.facet = 'substance'), []) AS substances,
    coalesce(list(l.value ORDER BY l.value) FILTER (l.facet = 'species'), []) AS species,
    coalesce(list(l.value ORDER BY l.value) FILTER (l.facet = 'assay'), []) AS assays,
    coalesce(list(l.value ORDER BY l.value) FILTER (l.facet = 'dose'), []) AS doses,
    coalesce(list(l.value ORDER BY l.value) FILTER (l.facet = 'trial_purpose'), []) AS purposes,
    coalesce(any_value(p.words), []) AS words,
    any_value(p.field) AS field,
    any_value(p.section_no) AS section_no,
    any_value(p.char_start) AS char_start,
    any_value(p.char_end) AS char_end
FROM listed AS l
LEFT JOIN places AS p ON l.pmid = p.pmid AND l.row_kind = p.row_kind AND l.row_no = p.row_no
GROUP BY l.pmid, l.row_kind, l.row_no
ORDER BY l.row_kind, l.pmid, l.row_no;

COMMENT ON VIEW evidence.value_rows IS 'values of a record that one sentence, or two neighbours, name together (row_no from 1), and those that nothing ties (row_no 0)';
COMMENT ON COLUMN evidence.value_rows.pmid IS 'the article';
COMMENT ON COLUMN evidence.value_rows.row_kind IS 'preclinical or experiment, as in evidence.article_ties';
COMMENT ON COLUMN evidence.value_rows.row_no IS 'number of the row; 0 for the values side by side';
COMMENT ON COLUMN evidence.value_rows.substances IS 'values of the facet substance';
COMMENT ON COLUMN evidence.value_rows.species IS 'values of the facet species';
COMMENT ON COLUMN evidence.value_rows.assays IS 'values of the facet assay';
COMMENT ON COLUMN evidence.value_rows.doses IS 'values of the facet dose';
COMMENT ON COLUMN evidence.value_rows.purposes IS 'values of the facet trial_purpose';
COMMENT ON COLUMN evidence.value_rows.words IS 'the words that tie them; empty when not tied';
COMMENT ON COLUMN evidence.value_rows.field IS 'where the first of these stand; NULL when not tied';
COMMENT ON COLUMN evidence.value_rows.section_no IS 'their section of the abstract';
COMMENT ON COLUMN evidence.value_rows.char_start IS 'first character of the words in that text';
COMMENT ON COLUMN evidence.value_rows.char_end IS 'one past the last of the words in that text';
