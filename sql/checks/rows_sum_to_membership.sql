-- severity: error
-- Every member of a search is counted once in study_types_by_year: counts sum to the membership.
SELECT
    t.search,
    t.member_count,
    y.counted
FROM marts.search_totals AS t
LEFT JOIN (
    SELECT
        search,
        sum(
            coalesce(record_count, 0) + coalesce(retracted_count, 0)
            + coalesce(preprint_count, 0) + coalesce(notice_count, 0)
        ) AS counted
    FROM marts.study_types_by_year
    GROUP BY search
) AS y ON t.search = y.search
WHERE t.member_count IS DISTINCT FROM y.counted::INTEGER
