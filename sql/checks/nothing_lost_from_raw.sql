-- severity: error
-- Every record staged from the raw archive that no better copy or deletion displaced is in core.
SELECT
    s.pmid,
    s.record_sha256
FROM staging.core.articles AS s
WHERE
    s.pmid NOT IN (SELECT a.pmid FROM core.articles AS a)
    AND NOT EXISTS (
        SELECT 1 FROM core.deleted_citations AS d
        WHERE d.pmid = s.pmid AND d.pmid_version = s.pmid_version
    )
