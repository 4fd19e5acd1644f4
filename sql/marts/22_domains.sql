-- Groups as a set: a paper with receptors and rats is work on cells and on animals, and counts in both.
-- Rows of a record follow from it alone: they are made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.domains ( -- study types of every record as a set, the primary one and all others
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    primary_type VARCHAR NOT NULL, -- the type it counts under in tables by primary type
    study_types VARCHAR[] NOT NULL, -- all types it carries, in display order
    evidence_groups VARCHAR[] NOT NULL, -- groups it counts in, the same as in the claim tables: of all its types for a primary study, of its primary type for a summary and the like
    left_out_types VARCHAR[] NOT NULL, -- types it carries that tables by primary type leave out
    year SMALLINT, -- the year it counts in
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.domains
WITH groups AS (
    SELECT
        g.pmid,
        list(g.evidence_group ORDER BY g.group_order) AS evidence_groups
    FROM run_groups AS g
    WHERE g.pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY g.pmid
)

SELECT
    l.search,
    l.pmid,
    any_value(l.study_type) FILTER (l.is_primary),
    list(l.study_type ORDER BY t.display_order),
    any_value(g.evidence_groups),
    coalesce(list(l.study_type ORDER BY t.display_order) FILTER (NOT l.is_primary), []),
    any_value(l.year),
    any_value(l.counted_as)
FROM marts.study_type_articles AS l
INNER JOIN evidence.study_types AS t ON l.study_type = t.study_type
INNER JOIN groups AS g ON l.pmid = g.pmid
GROUP BY l.search, l.pmid
ORDER BY l.search, l.pmid;
