-- Which members of the searches were retracted, and where does the notice stand?
SELECT
    r.search,
    r.citation,
    r.title,
    r.notice_source,
    r.notice_pmid,
    a.study_type_label
FROM marts.retractions AS r
INNER JOIN marts.articles AS a ON r.pmid = a.pmid
ORDER BY r.search ASC, a.year DESC, r.pmid DESC;
