-- severity: error
-- Counts by finding add up to the studies that looked at a claim, each of these is listed with its records, and every record that looked is in one of them.
SELECT
    'claim_totals' AS relation,
    t.search,
    t.claim,
    'looked' AS cell
FROM marts.claim_totals AS t
LEFT JOIN (
    SELECT
        s.search,
        s.claim,
        count(*) FILTER (s.looked_as = 'study') AS studies,
        count(*) FILTER (s.looked_as = 'review') AS reviews,
        sum(len(s.pmids)) AS records
    FROM marts.claim_studies AS s
    GROUP BY s.search, s.claim
) AS l ON t.search = l.search AND t.claim = l.claim
LEFT JOIN (
    SELECT
        c.search,
        c.claim,
        count(*) AS records
    FROM marts.claim_articles AS c
    WHERE c.counted_as = 'record' AND c.looked_as <> 'mention'
    GROUP BY c.search, c.claim
) AS r ON t.search = r.search AND t.claim = r.claim
WHERE
    coalesce(t.held_looked_count, 0) <> coalesce(l.studies, 0)
    OR coalesce(t.held_review_count, 0) <> coalesce(l.reviews, 0)
    OR coalesce(l.records, 0) <> coalesce(r.records, 0)
    OR t.held_looked_count <> (
        t.held_looked_reported_count + t.held_looked_not_found_count
        + t.held_looked_ruled_out_count + t.held_looked_mixed_count
        + t.held_looked_unclear_count
    )
    OR t.held_review_count <> (
        t.held_review_reported_count + t.held_review_not_found_count
        + t.held_review_ruled_out_count + t.held_review_mixed_count
        + t.held_review_unclear_count
    )
UNION ALL
SELECT
    'claims_by_group' AS relation,
    g.search,
    g.claim,
    g.evidence_group AS cell
FROM marts.claims_by_group AS g
LEFT JOIN (
    SELECT
        s.search,
        s.claim,
        unnest(s.evidence_groups) AS evidence_group
    FROM marts.claim_studies AS s
) AS l ON g.search = l.search AND g.claim = l.claim AND g.evidence_group = l.evidence_group
GROUP BY ALL
HAVING
    max(g.held_looked_count) <> count(l.claim)
    OR max(g.held_looked_count) <> max(
        g.held_looked_reported_count + g.held_looked_not_found_count
        + g.held_looked_ruled_out_count + g.held_looked_mixed_count
        + g.held_looked_unclear_count
    )
UNION ALL
SELECT
    'claims_by_study_type' AS relation,
    y.search,
    y.claim,
    y.study_type AS cell
FROM marts.claims_by_study_type AS y
LEFT JOIN (
    SELECT
        s.search,
        s.claim,
        unnest(s.study_types) AS study_type
    FROM marts.claim_studies AS s
) AS l ON y.search = l.search AND y.claim = l.claim AND y.study_type = l.study_type
WHERE y.study_type IS NOT NULL
GROUP BY ALL
HAVING
    max(y.held_looked_count) <> count(l.claim)
    OR max(y.held_looked_count) <> max(
        y.held_looked_reported_count + y.held_looked_not_found_count
        + y.held_looked_ruled_out_count + y.held_looked_mixed_count
        + y.held_looked_unclear_count
    )
