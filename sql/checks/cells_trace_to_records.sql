-- severity: error
-- Every cell of study_types_by_year equals the records listed behind it.
SELECT
    y.search,
    y.year,
    y.study_type,
    y.record_count,
    count(c.pmid) AS listed
FROM marts.study_types_by_year AS y
LEFT JOIN marts.study_type_articles AS c
    ON
        y.search = c.search
        AND y.study_type = c.study_type
        AND y.year IS NOT DISTINCT FROM c.year
        AND c.is_primary
        AND c.counted_as = 'record'
WHERE y.year IS NOT NULL
GROUP BY y.search, y.year, y.study_type, y.record_count
HAVING coalesce(y.record_count, 0) <> count(c.pmid)
