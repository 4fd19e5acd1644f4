-- severity: error
-- Every cell of study_types_by_year equals the records listed behind it.
SELECT
    y.search,
    y.year,
    y.year_reason,
    y.study_type,
    y.held_count,
    count(c.pmid) AS listed
FROM marts.study_types_by_year AS y
LEFT JOIN (
    SELECT
        l.*,
        CASE WHEN l.year IS NULL THEN a.year_source END AS year_reason
    FROM marts.study_type_articles AS l
    INNER JOIN marts.articles AS a ON l.pmid = a.pmid
) AS c
    ON
        y.search = c.search
        AND y.study_type = c.study_type
        AND y.year IS NOT DISTINCT FROM c.year
        AND y.year_reason IS NOT DISTINCT FROM c.year_reason
GROUP BY ALL
HAVING
    any_value(y.held_count)
    <> count(c.pmid) FILTER (c.is_primary AND c.counted_as = 'record')
    OR any_value(y.held_any_label_count)
    <> count(c.pmid) FILTER (c.counted_as = 'record' AND (c.is_primary OR c.confidence <> 'low'))
    OR any_value(y.held_retracted_count)
    <> count(c.pmid) FILTER (c.is_primary AND c.counted_as = 'retracted')
    OR any_value(y.held_preprint_count)
    <> count(c.pmid) FILTER (c.is_primary AND c.counted_as = 'preprint')
    OR any_value(y.held_notice_count)
    <> count(c.pmid) FILTER (c.is_primary AND c.counted_as = 'notice')
