-- The claim map by study type and year. Only study types that would answer a claim, or that a
-- record of it has, are rows: the others would be empty by definition.

CREATE OR REPLACE TABLE marts.claims_by_study_type_and_year ( -- records by search, claim, study type and year; counts show what was looked at and what authors state, not what is true
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    year SMALLINT, -- publication year; NULL: undated, see year_reason
    study_type VARCHAR NOT NULL, -- primary study type (code)
    evidence_group VARCHAR NOT NULL, -- its group
    would_answer BOOLEAN NOT NULL, -- studies of this type would answer the claim
    measured_count INTEGER, -- records that measured it, or observed it in cases, without retracted articles, notices and preprints; counted first
    reported_by_users_count INTEGER, -- such records in which users report it
    reason_for_use_count INTEGER, -- such records that give it as a reason for use
    reviewed_count INTEGER, -- such records that review it: summaries, never to be added to the studies they contain
    mentioned_count INTEGER, -- such records that only mention it
    preprint_count INTEGER, -- preprints, whatever they say
    retracted_count INTEGER, -- retracted articles, whatever they say
    looked_count INTEGER, -- studies of this type that looked at it (study groups, each in the year of its first report; of a summary type the reviews), without those that only mention it
    looked_reported_count INTEGER, -- those that report it
    looked_not_found_count INTEGER, -- those that looked for it and did not find it
    looked_ruled_out_count INTEGER, -- those that rule it out as a cause
    looked_mixed_count INTEGER, -- those that report it beside what they did not find or ruled out
    looked_unclear_count INTEGER, -- those that leave it open, or do not state it in what is held
    held_measured_count INTEGER NOT NULL, -- measured_count of what is held
    held_reported_by_users_count INTEGER NOT NULL, -- reported_by_users_count of what is held
    held_reason_for_use_count INTEGER NOT NULL, -- reason_for_use_count of what is held
    held_reviewed_count INTEGER NOT NULL, -- reviewed_count of what is held
    held_mentioned_count INTEGER NOT NULL, -- mentioned_count of what is held
    held_preprint_count INTEGER NOT NULL, -- preprint_count of what is held
    held_retracted_count INTEGER NOT NULL, -- retracted_count of what is held
    held_looked_count INTEGER NOT NULL, -- looked_count of what is held
    held_looked_reported_count INTEGER NOT NULL, -- looked_reported_count of what is held
    held_looked_not_found_count INTEGER NOT NULL, -- looked_not_found_count of what is held
    held_looked_ruled_out_count INTEGER NOT NULL, -- looked_ruled_out_count of what is held
    held_looked_mixed_count INTEGER NOT NULL, -- looked_mixed_count of what is held
    held_looked_unclear_count INTEGER NOT NULL, -- looked_unclear_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    is_partial_year BOOLEAN NOT NULL, -- the year of the search: not over yet
    is_provisional_year BOOLEAN NOT NULL, -- the year before: indexing still adds to it
    is_future_year BOOLEAN NOT NULL, -- a later year: issues dated ahead
    year_reason VARCHAR, -- why year is NULL
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.claims_by_study_type_and_year
WITH years AS (
    SELECT DISTINCT
        y.search,
        y.year,
        y.year_reason,
        y.is_partial_year,
        y.is_provisional_year,
        y.is_future_year,
        y.coverage,
        y.unread_count,
        y.as_of_date,
        y.set_id
    FROM marts.study_types_by_year AS y
),

types AS (
    SELECT
        s.search,
        q.claim,
        q.display_order,
        t.study_type,
        list_contains(q.answered_by, t.study_type) AS would_answer
    FROM evidence.claims AS q
    INNER JOIN evidence.searches AS s ON list_contains(s.topics, q.topic)
    CROSS JOIN evidence.study_types AS t
    WHERE
        q.is_matched
        AND (
            list_contains(q.answered_by, t.study_type)
            OR (s.search, q.claim, t.study_type) IN (
                SELECT (c.search, c.claim, c.study_type) FROM marts.claim_articles AS c
            )
        )
),

counts AS (
    SELECT
        c.search,
        c.claim,
        c.study_type,
        c.year,
        CASE WHEN c.year IS NULL THEN a.year_source END AS year_reason,
        count(*) FILTER (c.counted_as = 'record' AND c.how IN ('measured', 'observed')) AS measured,
        count(*) FILTER (c.counted_as = 'record' AND c.how = 'reported_by_users') AS reported,
        count(*) FILTER (c.counted_as = 'record' AND c.how = 'reason_for_use') AS reason,
        count(*) FILTER (c.counted_as = 'record' AND c.how = 'reviewed') AS reviewed,
        count(*) FILTER (c.counted_as = 'record' AND c.how = 'mentioned') AS mentioned,
        count(*) FILTER (c.counted_as = 'preprint') AS preprint,
        count(*) FILTER (c.counted_as = 'retracted') AS retracted
    FROM marts.claim_articles AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    GROUP BY ALL
),

studies AS (
    SELECT
        c.search,
        c.claim,
        c.study_type,
        c.study_group,
        s.finding,
        min(c.year) AS year,
        CASE WHEN min(c.year) IS NULL THEN min(a.year_source) END AS year_reason
    FROM marts.claim_studies AS s
    INNER JOIN marts.claim_articles AS c
        ON
            s.search = c.search
            AND s.claim = c.claim
            AND s.looked_as = c.looked_as
            AND s.study_group = c.study_group
            AND c.counted_as = 'record'
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    GROUP BY c.search, c.claim, c.study_type, c.study_group, s.looked_as, s.finding
),

looked AS (
    SELECT
        l.search,
        l.claim,
        l.study_type,
        l.year,
        l.year_reason,
        count(*) AS looked,
        count(*) FILTER (l.finding = 'reported') AS reported,
        count(*) FILTER (l.finding = 'not_found') AS not_found,
        count(*) FILTER (l.finding = 'ruled_out') AS ruled_out,
        count(*) FILTER (l.finding = 'mixed') AS mixed,
        count(*) FILTER (l.finding = 'unclear') AS unclear
    FROM studies AS l
    GROUP BY ALL
)

SELECT
    y.search,
    w.claim,
    y.year,
    w.study_type,
    t.evidence_group,
    w.would_answer,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.measured, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.reported, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.reason, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.reviewed, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.mentioned, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.preprint, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(c.retracted, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.looked, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.reported, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.not_found, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.ruled_out, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.mixed, 0) END,
    CASE WHEN y.coverage <> 'partial' THEN coalesce(k.unclear, 0) END,
    coalesce(c.measured, 0),
    coalesce(c.reported, 0),
    coalesce(c.reason, 0),
    coalesce(c.reviewed, 0),
    coalesce(c.mentioned, 0),
    coalesce(c.preprint, 0),
    coalesce(c.retracted, 0),
    coalesce(k.looked, 0),
    coalesce(k.reported, 0),
    coalesce(k.not_found, 0),
    coalesce(k.ruled_out, 0),
    coalesce(k.mixed, 0),
    coalesce(k.unclear, 0),
    y.unread_count,
    y.is_partial_year,
    y.is_provisional_year,
    y.is_future_year,
    y.year_reason,
    y.coverage,
    y.as_of_date,
    y.set_id
FROM years AS y
INNER JOIN types AS w ON y.search = w.search
INNER JOIN evidence.study_types AS t ON w.study_type = t.study_type
LEFT JOIN counts AS c
    ON
        y.search = c.search
        AND w.claim = c.claim
        AND w.study_type = c.study_type
        AND y.year IS NOT DISTINCT FROM c.year
        AND y.year_reason IS NOT DISTINCT FROM c.year_reason
LEFT JOIN looked AS k
    ON
        y.search = k.search
        AND w.claim = k.claim
        AND w.study_type = k.study_type
        AND y.year IS NOT DISTINCT FROM k.year
        AND y.year_reason IS NOT DISTINCT FROM k.year_reason
ORDER BY y.search, w.display_order, t.display_order, y.year NULLS LAST, y.year_reason;
