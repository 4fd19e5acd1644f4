-- Where PubMed's answer and the local predicate disagree about a held record.

CREATE OR REPLACE TABLE marts.search_differences ( -- records PubMed returned without a local explanation, and the other way round
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    matched_by VARCHAR NOT NULL, -- pubmed or local
    title VARCHAR, -- its title
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.search_differences
SELECT
    d.search,
    d.pmid,
    d.matched_by,
    a.title
FROM ops.search_differences AS d
LEFT JOIN run_citations AS a ON d.pmid = a.pmid
ORDER BY d.search, d.pmid;
