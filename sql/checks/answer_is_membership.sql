-- severity: error
-- What a complete answer listed is what we count: nothing lost between answer and membership.
SELECT
    s.search,
    s.hit_count,
    count(h.pmid) AS members_from_answer
FROM ops.searches AS s
LEFT JOIN ops.search_hits AS h
    ON s.search = h.search AND h.left_at IS NULL AND h.matched_by IN ('pubmed', 'both')
WHERE s.query_translation IS NOT NULL AND s.searched_at = (SELECT p.as_of FROM run_parameters AS p)
GROUP BY s.search, s.hit_count
HAVING count(h.pmid) <> s.hit_count
