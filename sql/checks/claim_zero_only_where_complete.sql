-- severity: error
-- A claim has a zero only where a complete search covers it, and a sentence where it has none.
SELECT
    search,
    claim,
    'cell' AS what
FROM marts.claims_by_study_type_and_year
WHERE
    coverage <> 'complete'
    AND 0 IN (
        measured_count, reported_by_users_count, reason_for_use_count, reviewed_count,
        mentioned_count, preprint_count, retracted_count
    )
UNION ALL
SELECT
    search,
    claim,
    'total' AS what
FROM marts.claim_totals
WHERE
    (coverage <> 'complete' AND 0 IN (record_count, measured_count, retracted_count))
    OR (coalesce(record_count, 0) = 0) <> (remark IS NOT NULL)
