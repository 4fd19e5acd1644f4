-- severity: error
-- The words of every text proof are found at the stated place of the stored text.
-- Of the records that came or were judged in this run; `ketum verify` looks at all of them.
WITH texts AS (
    SELECT pmid, 'title' AS field, NULL AS section_no, title AS stored FROM core.articles
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT pmid, 'vernacular_title', NULL, vernacular_title FROM core.articles
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT pmid, 'coi_statement', NULL, coi_statement FROM core.articles
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT pmid, 'abstract', section_no, text FROM core.abstract_sections
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT pmid, 'keywords', position, keyword FROM core.keywords
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
)

SELECT
    p.kind,
    p.code,
    p.pmid,
    p.field,
    p.matched_text
FROM evidence.proofs AS p
WHERE
    p.char_start IS NOT NULL
    AND p.pmid IN (SELECT r.pmid FROM run_touched AS r)
    AND NOT EXISTS (
        FROM texts AS t
        WHERE
            t.pmid = p.pmid
            AND t.field = p.field
            AND t.section_no IS NOT DISTINCT FROM p.section_no
            AND substr(t.stored, p.char_start + 1, p.char_end - p.char_start) = p.matched_text
    )
