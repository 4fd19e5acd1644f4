-- severity: error
-- Every member whose primary type is a trial or human laboratory study stands in exactly one study and no other record does, its totals count what the tables by type and by group count, and every cell has its proof.
SELECT
    coalesce(l.search, h.search) AS search,
    coalesce(l.pmid, h.pmid) AS pmid,
    count(h.study_group) AS lines
FROM (
    SELECT
        a.search,
        a.pmid
    FROM marts.study_type_articles AS a
    WHERE a.is_primary AND a.study_type IN ('RCT', 'NRCT')
) AS l
FULL JOIN (
    SELECT
        e.search,
        e.study_group,
        unnest(e.report_pmids || e.other_pmids) AS pmid
    FROM marts.human_experimental AS e
) AS h ON l.search = h.search AND l.pmid = h.pmid
GROUP BY ALL
HAVING count(h.study_group) <> 1 OR count(l.pmid) <> 1
UNION ALL
SELECT
    t.search,
    NULL,
    t.held_count + t.held_mention_record_count
FROM marts.human_experimental_totals AS t
LEFT JOIN (
    SELECT
        y.search,
        sum(y.held_count) AS by_type
    FROM marts.study_type_totals AS y
    WHERE y.study_type IN ('RCT', 'NRCT')
    GROUP BY y.search
) AS c ON t.search = c.search
LEFT JOIN (
    SELECT
        g.search,
        sum(g.held_count) AS by_group
    FROM marts.headline_by_year AS g
    WHERE
        g.evidence_group IN (
            SELECT s.evidence_group FROM evidence.study_types AS s
            WHERE s.study_type IN ('RCT', 'NRCT')
        )
    GROUP BY g.search
) AS b ON t.search = b.search
WHERE
    t.held_count + t.held_mention_record_count <> coalesce(c.by_type, 0)
    OR t.held_count + t.held_mention_record_count <> coalesce(b.by_group, 0)
UNION ALL
SELECT
    c.search,
    c.report_pmids[1],
    -1
FROM (
    SELECT
        h.search,
        h.study_group,
        h.report_pmids,
        unnest(
            h.registrations || h.substances || h.purposes || h.populations || h.outcomes
            || h.countries || h.study_types
        ) AS value
    FROM marts.human_experimental AS h
) AS c
WHERE NOT EXISTS (
    SELECT 1 FROM marts.human_experimental_proofs AS p
    WHERE p.search = c.search AND p.study_group = c.study_group AND p.value = c.value
)
