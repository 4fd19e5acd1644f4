-- The claim map over all years. Claims that no search can answer have one row without counts.

CREATE OR REPLACE TABLE marts.claims_by_study_type ( -- records by search, claim and study type; counts show what was looked at and what authors state, not what is true
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    study_type VARCHAR, -- primary study type (code); NULL where nothing is counted, see remark
    evidence_group VARCHAR, -- its group
    would_answer BOOLEAN, -- studies of this type would answer the claim
    measured_count INTEGER, -- records that measured it, or observed it in cases, without retracted articles, notices and preprints; counted first
    reported_by_users_count INTEGER, -- such records in which users report it
    reason_for_use_count INTEGER, -- such records that give it as a reason for use
    reviewed_count INTEGER, -- such records that review it: summaries, never to be added to the studies they contain
    mentioned_count INTEGER, -- such records that only mention it
    preprint_count INTEGER, -- preprints, whatever they say
    retracted_count INTEGER, -- retracted articles, whatever they say
    looked_count INTEGER, -- studies of this type that looked at it (study groups; of a summary type the reviews), without those that only mention it
    looked_reported_count INTEGER, -- those that report it
    looked_not_found_count INTEGER, -- those that looked for it and did not find it
    looked_ruled_out_count INTEGER, -- those that rule it out as a cause
    looked_mixed_count INTEGER, -- those that report it beside what they did not find or ruled out
    looked_unclear_count INTEGER, -- those that leave it open, or do not state it in what is held
    held_measured_count INTEGER, -- measured_count of what is held
    held_reported_by_users_count INTEGER, -- reported_by_users_count of what is held
    held_reason_for_use_count INTEGER, -- reason_for_use_count of what is held
    held_reviewed_count INTEGER, -- reviewed_count of what is held
    held_mentioned_count INTEGER, -- mentioned_count of what is held
    held_preprint_count INTEGER, -- preprint_count of what is held
    held_retracted_count INTEGER, -- retracted_count of what is held
    held_looked_count INTEGER, -- looked_count of what is held
    held_looked_reported_count INTEGER, -- looked_reported_count of what is held
    held_looked_not_found_count INTEGER, -- looked_not_found_count of what is held
    held_looked_ruled_out_count INTEGER, -- looked_ruled_out_count of what is held
    held_looked_mixed_count INTEGER, -- looked_mixed_count of what is held
    held_looked_unclear_count INTEGER, -- looked_unclear_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    remark VARCHAR, -- why nothing is counted: not a kratom research question, or shown as its parts
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage; none: nothing is counted
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.claims_by_study_type
SELECT
    y.search,
    y.claim,
    y.study_type,
    any_value(y.evidence_group),
    any_value(y.would_answer),
    sum(y.measured_count),
    sum(y.reported_by_users_count),
    sum(y.reason_for_use_count),
    sum(y.reviewed_count),
    sum(y.mentioned_count),
    sum(y.preprint_count),
    sum(y.retracted_count),
    sum(y.looked_count),
    sum(y.looked_reported_count),
    sum(y.looked_not_found_count),
    sum(y.looked_ruled_out_count),
    sum(y.looked_mixed_count),
    sum(y.looked_unclear_count),
    sum(y.held_measured_count),
    sum(y.held_reported_by_users_count),
    sum(y.held_reason_for_use_count),
    sum(y.held_reviewed_count),
    sum(y.held_mentioned_count),
    sum(y.held_preprint_count),
    sum(y.held_retracted_count),
    sum(y.held_looked_count),
    sum(y.held_looked_reported_count),
    sum(y.held_looked_not_found_count),
    sum(y.held_looked_ruled_out_count),
    sum(y.held_looked_mixed_count),
    sum(y.held_looked_unclear_count),
    any_value(y.unread_count),
    min(y.year) FILTER (x.is_counted),
    max(y.year) FILTER (x.is_counted),
    NULL,
    any_value(y.coverage),
    any_value(y.as_of_date),
    any_value(y.set_id)
FROM marts.claims_by_study_type_and_year AS y
CROSS JOIN LATERAL (
    SELECT
        greatest(
            y.held_measured_count, y.held_reported_by_users_count, y.held_reason_for_use_count,
            y.held_reviewed_count, y.held_mentioned_count
        ) > 0 AS is_counted
) AS x
GROUP BY y.search, y.claim, y.study_type
UNION ALL
SELECT
    s.search,
    q.claim,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    CASE
        WHEN q.kind IN ('context', 'product') THEN 'not a kratom research question'
        ELSE 'shown as its parts, never as one number'
    END,
    'none',
    p.as_of_date,
    p.set_id
FROM evidence.claims AS q
INNER JOIN evidence.searches AS s ON list_contains(s.topics, q.topic)
CROSS JOIN run_parameters AS p
WHERE NOT q.is_matched
ORDER BY search, claim, study_type;
