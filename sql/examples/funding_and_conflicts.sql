-- What does PubMed say about funding and conflicts of interest of human studies on kratom?
--
-- NULL means not stated in PubMed, which is not the same as none.
SELECT
    a.year,
    a.study_type_label,
    a.citation,
    string_agg(DISTINCT g.agency, '; ' ORDER BY g.agency) AS funding,
    c.coi_statement
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
INNER JOIN core.articles AS c ON a.pmid = c.pmid
LEFT JOIN core.grants AS g ON a.pmid = g.pmid
WHERE
    h.search = 'kratom'
    AND h.left_at IS NULL
    AND a.study_type IN (
        'RCT', 'NRCT', 'COHORT', 'CASECTRL', 'XSEC', 'SURV', 'SERIES', 'CASE', 'QUAL', 'INFODEM'
    )
GROUP BY a.pmid, a.year, a.study_type_label, a.citation, c.coi_statement
ORDER BY a.year DESC NULLS LAST, a.pmid DESC;
