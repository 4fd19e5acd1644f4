-- What could not be read, and is therefore counted nowhere or by an older text.

CREATE OR REPLACE TABLE marts.unread_records ( -- records that could not be read; each count c of a search that lists u of them is c, at most c + u
    search VARCHAR, -- the search that lists the record; NULL: not known, since a record of a file was never matched
    pmid INTEGER, -- the record; NULL: its number could not be read either
    is_held BOOLEAN NOT NULL, -- an older text of it is held, shown and counted; else it is counted nowhere
    reason VARCHAR NOT NULL, -- why it could not be read
    raw_file VARCHAR, -- where its bytes are kept, under data/raw/<origin>/; NULL when none came
    raw_offset BIGINT, -- position in the uncompressed file
    seen_at TIMESTAMP -- UTC time of the run that got these bytes; NULL when none came
);

INSERT INTO marts.unread_records
WITH refused AS (
    SELECT *
    FROM ops.quarantine AS q
    WHERE q.read_at IS NULL
    QUALIFY
        q.pmid IS NULL OR row_number() OVER (
            PARTITION BY q.pmid ORDER BY q.seen_at DESC, q.raw_file DESC, q.raw_offset DESC
        ) = 1
)

SELECT
    u.search,
    u.pmid,
    u.is_held,
    u.reason,
    q.raw_file,
    q.raw_offset,
    q.seen_at
FROM ops.unread_records AS u
LEFT JOIN refused AS q ON u.pmid = q.pmid
UNION ALL
-- files have no answer that would list a record, so each that could not be read may be meant
SELECT
    NULL AS search,
    q.pmid,
    coalesce(q.pmid IN (SELECT a.pmid FROM core.articles AS a), FALSE) AS is_held,
    q.reason,
    q.raw_file,
    q.raw_offset,
    q.seen_at
FROM refused AS q
WHERE (
    SELECT r.mode FROM ops.runs AS r
    WHERE r.as_of = (SELECT p.as_of FROM run_parameters AS p)
) = 'files'
ORDER BY search, pmid, raw_file, raw_offset;
