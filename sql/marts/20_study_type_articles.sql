-- Behind every cell: which record carries which study type in which search.

CREATE OR REPLACE TABLE marts.study_type_articles ( -- the records behind each cell of the study type tables
    search VARCHAR NOT NULL, -- the search
    study_type VARCHAR NOT NULL, -- a study type the record carries
    pmid INTEGER NOT NULL, -- the record
    is_primary BOOLEAN NOT NULL, -- whether this is its one primary type
    confidence VARCHAR NOT NULL, -- how sure the label is: high, medium or low (evidence.confidence_measured)
    year SMALLINT, -- the year it counts in; NULL when it has none
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    PRIMARY KEY (search, study_type, pmid)
);

INSERT INTO marts.study_type_articles
SELECT
    h.search,
    s.study_type,
    a.pmid,
    s.is_primary,
    s.confidence,
    a.year,
    a.counted_as
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
INNER JOIN evidence.article_study_types AS s ON a.pmid = s.pmid
WHERE h.left_at IS NULL
ORDER BY h.search, s.study_type, a.pmid;
