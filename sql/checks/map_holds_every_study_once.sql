-- severity: error
-- Every counted record of a search stands in exactly one cell of the evidence map, a study in one alone, and each number of a cell is that of its records.
SELECT
    coalesce(l.search, a.search) AS search,
    coalesce(l.pmid, a.pmid) AS pmid,
    NULL AS map_row,
    count(a.pmid) AS cells
FROM (
    SELECT
        t.search,
        t.pmid
    FROM marts.study_type_articles AS t
    WHERE t.is_primary AND t.counted_as <> 'notice'
) AS l
FULL JOIN (
    SELECT
        m.search,
        unnest(m.pmids || m.other_pmids) AS pmid
    FROM marts.evidence_map AS m
) AS a ON l.search = a.search AND l.pmid = a.pmid
GROUP BY ALL
HAVING count(a.pmid) <> 1 OR count(l.pmid) <> 1
UNION ALL
SELECT
    a.search,
    min(a.pmid),
    min(a.map_row),
    count(DISTINCT a.map_row || ' ' || a.map_column)
FROM marts.evidence_map_articles AS a
WHERE a.part = 'studies'
GROUP BY a.search, a.study_group
HAVING count(DISTINCT a.map_row || ' ' || a.map_column) <> 1
UNION ALL
SELECT
    m.search,
    NULL,
    m.map_row,
    m.held_study_count
FROM marts.evidence_map AS m
LEFT JOIN (
    SELECT
        a.search,
        a.map_row,
        a.map_column,
        count(DISTINCT a.study_group) FILTER (a.is_counted) AS studies
    FROM marts.evidence_map_articles AS a
    GROUP BY ALL
) AS s ON m.search = s.search AND m.map_row = s.map_row AND m.map_column = s.map_column
WHERE
    m.held_study_count <> coalesce(s.studies, 0)
    OR m.held_people_study_count > m.held_study_count
    OR m.held_small_count > m.held_people_study_count
    OR greatest(
        m.held_one_sex_count, m.held_self_selected_count, m.held_other_drugs_count,
        m.held_vendor_count
    ) > m.held_study_count
