-- Which records look at whether kratom reduces pain, how, and by which words do we know?
--
-- Put another claim of sql/examples/claim_map.sql in the place of 'analgesia'. quote: what a person
-- read in the record, if one did. finding: what its authors state, by the words of finding_words. The conclusion is its authors', word for word and not judged.
SELECT
    c.finding,
    c.how,
    c.study_type,
    c.citation,
    r.direction,
    r.quote,
    c.conclusion,
    array_to_string(c.matched_words, ', ') AS matched_words,
    array_to_string(c.finding_words, '; ') AS finding_words,
    c.title
FROM marts.claim_articles AS c
LEFT JOIN marts.claim_readings AS r ON c.claim = r.claim AND c.pmid = r.pmid
WHERE c.search = 'kratom' AND c.claim = 'analgesia' AND c.counted_as = 'record'
ORDER BY c.how NOT IN ('measured', 'observed'), c.how ASC, c.year DESC NULLS LAST, c.pmid DESC;
