-- What changed in held records, with their titles.

CREATE OR REPLACE TABLE marts.article_changes ( -- changes of held records, newest first
    pmid INTEGER NOT NULL, -- the record
    title VARCHAR, -- its title now
    changed_at TIMESTAMP NOT NULL, -- UTC time of the run that saw the change
    field VARCHAR NOT NULL, -- column of core.articles, child table of core, or record
    before VARCHAR, -- value before
    after VARCHAR, -- value after
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
    p.previous_published_at IS NULL OR c.changed_at > p.previous_published_at
FROM ops.article_changes AS c
CROSS JOIN run_parameters AS p
LEFT JOIN core.articles AS a ON c.pmid = a.pmid
ORDER BY c.changed_at DESC, c.pmid ASC, c.field ASC;
