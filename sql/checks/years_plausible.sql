-- severity: error
-- Years lie between the first journals PubMed holds and two years ahead of the search.
SELECT
    y.search,
    y.year
FROM marts.study_types_by_year AS y
WHERE y.year NOT BETWEEN 1781 AND (SELECT p.as_of_year + 2 FROM run_parameters AS p)
