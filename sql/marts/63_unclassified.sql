-- Why records have no study type.

CREATE OR REPLACE TABLE marts.unclassified ( -- members without a study type, by reason
    search VARCHAR NOT NULL, -- the search
    reason VARCHAR NOT NULL, -- why no type could be given
    record_count INTEGER NOT NULL, -- members concerned
    PRIMARY KEY (search, reason)
);

INSERT INTO marts.unclassified
SELECT
    h.search,
    a.unclassified_reason,
    count(*)
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
WHERE h.left_at IS NULL AND a.study_type = 'OTHER'
GROUP BY h.search, a.unclassified_reason
ORDER BY h.search, a.unclassified_reason;
