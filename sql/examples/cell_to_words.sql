-- Which words, headings and tags put each randomised trial on kratom into its cell?
--
-- One row a proof. For text, offsets are code points of the stored text: char_start counts from 0.
SELECT
    c.year,
    c.pmid,
    a.title,
    p.rule_id,
    p.source,
    p.field,
    p.section_no,
    p.matched_text,
    p.char_start,
    p.char_end
FROM marts.study_type_articles AS c
INNER JOIN marts.articles AS a ON c.pmid = a.pmid
LEFT JOIN evidence.proofs AS p
    ON c.pmid = p.pmid AND c.study_type = p.code AND p.kind = 'study_type'
WHERE c.search = 'kratom' AND c.study_type = 'RCT' AND c.is_primary
ORDER BY c.year DESC NULLS LAST, c.pmid ASC, p.proof_no ASC;
