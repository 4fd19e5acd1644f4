-- severity: warning
-- PubMed returned records that the local predicate cannot explain.
SELECT
    search,
    pmid
FROM ops.search_differences
WHERE matched_by = 'pubmed'
