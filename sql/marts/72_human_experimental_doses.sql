-- What was given in a trial or human laboratory study, at which dose, for which purpose. Values stand in one
-- row where one sentence of the record, or a sentence and its neighbour, names them together
-- (evidence.article_ties); what no sentence ties is one row a record, side by side.

CREATE OR REPLACE TABLE marts.human_experimental_doses ( -- substance, dose and purpose of the records in marts.human_experimental, one row per record and set of values that belong together
    search VARCHAR NOT NULL, -- the search
    study_group VARCHAR NOT NULL, -- the study, as in marts.human_experimental
    pmid INTEGER NOT NULL, -- the record
    row_no SMALLINT NOT NULL, -- number of the row within the record; 0 for the values side by side
    is_tied BOOLEAN NOT NULL, -- one sentence, or two neighbours, name these values together; false: the record names them, and nothing says that they belong together
    substances VARCHAR[] NOT NULL, -- kratom material or compound; empty where none is stated, or rows that are tied have all of them
    doses VARCHAR[] NOT NULL, -- doses as the record writes them, of whatever was given; empty as before
    purposes VARCHAR[] NOT NULL, -- what was measured; empty as before
    words VARCHAR[] NOT NULL, -- the words that tie the values, as they stand in the record; empty when not tied; all places are in evidence.proofs
    PRIMARY KEY (search, pmid, row_no)
);

INSERT INTO marts.human_experimental_doses
WITH records AS (
    SELECT
        h.search,
        h.study_group,
        unnest(h.report_pmids || h.other_pmids) AS pmid
    FROM marts.human_experimental AS h
),

tied AS (
    SELECT
        t.pmid,
        t.tie_no,
        t.facet,
        t.value
    FROM evidence.article_ties AS t
    WHERE t.row_kind = 'experiment'
),

listed AS (
    SELECT
        t.pmid,
        t.tie_no AS row_no,
        t.facet,
        t.value
    FROM tied AS t
    UNION ALL
    SELECT
        f.pmid,
        0 AS row_no,
        f.facet,
        f.value
    FROM evidence.article_facets AS f
    WHERE
        f.facet IN ('substance', 'dose', 'trial_purpose')
        AND f.value <> 'not_stated'
        AND (f.pmid, f.facet, f.value) NOT IN (SELECT (t.pmid, t.facet, t.value) FROM tied AS t)
),

told AS (
    SELECT
        e.pmid,
        e.row_no,
        list(e.value ORDER BY e.value) FILTER (e.facet = 'substance') AS substances,
        list(e.value ORDER BY e.value) FILTER (e.facet = 'dose') AS doses,
        list(e.value ORDER BY e.value) FILTER (e.facet = 'trial_purpose') AS purposes
    FROM listed AS e
    GROUP BY e.pmid, e.row_no
),

places AS (
    SELECT
        p.pmid,
        split_part(p.code, '.', 2)::SMALLINT AS row_no,
        list(p.matched_text ORDER BY p.section_no NULLS FIRST, p.char_start) AS words
    FROM evidence.proofs AS p
    WHERE p.kind = 'tie' AND starts_with(p.code, 'experiment.')
    GROUP BY ALL
)

SELECT
    r.search,
    r.study_group,
    r.pmid,
    t.row_no,
    t.row_no > 0,
    coalesce(t.substances, []),
    coalesce(t.doses, []),
    coalesce(t.purposes, []),
    coalesce(p.words, [])
FROM records AS r
INNER JOIN told AS t ON r.pmid = t.pmid
LEFT JOIN places AS p ON t.pmid = p.pmid AND t.row_no = p.row_no
ORDER BY r.search, r.pmid, t.row_no;
