-- What part of PubMed, or of its pain records, the members of a search are, by entry year.
-- Numerator and denominator count alike: records of every kind, by the same date tag, up to the
-- day of the counting. Only true parts stand here: a search against all of PubMed, and against a
-- topic that its own query contains. A year that files hold to its end is counted from them, any
-- other from whichever of files and PubMed was counted last.

CREATE OR REPLACE TABLE marts.topic_share_by_year ( -- members of a search per 100,000 records of PubMed by entry year; empty until PubMed's records were counted
    search VARCHAR NOT NULL, -- the search
    year SMALLINT NOT NULL, -- year by date_tag, from the first member's to that of the counting
    date_tag VARCHAR NOT NULL, -- edat: NLM's Entry Date, for both counts; not the year the other tables use
    member_count INTEGER, -- all members entered in the year up to the day of the counting: unlike record_count with retracted ones, preprints and notices, as PubMed counts them
    held_member_count INTEGER NOT NULL, -- member_count of what is held, whatever the search covered
    unread_count INTEGER, -- listed records that could not be read: member_count may be as much higher; NULL where partial
    denominator VARCHAR NOT NULL, -- pubmed (all records) or pain (what the topic pain finds)
    denominator_source VARCHAR NOT NULL, -- files (NLM's files, counted by `ketum bulk-load --counts`) or pubmed (PubMed's own count, asked for once a month)
    denominator_count INTEGER, -- records counted for the year; NULL: not asked for
    records_per_100k DOUBLE, -- members per 100,000 of them; NULL, never 0, without a denominator
    is_partial_year BOOLEAN NOT NULL, -- the year of the counting: not over then, in both counts
    counted_at TIMESTAMP NOT NULL, -- UTC time up to which both are counted: when PubMed was asked, or the latest Entry Date in the files
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    PRIMARY KEY (search, denominator, year)
);

INSERT INTO marts.topic_share_by_year
WITH counts AS (
    SELECT
        'pubmed' AS source,
        d.denominator,
        d.date_tag,
        d.year,
        d.record_count,
        d.counted_at,
        d.strategy
    FROM ops.denominators AS d
    WHERE d.counted_at = (
        SELECT max(l.counted_at) FROM ops.denominators AS l WHERE l.denominator = d.denominator
    )
    UNION ALL
    SELECT
        'files' AS source,
        f.name,
        f.date_tag,
        f.year,
        f.record_count,
        f.counted_to::TIMESTAMP,
        f.strategy
    FROM ops.file_counts AS f
    WHERE f.is_whole AND f.is_denominator AND f.date_tag = 'edat'
        AND f.counted_at = (SELECT max(l.counted_at) FROM ops.file_counts AS l WHERE l.is_whole)
),

parts AS (
    SELECT DISTINCT
        s.search,
        v.is_known,
        v.coverage,
        v.unread_count,
        c.source,
        c.denominator,
        c.date_tag,
        c.counted_at,
        p.as_of_date
    FROM ops.searches AS s
    INNER JOIN run_parameters AS p ON s.searched_at = p.as_of
    INNER JOIN marts.coverage AS v ON s.search = v.search
    INNER JOIN counts AS c ON c.denominator = 'pubmed' OR contains(s.strategy, c.strategy)
),

members AS (
    SELECT
        x.search,
        x.denominator,
        x.source,
        y.edat_year AS year,
        count(*) AS member_count
    FROM parts AS x
    INNER JOIN ops.search_hits AS h ON x.search = h.search AND h.left_at IS NULL
    INNER JOIN core.article_years AS y
        ON h.pmid = y.pmid AND y.edat_at::DATE <= x.counted_at::DATE
    GROUP BY ALL
),

grid AS (
    SELECT
        x.*,
        unnest(
            generate_series(
                (
                    SELECT min(m.year) FROM members AS m
                    WHERE m.search = x.search AND m.denominator = x.denominator
                ),
                year(x.counted_at)
            )
        )::SMALLINT AS year
    FROM parts AS x
),

chosen AS (
    SELECT * FROM grid AS g
    QUALIFY row_number() OVER (
        PARTITION BY g.search, g.denominator, g.year
        ORDER BY g.source = 'files' AND g.year < year(g.counted_at) DESC, g.counted_at DESC
    ) = 1
)

SELECT
    g.search,
    g.year,
    g.date_tag,
    CASE WHEN g.is_known THEN coalesce(m.member_count, 0) END,
    coalesce(m.member_count, 0),
    g.unread_count,
    g.denominator,
    g.source,
    CASE g.source WHEN 'files' THEN coalesce(c.record_count, 0) ELSE c.record_count END,
    CASE
        WHEN g.is_known THEN 100000.0 * coalesce(m.member_count, 0) / nullif(c.record_count, 0)
    END,
    g.year = year(g.counted_at),
    g.counted_at,
    g.coverage,
    g.as_of_date
FROM chosen AS g
LEFT JOIN members AS m
    ON g.search = m.search AND g.denominator = m.denominator AND g.source = m.source
    AND g.year = m.year
LEFT JOIN counts AS c
    ON g.denominator = c.denominator AND g.source = c.source AND g.year = c.year
ORDER BY g.search, g.denominator, g.year;
