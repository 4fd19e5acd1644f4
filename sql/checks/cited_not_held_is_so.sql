-- severity: error
-- What is listed as cited and not found is cited by as many members as said, and is not a member.
WITH citing AS ( -- of references there are many more than members
    SELECT
        h.search,
        r.pmid,
        r.cited_pmid
    FROM core.cited_references AS r
    INNER JOIN ops.search_hits AS h ON r.pmid = h.pmid AND h.left_at IS NULL
    WHERE r.cited_pmid IS NOT NULL
)

SELECT
    n.search,
    n.cited_pmid,
    n.held_citing_count,
    count(DISTINCT c.pmid) AS found_count
FROM marts.cited_not_held AS n
LEFT JOIN citing AS c ON n.search = c.search AND n.cited_pmid = c.cited_pmid
LEFT JOIN ops.search_hits AS h
    ON n.search = h.search AND n.cited_pmid = h.pmid AND h.left_at IS NULL
GROUP BY n.search, n.cited_pmid, n.held_citing_count
HAVING
    count(DISTINCT c.pmid) <> n.held_citing_count
    OR n.held_citing_count < 2
    OR count(h.pmid) > 0
