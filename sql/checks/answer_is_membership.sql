-- severity: error
-- What an answer listed are the members it explains; only a record that is listed as not read may be missing.
SELECT
    coalesce(x.search, h.search) AS search,
    coalesce(x.pmid, h.pmid) AS pmid,
    CASE WHEN h.pmid IS NULL THEN 'listed, and no member' ELSE 'member, and not listed' END AS fault
FROM answered AS x
FULL JOIN (
    SELECT
        m.search,
        m.pmid
    FROM ops.search_hits AS m
    WHERE m.left_at IS NULL AND m.matched_by IN ('pubmed', 'both')
) AS h ON x.search = h.search AND x.pmid = h.pmid
WHERE
    (
        h.pmid IS NULL
        AND (x.search, x.pmid) NOT IN (
            SELECT (u.search, u.pmid) FROM ops.unread_records AS u WHERE NOT u.is_held
        )
    )
    OR (x.pmid IS NULL AND h.search IN (SELECT s.search FROM scope AS s WHERE s.has_answer))
