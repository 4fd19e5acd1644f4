-- One row a claim: the question, the article's words, how many records look at it, in words too.

CREATE OR REPLACE TABLE marts.claim_totals ( -- the claim map, one row per search and claim; counts show what was looked at and what authors state, not what is true
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
    looked_count INTEGER, -- studies that looked at it (study groups; no reviews, none that only mention it)
    looked_reported_count INTEGER, -- those that report it
    looked_not_found_count INTEGER, -- those that looked for it and did not find it
    looked_ruled_out_count INTEGER, -- those that rule it out as a cause
    looked_mixed_count INTEGER, -- those that report it beside what they did not find or ruled out
    looked_unclear_count INTEGER, -- those that leave it open, or do not state it in what is held
    review_count INTEGER, -- reviews that looked at it, never to be added to the studies they contain
    review_reported_count INTEGER, -- those that report it
    review_not_found_count INTEGER, -- those that looked for it and did not find it
    review_ruled_out_count INTEGER, -- those that rule it out as a cause
    review_mixed_count INTEGER, -- those that report it beside what they did not find or ruled out
    review_unclear_count INTEGER, -- those that leave it open, or do not state it in what is held
    mention_count INTEGER, -- records that only mention it: they looked at nothing
    held_mention_count INTEGER, -- mention_count of what is held
    held_count INTEGER, -- record_count of what is held, whatever the search covered
    held_measured_count INTEGER, -- measured_count of what is held
    held_retracted_count INTEGER, -- retracted_count of what is held
    held_looked_count INTEGER, -- looked_count of what is held
    held_looked_reported_count INTEGER, -- looked_reported_count of what is held
    held_looked_not_found_count INTEGER, -- looked_not_found_count of what is held
    held_looked_ruled_out_count INTEGER, -- looked_ruled_out_count of what is held
    held_looked_mixed_count INTEGER, -- looked_mixed_count of what is held
    held_looked_unclear_count INTEGER, -- looked_unclear_count of what is held
    held_review_count INTEGER, -- review_count of what is held
    held_review_reported_count INTEGER, -- review_reported_count of what is held
    held_review_not_found_count INTEGER, -- review_not_found_count of what is held
    held_review_ruled_out_count INTEGER, -- review_ruled_out_count of what is held
    held_review_mixed_count INTEGER, -- review_mixed_count of what is held
    held_review_unclear_count INTEGER, -- review_unclear_count of what is held
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
        count(*) FILTER (c.counted_as = 'record' AND c.looked_as = 'mention') AS mentions,
        min(c.year) FILTER (c.counted_as = 'record') AS first_year,
        max(c.year) FILTER (c.counted_as = 'record') AS last_year,
        list(c.pmid ORDER BY c.year DESC NULLS LAST, c.pmid DESC)
            FILTER (c.counted_as = 'record') AS newest
    FROM marts.claim_articles AS c
    GROUP BY c.search, c.claim
),

looked AS (
    SELECT
        s.search,
        s.claim,
        count(*) FILTER (s.looked_as = 'study') AS looked,
        count(*) FILTER (s.looked_as = 'study' AND s.finding = 'reported') AS looked_reported,
        count(*) FILTER (s.looked_as = 'study' AND s.finding = 'not_found') AS looked_not_found,
        count(*) FILTER (s.looked_as = 'study' AND s.finding = 'ruled_out') AS looked_ruled_out,
        count(*) FILTER (s.looked_as = 'study' AND s.finding = 'mixed') AS looked_mixed,
        count(*) FILTER (s.looked_as = 'study' AND s.finding = 'unclear') AS looked_unclear,
        count(*) FILTER (s.looked_as = 'review') AS review,
        count(*) FILTER (s.looked_as = 'review' AND s.finding = 'reported') AS review_reported,
        count(*) FILTER (s.looked_as = 'review' AND s.finding = 'not_found') AS review_not_found,
        count(*) FILTER (s.looked_as = 'review' AND s.finding = 'ruled_out') AS review_ruled_out,
        count(*) FILTER (s.looked_as = 'review' AND s.finding = 'mixed') AS review_mixed,
        count(*) FILTER (s.looked_as = 'review' AND s.finding = 'unclear') AS review_unclear
    FROM marts.claim_studies AS s
    GROUP BY s.search, s.claim
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
        CASE WHEN q.is_matched THEN coalesce(c.retracted, 0) END AS retracted,
        CASE WHEN q.is_matched THEN coalesce(c.mentions, 0) END AS mentions,
        CASE WHEN q.is_matched THEN coalesce(k.looked, 0) END AS looked,
        CASE WHEN q.is_matched THEN coalesce(k.looked_reported, 0) END AS looked_reported,
        CASE WHEN q.is_matched THEN coalesce(k.looked_not_found, 0) END AS looked_not_found,
        CASE WHEN q.is_matched THEN coalesce(k.looked_ruled_out, 0) END AS looked_ruled_out,
        CASE WHEN q.is_matched THEN coalesce(k.looked_mixed, 0) END AS looked_mixed,
        CASE WHEN q.is_matched THEN coalesce(k.looked_unclear, 0) END AS looked_unclear,
        CASE WHEN q.is_matched THEN coalesce(k.review, 0) END AS review,
        CASE WHEN q.is_matched THEN coalesce(k.review_reported, 0) END AS review_reported,
        CASE WHEN q.is_matched THEN coalesce(k.review_not_found, 0) END AS review_not_found,
        CASE WHEN q.is_matched THEN coalesce(k.review_ruled_out, 0) END AS review_ruled_out,
        CASE WHEN q.is_matched THEN coalesce(k.review_mixed, 0) END AS review_mixed,
        CASE WHEN q.is_matched THEN coalesce(k.review_unclear, 0) END AS review_unclear
    FROM marts.coverage AS v
    CROSS JOIN run_parameters AS p
    INNER JOIN evidence.searches AS e ON v.search = e.search
    INNER JOIN evidence.claims AS q ON list_contains(e.topics, q.topic)
    LEFT JOIN counts AS c ON v.search = c.search AND q.claim = c.claim
    LEFT JOIN looked AS k ON v.search = k.search AND q.claim = k.claim
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
    CASE WHEN is_known THEN looked END,
    CASE WHEN is_known THEN looked_reported END,
    CASE WHEN is_known THEN looked_not_found END,
    CASE WHEN is_known THEN looked_ruled_out END,
    CASE WHEN is_known THEN looked_mixed END,
    CASE WHEN is_known THEN looked_unclear END,
    CASE WHEN is_known THEN review END,
    CASE WHEN is_known THEN review_reported END,
    CASE WHEN is_known THEN review_not_found END,
    CASE WHEN is_known THEN review_ruled_out END,
    CASE WHEN is_known THEN review_mixed END,
    CASE WHEN is_known THEN review_unclear END,
    CASE WHEN is_known THEN mentions END,
    mentions,
    records,
    measured,
    retracted,
    looked,
    looked_reported,
    looked_not_found,
    looked_ruled_out,
    looked_mixed,
    looked_unclear,
    review,
    review_reported,
    review_not_found,
    review_ruled_out,
    review_mixed,
    review_unclear,
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
