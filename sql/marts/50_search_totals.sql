-- One row per search: how many records, of what kind, as of when.

CREATE OR REPLACE TABLE marts.search_totals ( -- one row per search in scope; never sum across searches
    search VARCHAR PRIMARY KEY, -- the search
    label VARCHAR NOT NULL, -- its name for readers
    member_count INTEGER, -- records that match now
    record_count INTEGER, -- of these, counted in the tables' record_count
    retracted_count INTEGER, -- retracted articles
    preprint_count INTEGER, -- preprints
    notice_count INTEGER, -- notices
    pain_count INTEGER, -- records counted in record_count that concern pain: named in title, major heading, results or conclusions
    unclassified_count INTEGER, -- members whose primary type is OTHER
    undated_count INTEGER, -- members without a readable year
    held_member_count INTEGER NOT NULL, -- member_count of what is held, whatever the search covered
    held_count INTEGER NOT NULL, -- record_count of what is held
    held_retracted_count INTEGER NOT NULL, -- retracted_count of what is held
    held_preprint_count INTEGER NOT NULL, -- preprint_count of what is held
    held_notice_count INTEGER NOT NULL, -- notice_count of what is held
    held_pain_count INTEGER NOT NULL, -- pain_count of what is held
    held_unclassified_count INTEGER NOT NULL, -- unclassified_count of what is held
    held_undated_count INTEGER NOT NULL, -- undated_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    held_pubmed_only_count INTEGER NOT NULL, -- held members that the local predicate cannot explain
    held_local_only_count INTEGER NOT NULL, -- held records the predicate matches and PubMed did not return: no members
    first_year SMALLINT, -- first year of a member
    last_year SMALLINT, -- last year of a member
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    statement VARCHAR NOT NULL, -- what a zero means here, and that PubMed alone was searched
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.search_totals
WITH held AS (
    SELECT
        v.search,
        count(a.pmid) AS members,
        count(a.pmid) FILTER (a.counted_as = 'record') AS records,
        count(a.pmid) FILTER (a.counted_as = 'retracted') AS retracted,
        count(a.pmid) FILTER (a.counted_as = 'preprint') AS preprints,
        count(a.pmid) FILTER (a.counted_as = 'notice') AS notices,
        count(a.pmid) FILTER (
            a.counted_as = 'record' AND a.pain_level IN ('focus', 'outcome')
        ) AS pain,
        count(a.pmid) FILTER (a.study_type = 'OTHER') AS unclassified,
        count(a.pmid) FILTER (a.year IS NULL) AS undated,
        min(a.year) AS first_year,
        max(a.year) AS last_year
    FROM marts.coverage AS v
    LEFT JOIN ops.search_hits AS h ON v.search = h.search AND h.left_at IS NULL
    LEFT JOIN marts.articles AS a ON h.pmid = a.pmid
    GROUP BY v.search
)

SELECT
    s.search,
    s.label,
    CASE WHEN v.is_known THEN h.members END,
    CASE WHEN v.is_known THEN h.records END,
    CASE WHEN v.is_known THEN h.retracted END,
    CASE WHEN v.is_known THEN h.preprints END,
    CASE WHEN v.is_known THEN h.notices END,
    CASE WHEN v.is_known THEN h.pain END,
    CASE WHEN v.is_known THEN h.unclassified END,
    CASE WHEN v.is_known THEN h.undated END,
    h.members,
    h.records,
    h.retracted,
    h.preprints,
    h.notices,
    h.pain,
    h.unclassified,
    h.undated,
    v.unread_count,
    (
        SELECT count(*) FROM ops.search_differences AS d
        WHERE d.search = s.search AND d.matched_by = 'pubmed'
    ),
    (
        SELECT count(*) FROM ops.search_differences AS d
        WHERE d.search = s.search AND d.matched_by = 'local'
    ),
    h.first_year,
    h.last_year,
    v.coverage,
    p.as_of_date,
    p.statement,
    p.set_id
FROM marts.coverage AS v
INNER JOIN held AS h ON v.search = h.search
CROSS JOIN run_parameters AS p
INNER JOIN ops.searches AS s ON v.search = s.search AND p.as_of = s.searched_at
ORDER BY s.search;
