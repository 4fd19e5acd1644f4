-- severity: error
-- Every cell of the claim tables equals the records listed behind it, and every total too.
SELECT
    'claims_by_study_type' AS relation,
    coalesce(t.search, l.search) AS search,
    coalesce(t.claim, l.claim) AS claim,
    coalesce(t.study_type, l.study_type) AS cell
FROM (
    SELECT
        search,
        claim,
        study_type,
        sum(
            held_measured_count + held_reported_by_users_count + held_reason_for_use_count
            + held_reviewed_count + held_mentioned_count + held_preprint_count
            + held_retracted_count
        ) AS counted
    FROM marts.claims_by_study_type
    WHERE study_type IS NOT NULL
    GROUP BY ALL
) AS t
FULL JOIN (
    SELECT
        search,
        claim,
        study_type,
        count(*) AS listed
    FROM marts.claim_articles
    WHERE counted_as <> 'notice'
    GROUP BY ALL
) AS l ON t.search = l.search AND t.claim = l.claim AND t.study_type = l.study_type
WHERE coalesce(t.counted, 0) <> coalesce(l.listed, 0)
UNION ALL
SELECT
    'claim_totals' AS relation,
    t.search,
    t.claim,
    'held_count' AS cell
FROM marts.claim_totals AS t
WHERE
    coalesce(t.held_count, 0) <> (
        SELECT count(*) FROM marts.claim_articles AS c
        WHERE c.search = t.search AND c.claim = t.claim AND c.counted_as = 'record'
    )
