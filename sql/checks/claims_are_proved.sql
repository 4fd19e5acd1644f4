-- severity: error
-- Every claim of a record has a proof, a known claim and a held record.
SELECT
    c.pmid,
    c.claim
FROM evidence.article_claims AS c
LEFT JOIN evidence.claims AS q ON c.claim = q.claim AND q.is_matched
LEFT JOIN core.articles AS a ON c.pmid = a.pmid
WHERE
    q.claim IS NULL
    OR a.pmid IS NULL
    OR NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE p.kind = 'claim' AND p.pmid = c.pmid AND p.code = c.claim
    )
