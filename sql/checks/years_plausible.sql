-- severity: error
-- Years of publication lie between the first printed journals and two years ahead of the search.
SELECT
    a.pmid,
    a.year
FROM marts.articles AS a
WHERE
    a.year IS NOT NULL
    AND (a.year < 1781 OR a.year > (SELECT p.as_of_year + 2 FROM run_parameters AS p))
