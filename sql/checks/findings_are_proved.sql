-- severity: error
-- Every finding of a claim or a harm rests on words, or on a person's decision; one that is mixed rests on both sides, and only harms have one among the facets.
WITH found AS (
    SELECT
        c.pmid,
        c.claim AS code,
        c.finding
    FROM evidence.article_claims AS c
    UNION ALL
    SELECT
        f.pmid,
        f.facet || '.' || f.value AS code,
        f.finding
    FROM evidence.article_facets AS f
    WHERE f.finding IS NOT NULL
),

proved AS (
    SELECT
        p.pmid,
        regexp_replace(p.code, '\.[a-z_]+$', '') AS code,
        list(DISTINCT regexp_extract(p.code, '[a-z_]+$')) AS stated
    FROM evidence.proofs AS p
    WHERE p.kind = 'finding'
    GROUP BY ALL
)

SELECT
    f.pmid,
    f.code,
    f.finding
FROM found AS f
LEFT JOIN proved AS p ON f.pmid = p.pmid AND f.code = p.code
WHERE
    f.finding NOT IN (SELECT e.finding FROM evidence.findings AS e)
    OR (f.finding <> 'unclear' AND p.stated IS NULL)
    OR (
        f.finding IN ('reported', 'not_found', 'ruled_out')
        AND NOT list_contains(p.stated, f.finding)
    )
    OR (
        f.finding = 'mixed'
        AND NOT coalesce(
            list_contains(p.stated, 'mixed')
            OR (
                list_contains(p.stated, 'reported')
                AND list_has_any(p.stated, ['not_found', 'ruled_out'])
            ),
            FALSE
        )
    )
UNION ALL
SELECT
    a.pmid,
    a.facet || '.' || a.value AS code,
    a.finding
FROM evidence.article_facets AS a
WHERE (a.finding IS NOT NULL) <> (a.facet = 'harm' AND a.level <> 'none')
