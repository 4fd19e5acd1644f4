-- severity: error
-- A zero stands only where a complete search covers it, whatever is counted.
SELECT
    search,
    year,
    study_type,
    record_count
FROM marts.study_types_by_year
WHERE
    (
        coverage = 'partial'
        AND 0 IN (
            record_count, any_label_count, preprint_count, retracted_count, notice_count,
            checked_count
        )
    )
    OR (
        coverage = 'complete'
        AND (
            record_count + any_label_count + preprint_count + retracted_count + notice_count
            + checked_count
        ) IS NULL
    )
