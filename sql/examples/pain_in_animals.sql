-- Which compounds were tested on pain, in which animals, by which tests?
--
-- Values stand in one row where one sentence of the record, or a sentence and its neighbour, names
-- them together; else is_tied is false and they stand side by side. 'not_stated' is a value: the
-- record does not say, or its abstract is not held. Rows do not add up to records.
SELECT
    p.substances,
    p.species,
    p.assays,
    p.is_tied,
    count(DISTINCT x.pmid) AS record_count,
    string_agg(DISTINCT x.citation, '; ' ORDER BY x.citation) AS citations
FROM marts.preclinical_pain AS p
INNER JOIN marts.articles AS x ON p.pmid = x.pmid
WHERE p.search = 'kratom_pain'
GROUP BY p.substances, p.species, p.assays, p.is_tied
ORDER BY p.substances, p.species, p.assays, p.is_tied;
