-- One row a claim: the question, the article's words, how many records look at it, in words too.

CREATE OR REPLACE TABLE marts.claim_totals ( -- the claim map, one row per search and claim; counts show what was looked at, not what was found
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    parent VARCHAR, -- the claim it is a part of
    question VARCHAR NOT NULL, -- the question
    kind VARCHAR NOT NULL, -- effect, figure, gap, context or product
    says VARCHAR, -- the article's words
    source VARCHAR, -- what the article names for it, and what we identified
    record_count INTEGER, -- records that address it at all, each once, without retracted articles, notices and preprints
    measured_count INTEGER, -- those that measured it, or observed it in cases
    retracted_count INTEGER, -- retracted articles that address it
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    newest_pmids INTEGER[], -- the newest three counted records
    remark VARCHAR, -- a plain sentence where no record stands behind the claim
    coverage VARCHAR NOT NULL, -- complete: a zero means none found; partial: an empty cell is not known; none: nothing is counted
    display_order SMALLINT NOT NULL, -- order of claims.toml
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, claim)
);

INSERT INTO marts.claim_totals
WITH searches AS (
    SELECT
        y.search,
        any_value(y.coverage) AS coverage,
        any_value(y.as_of_date) AS as_of_date,
        any_value(y.set_id) AS set_id
    FROM marts.study_types_by_year AS y
    GROUP BY y.search
),

counts AS (
    SELECT
        c.search,
        c.claim,
        count(*) FILTER (c.counted_as = 'record') AS records,
        count(*) FILTER (c.counted_as = 'record' AND c.how IN ('measured', 'observed')) AS measured,
        count(*) FILTER (c.counted_as = 'retracted') AS retracted,
        min(c.year) FILTER (c.counted_as = 'record') AS first_year,
        max(c.year) FILTER (c.counted_as = 'record') AS last_year,
        list(c.pmid ORDER BY c.year DESC NULLS LAST, c.pmid DESC)
            FILTER (c.counted_as = 'record') AS newest
    FROM marts.claim_articles AS c
    GROUP BY c.search, c.claim
),

cells AS (
    SELECT
        s.*,
        q.*,
        c.first_year,
        c.last_year,
        c.newest,
        CASE WHEN q.is_matched AND s.coverage = 'complete' THEN 0 END AS empty_cell,
        c.records,
        c.measured,
        c.retracted
    FROM searches AS s
    INNER JOIN evidence.searches AS e ON s.search = e.search
    INNER JOIN evidence.claims AS q ON list_contains(e.topics, q.topic)
    LEFT JOIN counts AS c ON s.search = c.search AND q.claim = c.claim
)

SELECT
    search,
    claim,
    parent,
    question,
    kind,
    says,
    source,
    coalesce(nullif(records, 0), empty_cell),
    coalesce(nullif(measured, 0), empty_cell),
    coalesce(nullif(retracted, 0), empty_cell),
    first_year,
    last_year,
    newest[:3],
    CASE
        WHEN kind IN ('context', 'product')
            THEN 'Not a kratom research question: nothing is counted.'
        WHEN NOT is_matched THEN 'Shown as its parts, never as one number.'
        WHEN records > 0 THEN NULL
        WHEN coverage = 'complete' THEN 'No record that the complete search found addresses this.'
        ELSE 'Not known: no record held here addresses this, and no complete search was made.'
    END,
    CASE WHEN is_matched THEN coverage ELSE 'none' END,
    display_order,
    as_of_date,
    set_id
FROM cells
ORDER BY search, display_order;
