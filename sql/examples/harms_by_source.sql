-- Which harms do kratom records report on, and where do their data come from?
--
-- A record that reports on two harms stands in both rows; reports of one source may count the same
-- cases (marts.surveillance_reports). source: of routine data, or the study type of all others.
SELECT
    h.value_label AS harm,
    coalesce(s.value_label, a.study_type_label) AS source,
    count(*) AS record_count,
    min(a.year) AS first_year,
    max(a.year) AS last_year,
    array_to_string(list_sort(list_distinct(flatten(list(h.words)))), ', ') AS words
FROM marts.article_facets AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
INNER JOIN ops.search_hits AS m
    ON h.pmid = m.pmid AND m.search = 'kratom' AND m.left_at IS NULL
LEFT JOIN marts.article_facets AS s
    ON h.pmid = s.pmid AND s.facet = 'surveillance_source' AND s.value <> 'not_stated'
WHERE h.facet = 'harm' AND h.value <> 'not_stated' AND a.counted_as = 'record'
GROUP BY h.value_label, coalesce(s.value_label, a.study_type_label)
ORDER BY record_count DESC, harm ASC, source ASC;
