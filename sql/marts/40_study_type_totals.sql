-- The same counts over all years, per search and study type.

CREATE OR REPLACE TABLE marts.study_type_totals ( -- records by search and study type over all years
    search VARCHAR NOT NULL, -- the search
    study_type VARCHAR NOT NULL, -- study type (code)
    label VARCHAR NOT NULL, -- its name for readers
    evidence_group VARCHAR NOT NULL, -- its group
    display_order SMALLINT NOT NULL, -- the one neutral order of all outputs; no rank of evidence
    record_count INTEGER, -- records by primary type without retracted articles, notices and preprints
    any_label_count INTEGER, -- such records that carry the type at all, as primary type or beside it with more than low confidence; not additive
    preprint_count INTEGER, -- preprints of this primary type
    retracted_count INTEGER, -- retracted articles of this primary type
    notice_count INTEGER, -- notices (study type NOTICE only)
    pain_count INTEGER, -- records counted in record_count that concern pain: named in title, major heading, results or conclusions
    checked_count INTEGER, -- records whose type a person decided
    held_count INTEGER NOT NULL, -- record_count of what is held, whatever the search covered
    held_any_label_count INTEGER NOT NULL, -- any_label_count of what is held
    held_preprint_count INTEGER NOT NULL, -- preprint_count of what is held
    held_retracted_count INTEGER NOT NULL, -- retracted_count of what is held
    held_notice_count INTEGER NOT NULL, -- notice_count of what is held
    held_pain_count INTEGER NOT NULL, -- pain_count of what is held
    held_checked_count INTEGER NOT NULL, -- checked_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, study_type)
);

INSERT INTO marts.study_type_totals
SELECT
    y.search,
    y.study_type,
    any_value(t.label),
    any_value(t.evidence_group),
    any_value(t.display_order),
    sum(y.record_count),
    sum(y.any_label_count),
    sum(y.preprint_count),
    sum(y.retracted_count),
    sum(y.notice_count),
    sum(y.pain_count),
    sum(y.checked_count),
    sum(y.held_count),
    sum(y.held_any_label_count),
    sum(y.held_preprint_count),
    sum(y.held_retracted_count),
    sum(y.held_notice_count),
    sum(y.held_pain_count),
    sum(y.held_checked_count),
    any_value(y.unread_count),
    min(y.year) FILTER (y.held_count > 0),
    max(y.year) FILTER (y.held_count > 0),
    any_value(y.coverage),
    any_value(y.as_of_date),
    any_value(y.set_id)
FROM marts.study_types_by_year AS y
INNER JOIN evidence.study_types AS t ON y.study_type = t.study_type
GROUP BY y.search, y.study_type
ORDER BY y.search, any_value(t.display_order);
