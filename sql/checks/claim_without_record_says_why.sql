-- severity: error
-- A claim without a record has a sentence that says what this means, and no other claim has one.
SELECT
    search,
    claim
FROM marts.claim_totals
WHERE (coalesce(held_count, 0) = 0) <> (remark IS NOT NULL)
