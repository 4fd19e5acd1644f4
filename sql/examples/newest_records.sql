-- Which records on kratom entered PubMed last?
--
-- By the moment they entered PubMed, not by the date printed on the issue, which may lie ahead.
SELECT
    y.entry_at,
    a.year,
    a.study_type_label,
    a.citation,
    a.title
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
INNER JOIN core.article_years AS y ON a.pmid = y.pmid
WHERE h.search = 'kratom' AND h.left_at IS NULL
ORDER BY y.entry_at DESC NULLS LAST, a.pmid DESC
LIMIT 20;
