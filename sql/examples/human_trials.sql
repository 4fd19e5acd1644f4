-- Which human trials on kratom and pain are there, newest first?
--
-- Primary types only: each record once. Retracted articles stand with their mark, not left out.
SELECT
    a.year,
    a.study_type_label,
    a.citation,
    a.title,
    a.confidence,
    a.is_retracted,
    coalesce(a.pubmed_url, a.doi_url) AS link
FROM marts.study_type_articles AS c
INNER JOIN marts.articles AS a ON c.pmid = a.pmid
WHERE c.search = 'kratom_pain' AND c.is_primary AND c.study_type IN ('RCT', 'NRCT')
ORDER BY a.year DESC NULLS LAST, a.pmid DESC;
