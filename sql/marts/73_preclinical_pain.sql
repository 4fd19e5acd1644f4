-- Animal and laboratory work on pain: which substance, in which animal, by which test. Values
-- stand in one row where one sentence of the record, or a sentence and its neighbour, names them
-- together (evidence.value_rows); what no sentence ties is one row a record, side by side. Rows of a
-- record follow from it alone: they are made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.preclinical_pain ( -- members on pain with a preclinical type among their labels, one row per record and set of values that belong together
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    row_no SMALLINT NOT NULL, -- number of the row within the record; 0 for the values side by side
    is_tied BOOLEAN NOT NULL, -- one sentence, or two neighbours, name these values together; false: the record names them, and nothing says that they belong together
    substances VARCHAR[] NOT NULL, -- kratom material or compound; not_kratom, not_stated; empty where rows that are tied have all of them
    species VARCHAR[] NOT NULL, -- animals; no_animal for tests at the bench alone, not_stated; empty as before, and for a test at the bench
    assays VARCHAR[] NOT NULL, -- tests or assays; not_stated; empty as before
    year SMALLINT, -- the year the record counts in; NULL when it has none
    pain_level VARCHAR NOT NULL, -- how the record concerns pain: focus, outcome, mention
    is_primary BOOLEAN NOT NULL, -- its primary type is a preclinical one; else tables by primary type count it elsewhere
    words VARCHAR[] NOT NULL, -- the words that tie the values, as they stand in the record; empty when not tied
    field VARCHAR, -- where the first of them stands: title or abstract; NULL when not tied
    section_no SMALLINT, -- its section of the abstract
    char_start INTEGER, -- first character of the words in that text; all places are in evidence.proofs
    char_end INTEGER, -- one past the last of the words in that text
    PRIMARY KEY (search, pmid, row_no)
);

INSERT INTO marts.preclinical_pain
WITH records AS (
    SELECT
        l.search,
        l.pmid,
        any_value(l.year) AS year,
        any_value(a.pain_level) AS pain_level,
        bool_or(l.is_primary) AS is_primary,
        bool_or(l.study_type = 'ANIMAL') AS is_animal
    FROM marts.study_type_articles AS l
    INNER JOIN marts.articles AS a ON l.pmid = a.pmid
    INNER JOIN evidence.article_study_types AS e
        ON l.pmid = e.pmid AND l.study_type = e.study_type
    WHERE
        l.study_type IN ('ANIMAL', 'INVITRO')
        AND l.pmid IN (SELECT m.pmid FROM run_due AS m)
        -- a weak label beside another primary type does not make laboratory work
        AND (l.is_primary OR e.confidence <> 'low')
        AND l.counted_as = 'record'
        AND a.pain_level IS NOT NULL
        -- of a review, opinion or protocol nothing was tested, so it has no facets of this kind
        AND a.pmid IN (SELECT f.pmid FROM evidence.article_facets AS f WHERE f.facet = 'assay')
    GROUP BY l.search, l.pmid
),

held AS (
    SELECT
        f.pmid,
        f.facet,
        f.value
    FROM evidence.article_facets AS f
    WHERE
        f.facet IN ('substance', 'species', 'assay')
        AND f.pmid IN (SELECT m.pmid FROM run_due AS m)
),

silent AS (
    SELECT
        h.pmid,
        bool_or(h.facet = 'substance') AS is_kratom,
        bool_or(h.facet = 'substance' AND h.value = 'not_stated') AS no_substance,
        bool_or(h.facet = 'species' AND h.value = 'not_stated') AS no_species,
        bool_or(h.facet = 'assay' AND h.value = 'not_stated') AS no_assay,
        bool_or(
            h.facet = 'assay' AND h.value NOT IN (
                'not_stated', 'receptor_binding', 'functional', 'electrophysiology'
            )
        ) AS needs_animal
    FROM held AS h
    GROUP BY h.pmid
)

SELECT
    r.search,
    r.pmid,
    coalesce(v.row_no, 0) AS row_no,
    coalesce(v.row_no, 0) > 0,
    CASE
        WHEN NOT s.is_kratom THEN ['not_kratom']
        WHEN s.no_substance THEN ['not_stated']
        ELSE coalesce(v.substances, [])
    END,
    CASE
        WHEN NOT r.is_animal AND NOT s.needs_animal THEN ['no_animal']
        WHEN NOT r.is_animal OR s.no_species THEN ['not_stated']
        ELSE coalesce(v.species, [])
    END,
    CASE WHEN s.no_assay THEN ['not_stated'] ELSE coalesce(v.assays, []) END,
    r.year,
    r.pain_level,
    r.is_primary,
    coalesce(v.words, []),
    v.field,
    v.section_no,
    v.char_start,
    v.char_end
FROM records AS r
INNER JOIN silent AS s ON r.pmid = s.pmid
LEFT JOIN evidence.value_rows AS v ON r.pmid = v.pmid AND v.row_kind = 'preclinical'
ORDER BY r.search, r.pmid, row_no;
