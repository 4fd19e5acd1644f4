-- The headline: records by evidence group and year, per search. The study types below each group
-- are in marts.study_types_by_year, the records in marts.study_type_articles.

CREATE OR REPLACE TABLE marts.headline_by_year ( -- records by search, year and evidence group; never sum across searches
    search VARCHAR NOT NULL, -- the search
    year SMALLINT, -- publication year (issue, else electronic); NULL: undated, see year_reason
    evidence_group VARCHAR NOT NULL, -- group of primary study types
    group_order SMALLINT NOT NULL, -- position of the group; no rank
    record_count INTEGER, -- records without retracted articles, notices and preprints; additive within a search
    preprint_count INTEGER, -- preprints of these primary types
    retracted_count INTEGER, -- retracted articles of these primary types
    notice_count INTEGER, -- errata, retraction notices and the like
    pain_count INTEGER, -- records counted in record_count that concern pain: named in title, major heading, results or conclusions
    checked_count INTEGER, -- records counted in record_count whose type a person decided
    held_count INTEGER NOT NULL, -- record_count of what is held, whatever the search covered
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

INSERT INTO marts.headline_by_year
SELECT
    y.search,
    y.year,
    y.evidence_group,
    g.group_order,
    sum(y.record_count),
    sum(y.preprint_count),
    sum(y.retracted_count),
    sum(y.notice_count),
    sum(y.pain_count),
    sum(y.checked_count),
    sum(y.held_count),
    sum(y.held_preprint_count),
    sum(y.held_retracted_count),
    sum(y.held_notice_count),
    sum(y.held_pain_count),
    sum(y.held_checked_count),
    any_value(y.unread_count),
    any_value(y.is_partial_year),
    any_value(y.is_provisional_year),
    any_value(y.is_future_year),
    y.year_reason,
    any_value(y.coverage),
    any_value(y.as_of_date),
    any_value(y.set_id)
FROM marts.study_types_by_year AS y
INNER JOIN evidence.evidence_groups AS g ON y.evidence_group = g.evidence_group
GROUP BY y.search, y.year, y.year_reason, y.evidence_group, g.group_order
ORDER BY y.search, y.year NULLS LAST, y.year_reason, g.group_order;
