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
    held_count INTEGER, -- record_count of what is held, whatever the search covered
    held_measured_count INTEGER, -- measured_count of what is held
    held_retracted_count INTEGER, -- retracted_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    newest_pmids INTEGER[], -- the newest three counted records
    remark VARCHAR, -- a plain sentence where no record stands behind the claim
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage; none: nothing is counted
    display_order SMALLINT NOT NULL, -- order of claims.toml
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, claim)
);

INSERT INTO marts.claim_totals
WITH counts AS (
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
        v.*,
        q.*,
        p.as_of_date,
        p.set_id,
        c.first_year,
        c.last_year,
        c.newest,
        CASE WHEN q.is_matched THEN coalesce(c.records, 0) END AS records,
        CASE WHEN q.is_matched THEN coalesce(c.measured, 0) END AS measured,
        CASE WHEN q.is_matched THEN coalesce(c.retracted, 0) END AS retracted
    FROM marts.coverage AS v
    CROSS JOIN run_parameters AS p
    INNER JOIN evidence.searches AS e ON v.search = e.search
    INNER JOIN evidence.claims AS q ON list_contains(e.topics, q.topic)
    LEFT JOIN counts AS c ON v.search = c.search AND q.claim = c.claim
)

SELECT
    search,
    claim,
    parent,
    question,
    kind,
    says,
    source,
    CASE WHEN is_known THEN records END,
    CASE WHEN is_known THEN measured END,
    CASE WHEN is_known THEN retracted END,
    records,
    measured,
    retracted,
    CASE WHEN is_matched THEN unread_count END,
    first_year,
    last_year,
    newest[:3],
    CASE
        WHEN kind IN ('context', 'product')
            THEN 'Not a kratom research question: nothing is counted.'
        WHEN NOT is_matched THEN 'Shown as its parts, never as one number.'
        WHEN records > 0 THEN NULL
        WHEN coverage = 'complete' THEN 'No record that the complete search found addresses this.'
        WHEN is_known
            THEN concat(
                'No record that could be read addresses this; ', unread_count, ' could not be read.'
            )
        ELSE 'Not known: no record held here addresses this, and no complete search was made.'
    END,
    CASE WHEN is_matched THEN coverage ELSE 'none' END,
    display_order,
    as_of_date,
    set_id
FROM cells
ORDER BY search, display_order;
