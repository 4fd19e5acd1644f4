-- Which compounds were tested on pain, in which animals, by which tests?
--
-- 'not_stated' is a value: the record does not say, or its abstract is not held. A record with two
-- tests stands in two rows, so the rows do not add up.
SELECT
    p.substance,
    p.species,
    p.assay,
    count(DISTINCT x.pmid) AS record_count,
    string_agg(DISTINCT x.citation, '; ' ORDER BY x.citation) AS citations
FROM marts.preclinical_pain AS p
INNER JOIN marts.articles AS x ON list_contains(p.pmids, x.pmid)
WHERE p.search = 'kratom_pain'
GROUP BY p.substance, p.species, p.assay
ORDER BY p.substance, p.species, p.assay;
