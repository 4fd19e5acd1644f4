-- What changed in held records, with their titles.

CREATE OR REPLACE TABLE marts.article_changes ( -- changes of held records, newest first
    pmid INTEGER NOT NULL, -- the record
    title VARCHAR, -- its title now
    changed_at TIMESTAMP NOT NULL, -- UTC time of the run that saw the change
    field VARCHAR NOT NULL, -- column of core.articles, child table of core, record, or study_type
    before VARCHAR, -- value before
    after VARCHAR, -- value after
    cause VARCHAR, -- for study_type: what changed (record, rules, a person's decision); else NULL
    is_since_last_set BOOLEAN NOT NULL, -- newer than the last published set
    PRIMARY KEY (pmid, changed_at, field)
);

INSERT INTO marts.article_changes
SELECT
    c.pmid,
    a.title,
    c.changed_at,
    c.field,
    c.before,
    c.after,
    c.cause,
    p.previous_published_at IS NULL OR c.changed_at > p.previous_published_at
FROM (
    SELECT
        pmid,
        changed_at,
        field,
        before,
        after,
        NULL AS cause
    FROM ops.article_changes
    UNION ALL
    SELECT
        pmid,
        changed_at,
        'study_type' AS field,
        before,
        after,
        cause
    FROM ops.study_type_changes
) AS c
CROSS JOIN run_parameters AS p
LEFT JOIN run_citations AS a ON c.pmid = a.pmid
ORDER BY c.changed_at DESC, c.pmid ASC, c.field ASC;
