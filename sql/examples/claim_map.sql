-- Which questions were studied, in what kind of study, and what do the authors state?
--
-- looked_count: studies that looked at the claim (reports of one study count once), split by what
-- their authors state in title and abstract; NULL is not known, and held_looked_count is what is held
-- all the same. looked_in: the latter by kind of study, where one of two kinds counts in both. Reviews
-- are never added to the studies they contain. With coverage 'none' nothing is counted
-- (marts.claim_totals says why). Counts show what authors state, not what is true.
SELECT
    t.claim,
    t.question,
    t.coverage,
    t.looked_count,
    t.held_looked_count,
    t.held_looked_reported_count,
    t.held_looked_not_found_count,
    t.held_looked_ruled_out_count,
    t.held_looked_mixed_count,
    t.held_looked_unclear_count,
    t.held_review_count,
    t.held_review_reported_count,
    string_agg(
        g.evidence_group || ': ' || g.held_looked_reported_count || ' of ' || g.held_looked_count
        || ' report it',
        '; ' ORDER BY g.group_order
    ) FILTER (g.held_looked_count > 0) AS looked_in
FROM marts.claim_totals AS t
LEFT JOIN marts.claims_by_group AS g ON t.search = g.search AND t.claim = g.claim
WHERE t.search = 'kratom'
GROUP BY ALL
ORDER BY any_value(t.display_order);
