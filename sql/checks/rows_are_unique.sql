-- severity: error
-- One row per search, year (or reason for none) and study type; one per announced record.
-- No key of the table can say so, as a key column must not be NULL.
SELECT
    'study_types_by_year' AS relation,
    search,
    concat_ws(' ', year, year_reason, study_type) AS row_key
FROM marts.study_types_by_year
GROUP BY ALL
HAVING count(*) > 1
UNION ALL
SELECT
    'new_articles' AS relation,
    search,
    concat_ws(' ', reason, pmid) AS row_key
FROM marts.new_articles
GROUP BY ALL
HAVING count(*) > 1
