-- severity: error
-- In the headline table that readers see, columns add up to the total, groups to the last row, and both to what is held of the search.
WITH cells AS (
    SELECT
        h.search,
        h.row_label,
        h.column_label,
        h.held_count,
        h.counted_as = 'record' AND h.row_order < max(h.row_order) OVER (PARTITION BY h.search)
            AS is_group,
        h.row_order = max(h.row_order) OVER (PARTITION BY h.search) AS is_last,
        h.column_label = 'total' AS is_total
    FROM marts.headline_table AS h
)

SELECT
    c.search,
    c.row_label AS place,
    'the columns are not the total' AS fault
FROM cells AS c
GROUP BY c.search, c.row_label
HAVING
    coalesce(sum(c.held_count) FILTER (NOT c.is_total), 0)
    <> coalesce(sum(c.held_count) FILTER (c.is_total), 0)
UNION ALL
SELECT
    c.search,
    c.column_label AS place,
    'the groups are not the last row' AS fault
FROM cells AS c
GROUP BY c.search, c.column_label
HAVING
    coalesce(sum(c.held_count) FILTER (c.is_group), 0)
    <> coalesce(sum(c.held_count) FILTER (c.is_last), 0)
UNION ALL
SELECT
    t.search,
    'Records' AS place,
    'not what is held of the search' AS fault
FROM marts.search_totals AS t
LEFT JOIN cells AS c ON t.search = c.search AND c.is_last AND c.is_total
WHERE t.held_count IS DISTINCT FROM c.held_count
