-- Retracted articles among the members, with the notice where PubMed links it.

CREATE OR REPLACE TABLE marts.retractions ( -- retracted articles, counted apart in every table
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the retracted article
    citation VARCHAR NOT NULL, -- its citation
    title VARCHAR, -- its title
    notice_pmid INTEGER, -- PMID of the retraction notice, when linked
    notice_source VARCHAR, -- the notice as PubMed cites it
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.retractions
SELECT
    h.search,
    a.pmid,
    a.citation,
    a.title,
    arg_min(l.linked_pmid, l.position),
    arg_min(l.ref_source, l.position)
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
LEFT JOIN core.article_links AS l
    ON a.pmid = l.pmid AND l.ref_type IN ('RetractionIn', 'RetractedandRepublishedIn')
WHERE h.left_at IS NULL AND a.is_retracted
GROUP BY h.search, a.pmid, a.citation, a.title
ORDER BY h.search, a.pmid;
