-- What is known of each search: the one convention of zero, unknown and unread. In every mart
-- X_count is held_X_count where the search is known, else NULL; held_count belongs to record_count.

CREATE OR REPLACE TABLE marts.coverage ( -- what a number or an empty cell means, search by search
    search VARCHAR PRIMARY KEY, -- the search
    coverage VARCHAR NOT NULL, -- complete: counts are PubMed's, zeros too; complete_list: so are they, but unread_count listed records could not be read, and a count c may be as high as c + unread_count; partial: no complete search was made, counts are NULL and only held_ counts are numbers
    is_known BOOLEAN NOT NULL, -- complete or complete_list
    unread_count INTEGER -- records that the search lists and that could not be read; NULL where partial
);

INSERT INTO marts.coverage
SELECT
    s.search,
    CASE
        WHEN s.is_complete THEN 'complete' WHEN w.is_listed THEN 'complete_list' ELSE 'partial'
    END,
    s.is_complete OR w.is_listed,
    CASE WHEN s.is_complete OR w.is_listed THEN s.unread_count END
FROM ops.searches AS s
INNER JOIN run_parameters AS p ON s.searched_at = p.as_of
INNER JOIN ops.runs AS r ON s.run_id = r.run_id
CROSS JOIN LATERAL (
    SELECT s.mode = 'live' AND r.mode = 'live' AND s.unread_count > 0 AS is_listed
) AS w
ORDER BY s.search;
