-- severity: error
-- The words of every text proof are found at the stated place of the stored text.
SELECT
    p.kind,
    p.code,
    p.pmid,
    p.field,
    p.matched_text
FROM evidence.proofs AS p
LEFT JOIN core.articles AS a ON p.pmid = a.pmid
LEFT JOIN core.abstract_sections AS s
    ON p.pmid = s.pmid AND p.section_no = s.section_no AND p.field = 'abstract'
LEFT JOIN core.keywords AS k
    ON p.pmid = k.pmid AND p.section_no = k.position AND p.field = 'keywords'
WHERE
    p.char_start IS NOT NULL
    AND substr(
        CASE p.field
            WHEN 'title' THEN a.title
            WHEN 'vernacular_title' THEN a.vernacular_title
            WHEN 'abstract' THEN s.text
            WHEN 'keywords' THEN k.keyword
            WHEN 'coi_statement' THEN a.coi_statement
        END,
        p.char_start + 1,
        p.char_end - p.char_start
    ) IS DISTINCT FROM p.matched_text
    -- of funders and addresses, any of the record's may hold them
    AND NOT (
        p.field = 'grants' AND EXISTS (
            FROM core.grants AS g
            WHERE
                g.pmid = p.pmid
                AND substr(g.agency, p.char_start + 1, p.char_end - p.char_start)
                = p.matched_text
        )
    )
    AND NOT (
        p.field = 'affiliations' AND EXISTS (
            FROM core.affiliations AS f
            WHERE
                f.pmid = p.pmid
                AND substr(f.affiliation, p.char_start + 1, p.char_end - p.char_start)
                = p.matched_text
        )
    )
