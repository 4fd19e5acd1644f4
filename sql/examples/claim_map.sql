-- Which claims of the article were studied, and in what kind of study?
--
-- measured_count: records that measured the claim; NULL is not known, and held_measured_count is
-- what is held all the same. measured_in: the latter by kind of study, where one of two kinds counts
-- in both. held_beside_count: records that review it, report it, give it as a reason for use or
-- mention it. With coverage 'none' nothing is counted (marts.claim_totals says why). Counts show
-- what was looked at, not what was found.
SELECT
    t.claim,
    t.question,
    t.coverage,
    t.measured_count,
    t.held_measured_count,
    t.held_count - t.held_measured_count AS held_beside_count,
    string_agg(
        g.evidence_group || ': ' || g.held_measured_count, '; ' ORDER BY g.group_order
    ) FILTER (g.held_measured_count > 0) AS measured_in
FROM marts.claim_totals AS t
LEFT JOIN marts.claims_by_group AS g ON t.search = g.search AND t.claim = g.claim
WHERE t.search = 'kratom'
GROUP BY ALL
ORDER BY any_value(t.display_order);
