-- severity: error
-- Per search every year from the first to that of the search or later has a row for every type.
SELECT
    y.search,
    y.year,
    count(*) AS type_rows
FROM marts.study_types_by_year AS y
WHERE y.year IS NOT NULL
GROUP BY y.search, y.year
HAVING count(*) <> (SELECT count(*) FROM evidence.study_types)
UNION ALL
SELECT
    y.search,
    NULL AS year,
    count(DISTINCT y.year) AS type_rows
FROM marts.study_types_by_year AS y
WHERE y.year IS NOT NULL
GROUP BY y.search
HAVING
    count(DISTINCT y.year) <> max(y.year) - min(y.year) + 1
    OR max(y.year) < any_value(year(y.as_of_date))
