-- Records by study type and year, per search: the rows below each group of the headline.
-- Zero, unknown and unread: sql/marts/05_coverage.sql.

CREATE OR REPLACE TABLE marts.study_types_by_year ( -- records by search, year and study type; never sum across searches
    search VARCHAR NOT NULL, -- the search
    year SMALLINT, -- publication year (issue, else electronic); NULL: undated, see year_reason
    study_type VARCHAR NOT NULL, -- study type (code)
    evidence_group VARCHAR NOT NULL, -- its group
    record_count INTEGER, -- records by primary type without retracted articles, notices and preprints; additive within a search
    any_label_count INTEGER, -- such records that carry the type at all, as primary type or beside it with more than low confidence; not additive
    preprint_count INTEGER, -- preprints of this primary type
    retracted_count INTEGER, -- retracted articles of this primary type
    notice_count INTEGER, -- errata, retraction notices and the like (study type NOTICE only)
    pain_count INTEGER, -- records counted in record_count that concern pain: named in title, major heading, results or conclusions
    checked_count INTEGER, -- records counted in record_count whose type a person decided
    held_count INTEGER NOT NULL, -- record_count of what is held, whatever the search covered
    held_any_label_count INTEGER NOT NULL, -- any_label_count of what is held
    held_preprint_count INTEGER NOT NULL, -- preprint_count of what is held
    held_retracted_count INTEGER NOT NULL, -- retracted_count of what is held
    held_notice_count INTEGER NOT NULL, -- notice_count of what is held
    held_pain_count INTEGER NOT NULL, -- pain_count of what is held
    held_checked_count INTEGER NOT NULL, -- checked_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    is_partial_year BOOLEAN NOT NULL, -- the year of the search: not over yet
    is_provisional_year BOOLEAN NOT NULL, -- the year before: indexing still adds to it
    is_future_year BOOLEAN NOT NULL, -- a later year: issues dated ahead
    year_reason VARCHAR, -- why year is NULL: not_stated, unreadable or implausible
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set this table belongs to
);

INSERT INTO marts.study_types_by_year
WITH spans AS (
    SELECT
        v.search,
        least(min(c.year), any_value(p.as_of_year)) AS first_year,
        greatest(max(c.year), any_value(p.as_of_year)) AS last_year
    FROM marts.coverage AS v
    CROSS JOIN run_parameters AS p
    LEFT JOIN marts.study_type_articles AS c ON v.search = c.search
    GROUP BY v.search
),

rows_wanted AS (
    SELECT
        search,
        unnest(range(first_year, last_year + 1))::SMALLINT AS year,
        NULL AS year_reason
    FROM spans
    UNION ALL
    SELECT DISTINCT
        c.search,
        NULL AS year,
        a.year_source AS year_reason
    FROM marts.study_type_articles AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    WHERE c.year IS NULL
),

counts AS (
    SELECT
        c.search,
        c.year,
        CASE WHEN c.year IS NULL THEN a.year_source END AS year_reason,
        c.study_type,
        count(*) FILTER (c.is_primary AND c.counted_as = 'record') AS record_count,
        count(*) FILTER (
            c.counted_as = 'record' AND (c.is_primary OR c.confidence <> 'low')
        ) AS any_label_count,
        count(*) FILTER (c.is_primary AND c.counted_as = 'preprint') AS preprint_count,
        count(*) FILTER (c.is_primary AND c.counted_as = 'retracted') AS retracted_count,
        count(*) FILTER (c.is_primary AND c.counted_as = 'notice') AS notice_count,
        count(*) FILTER (
            c.is_primary AND c.counted_as = 'record' AND a.pain_level IN ('focus', 'outcome')
        ) AS pain_count,
        count(*) FILTER (
            c.is_primary AND c.counted_as = 'record' AND a.is_checked
        ) AS checked_count
    FROM marts.study_type_articles AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    GROUP BY ALL
),

held AS (
    SELECT
        w.search,
        w.year,
        w.year_reason,
        t.study_type,
        t.evidence_group,
        t.display_order,
        coalesce(c.record_count, 0) AS record_count,
        coalesce(c.any_label_count, 0) AS any_label_count,
        coalesce(c.preprint_count, 0) AS preprint_count,
        coalesce(c.retracted_count, 0) AS retracted_count,
        coalesce(c.notice_count, 0) AS notice_count,
        coalesce(c.pain_count, 0) AS pain_count,
        coalesce(c.checked_count, 0) AS checked_count
    FROM rows_wanted AS w
    CROSS JOIN evidence.study_types AS t
    LEFT JOIN counts AS c
        ON
            w.search = c.search
            AND w.year IS NOT DISTINCT FROM c.year
            AND w.year_reason IS NOT DISTINCT FROM c.year_reason
            AND t.study_type = c.study_type
)

SELECT
    h.search,
    h.year,
    h.study_type,
    h.evidence_group,
    CASE WHEN v.is_known THEN h.record_count END,
    CASE WHEN v.is_known THEN h.any_label_count END,
    CASE WHEN v.is_known THEN h.preprint_count END,
    CASE WHEN v.is_known THEN h.retracted_count END,
    CASE WHEN v.is_known THEN h.notice_count END,
    CASE WHEN v.is_known THEN h.pain_count END,
    CASE WHEN v.is_known THEN h.checked_count END,
    h.record_count,
    h.any_label_count,
    h.preprint_count,
    h.retracted_count,
    h.notice_count,
    h.pain_count,
    h.checked_count,
    v.unread_count,
    coalesce(h.year = p.as_of_year, FALSE) AS is_partial_year,
    coalesce(h.year = p.as_of_year - 1, FALSE) AS is_provisional_year,
    coalesce(h.year > p.as_of_year, FALSE) AS is_future_year,
    h.year_reason,
    v.coverage,
    p.as_of_date,
    p.set_id
FROM held AS h
INNER JOIN marts.coverage AS v ON h.search = v.search
CROSS JOIN run_parameters AS p
ORDER BY h.search, h.year NULLS LAST, h.year_reason, h.display_order;
