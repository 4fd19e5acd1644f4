-- The headline: records by study type and year, per search. Zero stands only where a
-- complete search covers the year; otherwise an empty cell is NULL: not known.

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
    checked_count INTEGER, -- records counted in record_count whose type a person decided
    is_partial_year BOOLEAN NOT NULL, -- the year of the search: not over yet
    is_provisional_year BOOLEAN NOT NULL, -- the year before: indexing still adds to it
    is_future_year BOOLEAN NOT NULL, -- a later year: issues dated ahead
    year_reason VARCHAR, -- why year is NULL: not_stated, unreadable or implausible
    coverage VARCHAR NOT NULL, -- complete: a zero means none; partial: an empty cell is not known
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set this table belongs to
);

INSERT INTO marts.study_types_by_year
WITH searches AS (
    SELECT
        s.search,
        s.is_complete,
        CASE WHEN s.is_complete THEN 0 END AS empty_cell -- a complete search knows its zeros
    FROM ops.searches AS s
    WHERE s.searched_at = (SELECT p.as_of FROM run_parameters AS p)
),

spans AS (
    SELECT
        s.search,
        s.is_complete,
        s.empty_cell,
        least(min(c.year), any_value(p.as_of_year)) AS first_year,
        greatest(max(c.year), any_value(p.as_of_year)) AS last_year
    FROM searches AS s
    CROSS JOIN run_parameters AS p
    LEFT JOIN marts.study_type_articles AS c ON s.search = c.search
    GROUP BY s.search, s.is_complete, s.empty_cell
),

rows_wanted AS (
    SELECT
        search,
        is_complete,
        empty_cell,
        unnest(range(first_year, last_year + 1))::SMALLINT AS year,
        NULL AS year_reason
    FROM spans
    UNION ALL
    SELECT DISTINCT
        s.search,
        s.is_complete,
        s.empty_cell,
        NULL AS year,
        a.year_source AS year_reason
    FROM searches AS s
    INNER JOIN marts.study_type_articles AS c ON s.search = c.search
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
            c.is_primary AND c.counted_as = 'record' AND a.is_checked
        ) AS checked_count
    FROM marts.study_type_articles AS c
    INNER JOIN marts.articles AS a ON c.pmid = a.pmid
    GROUP BY ALL
)

SELECT
    w.search,
    w.year,
    t.study_type,
    t.evidence_group,
    coalesce(nullif(c.record_count, 0), w.empty_cell) AS record_count,
    coalesce(nullif(c.any_label_count, 0), w.empty_cell) AS any_label_count,
    coalesce(nullif(c.preprint_count, 0), w.empty_cell) AS preprint_count,
    coalesce(nullif(c.retracted_count, 0), w.empty_cell) AS retracted_count,
    coalesce(nullif(c.notice_count, 0), w.empty_cell) AS notice_count,
    coalesce(nullif(c.checked_count, 0), w.empty_cell) AS checked_count,
    coalesce(w.year = p.as_of_year, FALSE) AS is_partial_year,
    coalesce(w.year = p.as_of_year - 1, FALSE) AS is_provisional_year,
    coalesce(w.year > p.as_of_year, FALSE) AS is_future_year,
    w.year_reason,
    CASE WHEN w.is_complete THEN 'complete' ELSE 'partial' END AS coverage,
    p.as_of_date,
    p.set_id
FROM rows_wanted AS w
CROSS JOIN evidence.study_types AS t
CROSS JOIN run_parameters AS p
LEFT JOIN counts AS c
    ON
        w.search = c.search
        AND w.year IS NOT DISTINCT FROM c.year
        AND w.year_reason IS NOT DISTINCT FROM c.year_reason
        AND t.study_type = c.study_type
ORDER BY w.search, w.year NULLS LAST, w.year_reason, t.display_order;
