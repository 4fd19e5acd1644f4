-- severity: error
-- Every member of a search is counted once by type and once by group: counts sum to the membership.
SELECT
    t.search,
    t.held_member_count,
    y.relation,
    y.counted
FROM marts.search_totals AS t
LEFT JOIN (
    SELECT
        'study_types_by_year' AS relation,
        search,
        sum(held_count + held_retracted_count + held_preprint_count + held_notice_count) AS counted
    FROM marts.study_types_by_year
    GROUP BY search
    UNION ALL
    SELECT
        'headline_by_year' AS relation,
        search,
        sum(held_count + held_retracted_count + held_preprint_count + held_notice_count) AS counted
    FROM marts.headline_by_year
    GROUP BY search
) AS y ON t.search = y.search
WHERE t.held_member_count IS DISTINCT FROM y.counted::INTEGER
