-- severity: error
-- No record read from the raw archive is better than the copy in core, or missing there undeleted.
WITH copies AS (
    SELECT
        pmid,
        pmid_version,
        record_source,
        date_revised,
        source_stamp,
        record_sha256,
        TRUE AS is_staged
    FROM staging.core.articles
    UNION ALL
    SELECT
        pmid,
        pmid_version,
        record_source,
        date_revised,
        source_stamp,
        record_sha256,
        FALSE AS is_staged
    FROM core.articles
    WHERE pmid IN (SELECT c.pmid FROM staging.core.articles AS c)
),

ranked AS (
    SELECT
        *,
        struct_pack(
            source := CASE record_source WHEN 'pubmed_xml' THEN 3 WHEN 'nbib' THEN 2 ELSE 1 END,
            version := pmid_version,
            revised := coalesce(date_revised, DATE '0001-01-01'),
            stamp := source_stamp
        ) AS place
    FROM copies
)

SELECT
    s.pmid,
    s.pmid_version,
    s.record_sha256
FROM ranked AS s
LEFT JOIN ranked AS a ON s.pmid = a.pmid AND NOT a.is_staged
WHERE
    s.is_staged
    AND (a.pmid IS NULL OR (a.record_sha256 <> s.record_sha256 AND s.place > a.place))
    -- a citation known by its DOI alone gives way to the record with that DOI
    AND NOT (a.pmid IS NULL AND s.pmid IN (SELECT c.pmid FROM cited_as AS c))
    AND NOT EXISTS (
        SELECT 1 FROM core.deleted_citations AS d
        WHERE
            d.pmid = s.pmid
            AND d.pmid_version = s.pmid_version
    )
