-- One row per search: how many records, of what kind, as of when.

CREATE OR REPLACE TABLE marts.search_totals ( -- one row per search in scope; never sum across searches
    search VARCHAR PRIMARY KEY, -- the search
    label VARCHAR NOT NULL, -- its name for readers
    member_count INTEGER NOT NULL, -- records that match now
    record_count INTEGER NOT NULL, -- of these, counted in the tables' record_count
    retracted_count INTEGER NOT NULL, -- retracted articles
    preprint_count INTEGER NOT NULL, -- preprints
    notice_count INTEGER NOT NULL, -- notices
    unclassified_count INTEGER NOT NULL, -- members whose primary type is OTHER
    undated_count INTEGER NOT NULL, -- members without a readable year
    pubmed_only_count INTEGER NOT NULL, -- members that the local predicate cannot explain
    local_only_count INTEGER NOT NULL, -- held records the predicate matches and PubMed did not return: no members
    first_year SMALLINT, -- first year of a member
    last_year SMALLINT, -- last year of a member
    coverage VARCHAR NOT NULL, -- complete or partial
    as_of_date DATE NOT NULL, -- UTC date of the search
    statement VARCHAR NOT NULL, -- what a zero means here, and that PubMed alone was searched
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.search_totals
SELECT
    s.search,
    s.label,
    count(a.pmid),
    count(a.pmid) FILTER (a.counted_as = 'record'),
    count(a.pmid) FILTER (a.counted_as = 'retracted'),
    count(a.pmid) FILTER (a.counted_as = 'preprint'),
    count(a.pmid) FILTER (a.counted_as = 'notice'),
    count(a.pmid) FILTER (a.study_type = 'OTHER'),
    count(a.pmid) FILTER (a.year IS NULL),
    (
        SELECT count(*) FROM ops.search_differences AS d
        WHERE d.search = s.search AND d.matched_by = 'pubmed'
    ),
    (
        SELECT count(*) FROM ops.search_differences AS d
        WHERE d.search = s.search AND d.matched_by = 'local'
    ),
    min(a.year),
    max(a.year),
    CASE WHEN s.is_complete THEN 'complete' ELSE 'partial' END,
    p.as_of_date,
    p.statement,
    p.set_id
FROM ops.searches AS s
CROSS JOIN run_parameters AS p
LEFT JOIN ops.search_hits AS h ON s.search = h.search AND h.left_at IS NULL
LEFT JOIN marts.articles AS a ON h.pmid = a.pmid
WHERE s.searched_at = p.as_of
GROUP BY ALL
ORDER BY s.search;
