-- severity: error
-- A zero stands only where a complete search covers it.
SELECT
    search,
    year,
    study_type
FROM marts.study_types_by_year
WHERE
    (coverage = 'partial' AND record_count = 0)
    OR (coverage = 'complete' AND record_count IS NULL)
