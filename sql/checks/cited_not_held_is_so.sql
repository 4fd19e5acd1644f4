-- severity: error
-- What is listed as cited and not found is cited by as many members as said, and is not a member.
SELECT
    n.search,
    n.cited_pmid,
    n.held_citing_count,
    count(DISTINCT r.pmid) AS found_count
FROM marts.cited_not_held AS n
LEFT JOIN ops.search_hits AS h ON n.search = h.search AND h.left_at IS NULL
LEFT JOIN core.cited_references AS r ON h.pmid = r.pmid AND n.cited_pmid = r.cited_pmid
GROUP BY n.search, n.cited_pmid, n.held_citing_count
HAVING
    count(DISTINCT r.pmid) <> n.held_citing_count
    OR n.held_citing_count < 2
    OR bool_or(h.pmid = n.cited_pmid)
