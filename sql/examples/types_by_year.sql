-- How many records of each study type a year, and which share of the year's records is that?
--
-- record_count is NULL where no complete search was made: held_count is what is held. Years that
-- are not over or still being indexed are marked: their shares still move.
SELECT
    y.year,
    t.label AS study_type,
    y.record_count,
    y.held_count,
    round(100.0 * y.held_count / sum(y.held_count) OVER (PARTITION BY y.year), 1)
        AS percent_of_year,
    y.is_partial_year,
    y.is_provisional_year,
    y.coverage
FROM marts.study_types_by_year AS y
INNER JOIN evidence.study_types AS t ON y.study_type = t.study_type
WHERE y.search = 'kratom' AND y.held_count > 0
ORDER BY y.year DESC NULLS LAST, t.display_order ASC;
