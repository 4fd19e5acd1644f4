-- What the members of a search cite and the search does not find: a way to see what it misses.
-- Only references that PubMed gives with a PMID count, so that each row says how many members
-- have such references at all.

CREATE OR REPLACE TABLE marts.cited_not_held ( -- records cited by at least two members of a search and not found by it, most cited first
    search VARCHAR NOT NULL, -- the search
    cited_pmid INTEGER NOT NULL, -- PMID of the cited record, as the references give it
    citation VARCHAR, -- the reference as PubMed gives it, in the newest member that gives one
    held_citing_count INTEGER NOT NULL, -- held members that cite it
    example_citing_pmids INTEGER[] NOT NULL, -- up to five of them, newest PMIDs first
    is_held BOOLEAN NOT NULL, -- we hold the record all the same: another search finds it, or this one once did
    held_with_references_count INTEGER NOT NULL, -- held members of the search with at least one PMID among their references
    held_member_count INTEGER NOT NULL, -- held members of the search
    reference_share DOUBLE NOT NULL, -- the former as a part of the latter, 0 to 1: what the rest cite is not known
    PRIMARY KEY (search, cited_pmid)
);

INSERT INTO marts.cited_not_held
WITH members AS (
    SELECT
        h.search,
        h.pmid
    FROM ops.search_hits AS h
    WHERE h.left_at IS NULL
),

cited AS (
    SELECT
        m.search,
        m.pmid,
        r.cited_pmid,
        min(r.citation) AS citation -- a member may list a record twice
    FROM members AS m
    INNER JOIN core.cited_references AS r ON m.pmid = r.pmid
    WHERE r.cited_pmid IS NOT NULL
    GROUP BY m.search, m.pmid, r.cited_pmid
),

reach AS (
    SELECT
        m.search,
        count(*) FILTER (
            (m.search, m.pmid) IN (SELECT (c.search, c.pmid) FROM cited AS c)
        ) AS held_with_references_count,
        count(*) AS held_member_count
    FROM members AS m
    GROUP BY m.search
)

SELECT
    c.search,
    c.cited_pmid,
    arg_max(c.citation, c.pmid),
    count(*) AS held_citing_count,
    list(c.pmid ORDER BY c.pmid DESC)[1:5],
    c.cited_pmid IN (SELECT a.pmid FROM core.articles AS a),
    any_value(r.held_with_references_count),
    any_value(r.held_member_count),
    any_value(r.held_with_references_count / r.held_member_count)
FROM cited AS c
INNER JOIN reach AS r ON c.search = r.search
ANTI JOIN members AS m ON c.search = m.search AND c.cited_pmid = m.pmid
GROUP BY c.search, c.cited_pmid
HAVING count(*) >= 2
ORDER BY c.search ASC, held_citing_count DESC, c.cited_pmid ASC;
