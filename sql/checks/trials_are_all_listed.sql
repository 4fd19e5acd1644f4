-- severity: error
-- Every member that NLM or a rule calls an experiment on people stands in exactly one study, and every cell has its proof.
SELECT
    l.search,
    l.pmid,
    count(h.study_group) AS lines
FROM marts.study_type_articles AS l
INNER JOIN evidence.study_groups AS g ON l.pmid = g.pmid
INNER JOIN evidence.article_study_types AS s ON l.pmid = s.pmid AND l.study_type = s.study_type
LEFT JOIN marts.human_experimental AS h
    ON l.search = h.search AND list_contains(h.report_pmids || h.other_pmids, l.pmid)
WHERE
    l.study_type IN ('RCT', 'NRCT')
    AND (g.role IN ('report', 'protocol') OR s.assigned_by IN ('nlm_pt', 'override'))
GROUP BY l.search, l.pmid, l.study_type
HAVING count(h.study_group) <> 1
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
