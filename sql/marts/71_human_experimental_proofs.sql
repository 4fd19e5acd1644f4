-- Behind every cell of marts.human_experimental: the record, the rule, and the words.

CREATE OR REPLACE TABLE marts.human_experimental_proofs ( -- proofs of the cells of marts.human_experimental
    search VARCHAR NOT NULL, -- the search
    study_group VARCHAR NOT NULL, -- the line
    cell VARCHAR NOT NULL, -- its column: registrations, study_types, sample_size, substances, purposes, populations, outcomes, countries, pain_kind, pain_level, kratom_level or year
    value VARCHAR NOT NULL, -- the value proved
    pmid INTEGER NOT NULL, -- the record
    rule_id VARCHAR NOT NULL, -- rule that fired; core for what PubMed says itself
    source VARCHAR NOT NULL, -- what the proof rests on, as in evidence.proofs
    field VARCHAR NOT NULL, -- where the words stand
    section_no SMALLINT, -- abstract section or keyword position
    matched_text VARCHAR NOT NULL, -- the words, heading, tag or number
    char_start INTEGER, -- first character of the words; NULL for tags
    char_end INTEGER -- one past the last
);

INSERT INTO marts.human_experimental_proofs
WITH records AS (
    SELECT
        h.search,
        h.study_group,
        unnest(h.report_pmids || h.other_pmids) AS pmid
    FROM marts.human_experimental AS h
),

cells AS (
    SELECT
        pair.facet,
        pair.cell
    FROM (VALUES
        ('substance', 'substances'),
        ('trial_purpose', 'purposes'),
        ('trial_population', 'populations'),
        ('assay', 'outcomes'),
        ('study_country', 'countries'),
        ('sample_size', 'sample_size'),
        ('population', 'pain_kind')
    ) AS pair (facet, cell)
)

SELECT
    r.search,
    r.study_group,
    CASE p.kind
        WHEN 'facet' THEN c.cell
        WHEN 'registration' THEN 'registrations'
        WHEN 'study_type' THEN 'study_types'
        ELSE p.code || '_level'
    END AS cell,
    CASE WHEN p.kind = 'facet' THEN substr(p.code, length(c.facet) + 2) ELSE p.code END AS value,
    r.pmid,
    p.rule_id,
    p.source,
    p.field,
    p.section_no,
    p.matched_text,
    p.char_start,
    p.char_end
FROM records AS r
INNER JOIN evidence.proofs AS p ON r.pmid = p.pmid
LEFT JOIN cells AS c ON p.kind = 'facet' AND starts_with(p.code, c.facet || '.')
WHERE
    c.cell IS NOT NULL
    OR p.kind = 'registration'
    OR (p.kind = 'study_type' AND p.code IN ('RCT', 'NRCT'))
    OR (p.kind = 'topic' AND p.code IN ('pain', 'kratom'))
UNION ALL
SELECT
    r.search,
    r.study_group,
    'year',
    a.year::VARCHAR,
    r.pmid,
    'core',
    'pubmed',
    'issue_date_verbatim',
    NULL,
    coalesce(o.issue_date_verbatim, o.electronic_date_verbatim, a.year::VARCHAR),
    NULL,
    NULL
FROM records AS r
INNER JOIN marts.articles AS a ON r.pmid = a.pmid
INNER JOIN core.articles AS o ON r.pmid = o.pmid
WHERE a.year IS NOT NULL
ORDER BY ALL;
