-- Which kratom records have no study type, and why?
SELECT
    a.unclassified_reason,
    a.year,
    a.citation,
    a.title,
    a.has_abstract,
    list_sort(list(t.publication_type) FILTER (t.publication_type IS NOT NULL))
        AS publication_types
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
LEFT JOIN core.publication_types AS t ON a.pmid = t.pmid
WHERE h.search = 'kratom' AND h.left_at IS NULL AND a.study_type = 'OTHER'
GROUP BY a.unclassified_reason, a.year, a.citation, a.title, a.has_abstract, a.pmid
ORDER BY a.unclassified_reason ASC, a.year DESC NULLS LAST, a.pmid DESC;
