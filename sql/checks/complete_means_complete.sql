-- severity: error
-- A search that lists a record which could not be read is complete nowhere.
SELECT
    u.search,
    u.pmid,
    'ops.searches' AS relation
FROM ops.unread_records AS u
INNER JOIN ops.searches AS s ON u.search = s.search
WHERE s.is_complete AND s.searched_at = (SELECT p.as_of FROM run_parameters AS p)
UNION ALL
SELECT
    u.search,
    u.pmid,
    'marts.search_totals' AS relation
FROM ops.unread_records AS u
INNER JOIN marts.search_totals AS t ON u.search = t.search
WHERE t.coverage = 'complete'
UNION ALL
SELECT
    u.search,
    u.pmid,
    'marts.study_types_by_year' AS relation
FROM ops.unread_records AS u
WHERE
    u.search IN (
        SELECT y.search FROM marts.study_types_by_year AS y
        WHERE y.coverage = 'complete'
    )
