-- severity: error
-- Every held record has exactly one primary study type.
SELECT
    a.pmid,
    count(s.pmid) AS primary_types
FROM core.articles AS a
LEFT JOIN evidence.article_study_types AS s ON a.pmid = s.pmid AND s.is_primary
GROUP BY a.pmid
HAVING count(s.pmid) <> 1
