-- Which claims of the article were studied, and in what kind of study?
--
-- measured_count: records that measured the claim; measured_in: the same by evidence domain, where
-- one in two domains counts in both. beside_count: records that review it, report it, give it as a
-- reason for use or mention it. NULL is not known, and no zero; with coverage 'none' nothing is
-- counted (marts.claim_totals says why). Counts show what was looked at, not what was found.
SELECT
    t.claim,
    t.question,
    t.coverage,
    t.measured_count,
    coalesce(
        nullif(t.record_count - coalesce(t.measured_count, 0), 0),
        CASE WHEN t.coverage = 'complete' THEN 0 END
    ) AS beside_count,
    string_agg(d.domain || ' ' || d.measured_count, ', ' ORDER BY d.domain_order)
        FILTER (d.measured_count > 0) AS measured_in
FROM marts.claim_totals AS t
LEFT JOIN marts.claims_by_domain AS d ON t.search = d.search AND t.claim = d.claim
WHERE t.search = 'kratom'
GROUP BY ALL
ORDER BY any_value(t.display_order);
