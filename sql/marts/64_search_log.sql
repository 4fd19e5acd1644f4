-- Every search of every run, verbatim: what a PRISMA-S report needs.

CREATE OR REPLACE TABLE marts.search_log ( -- every search made, newest first
    searched_at TIMESTAMP NOT NULL, -- UTC time of the search
    search VARCHAR NOT NULL, -- the search
    label VARCHAR NOT NULL, -- its name for readers
    source VARCHAR NOT NULL, -- PubMed through E-utilities, an archive in its place, or files
    strategy VARCHAR NOT NULL, -- the query, verbatim
    query_translation VARCHAR, -- how PubMed read it
    translation_status VARCHAR, -- next to the run before: first, same, grown or accepted; NULL for archives and files
    warnings VARCHAR[] NOT NULL, -- what PubMed warned of
    hit_count INTEGER NOT NULL, -- records found
    is_complete BOOLEAN NOT NULL, -- whether the answer covers all of PubMed and each record it lists could be read
    unread_count INTEGER NOT NULL, -- records it lists whose text could not be read: marts.unread_records
    is_baseline BOOLEAN NOT NULL, -- first run or changed strategy
    PRIMARY KEY (searched_at, search)
);

INSERT INTO marts.search_log
SELECT
    s.searched_at,
    s.search,
    s.label,
    CASE r.mode
        WHEN 'live' THEN 'PubMed through NCBI E-utilities'
        WHEN 'offline' THEN 'a local archive served by ketum''s replay server'
        ELSE 'files'
    END,
    s.strategy,
    s.query_translation,
    s.translation_status,
    s.warnings,
    s.hit_count,
    s.is_complete,
    s.unread_count,
    s.is_baseline
FROM ops.searches AS s
INNER JOIN ops.runs AS r ON s.run_id = r.run_id
ORDER BY s.searched_at DESC, s.search ASC;
