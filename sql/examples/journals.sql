-- In which journals does kratom research appear, and of what kind is it?
SELECT
    coalesce(a.journal, 'no journal given') AS journal,
    count(*) AS record_count,
    min(a.year) AS first_year,
    max(a.year) AS last_year,
    count(*) FILTER (a.study_type IN (
            'RCT', 'NRCT', 'COHORT', 'CASECTRL', 'XSEC', 'SURV', 'SERIES', 'CASE', 'QUAL', 'INFODEM'
        )) AS human_count,
    mode(a.study_type_label) AS commonest_type
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
WHERE h.search = 'kratom' AND h.left_at IS NULL AND a.counted_as = 'record'
GROUP BY a.journal
ORDER BY record_count DESC, journal ASC
LIMIT 25;
