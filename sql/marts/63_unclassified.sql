-- Why records have no study type.

CREATE OR REPLACE TABLE marts.unclassified ( -- members without a study type, by reason
    search VARCHAR NOT NULL, -- the search
    reason VARCHAR NOT NULL, -- why no type could be given
    record_count INTEGER, -- members concerned
    held_count INTEGER NOT NULL, -- record_count of what is held, whatever the search covered
    unread_count INTEGER, -- listed records that could not be read: the count may be as much higher; NULL where partial
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    PRIMARY KEY (search, reason)
);

INSERT INTO marts.unclassified
SELECT
    h.search,
    a.unclassified_reason,
    CASE WHEN any_value(v.is_known) THEN count(*) END,
    count(*),
    any_value(v.unread_count),
    any_value(v.coverage)
FROM ops.search_hits AS h
INNER JOIN marts.coverage AS v ON h.search = v.search
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
WHERE h.left_at IS NULL AND a.study_type = 'OTHER'
GROUP BY h.search, a.unclassified_reason
ORDER BY h.search, a.unclassified_reason;
