-- severity: warning
-- Records whose printed year cannot be right are counted as undated.
SELECT
    pmid,
    citation
FROM marts.articles
WHERE year_source = 'implausible'
