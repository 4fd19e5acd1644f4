-- severity: error
-- Every current member of a search is a record we hold and show.
SELECT
    h.search,
    h.pmid
FROM ops.search_hits AS h
LEFT JOIN core.articles AS a ON h.pmid = a.pmid
LEFT JOIN marts.articles AS m ON h.pmid = m.pmid
WHERE h.left_at IS NULL AND (a.pmid IS NULL OR m.pmid IS NULL)
