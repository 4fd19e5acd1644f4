-- severity: error
-- Totals by type, totals by search and the records in core agree.
SELECT
    t.search,
    t.held_count,
    s.by_type,
    c.from_core
FROM marts.search_totals AS t
LEFT JOIN (
    SELECT
        search,
        coalesce(sum(held_count), 0)::INTEGER AS by_type
    FROM marts.study_type_totals
    GROUP BY search
) AS s ON t.search = s.search
LEFT JOIN (
    SELECT
        h.search,
        count(*)::INTEGER AS from_core
    FROM ops.search_hits AS h
    INNER JOIN core.articles AS a ON h.pmid = a.pmid
    LEFT JOIN evidence.article_flags AS f ON a.pmid = f.pmid
    LEFT JOIN evidence.article_study_types AS n
        ON a.pmid = n.pmid AND n.is_primary AND n.study_type = 'NOTICE'
    WHERE
        h.left_at IS NULL
        AND n.pmid IS NULL
        AND NOT coalesce(f.is_retracted, FALSE)
        AND NOT coalesce(f.is_preprint, FALSE)
    GROUP BY h.search
) AS c ON t.search = c.search
WHERE
    t.held_count IS DISTINCT FROM coalesce(s.by_type, 0)
    OR t.held_count IS DISTINCT FROM coalesce(c.from_core, 0)
