-- severity: error
-- Every study type but OTHER, every topic, stated facet and registration has at least one proof.
-- Of the records that came or were judged in this run; `ketum verify` looks at all of them.
SELECT
    'study_type' AS kind,
    s.pmid,
    s.study_type AS code
FROM evidence.article_study_types AS s
WHERE
    s.study_type <> 'OTHER'
    AND s.assigned_by <> 'override'
    AND s.pmid IN (SELECT n.pmid FROM run_touched AS n)
    AND NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE p.kind = 'study_type' AND p.pmid = s.pmid AND p.code = s.study_type
    )
UNION ALL
SELECT
    'topic' AS kind,
    t.pmid,
    t.topic AS code
FROM evidence.article_topics AS t
WHERE
    t.pmid IN (SELECT n.pmid FROM run_touched AS n)
    AND NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE p.kind = 'topic' AND p.pmid = t.pmid AND p.code = t.topic
    )
UNION ALL
SELECT
    'facet' AS kind,
    f.pmid,
    f.facet || '.' || f.value AS code
FROM evidence.article_facets AS f
WHERE
    f.value <> 'not_stated'
    AND f.pmid IN (SELECT n.pmid FROM run_touched AS n)
    AND NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE p.kind = 'facet' AND p.pmid = f.pmid AND p.code = f.facet || '.' || f.value
    )
UNION ALL
SELECT
    'registration' AS kind,
    r.pmid,
    r.number AS code
FROM evidence.registrations AS r
WHERE
    r.pmid IN (SELECT n.pmid FROM run_touched AS n)
    AND NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE p.kind = 'registration' AND p.pmid = r.pmid AND p.code = r.number
    )
