-- Trials and human laboratory studies by the rules: one row a search. What a person has confirmed of
-- them, and the top sentence: marts.answer.

CREATE OR REPLACE TABLE marts.human_experimental_totals ( -- how many records report trials and human laboratory studies, and how many studies these are
    search VARCHAR PRIMARY KEY, -- the search
    topics VARCHAR[] NOT NULL, -- topics of the search
    record_count INTEGER, -- reports; in searches on kratom those with kratom in focus or outcome
    group_count INTEGER, -- registered or separately reported studies among them
    pain_group_count INTEGER, -- of these, studies that measured pain
    mention_record_count INTEGER, -- further reports, of studies that only mention kratom; with record_count they are the RCT and NRCT of marts.study_type_totals
    mention_group_count INTEGER, -- further studies that only mention kratom; 0 in searches on something else
    held_count INTEGER NOT NULL, -- record_count of what is held
    held_group_count INTEGER NOT NULL, -- group_count of what is held
    held_pain_group_count INTEGER NOT NULL, -- pain_group_count of what is held
    held_mention_record_count INTEGER NOT NULL, -- mention_record_count of what is held
    held_mention_group_count INTEGER NOT NULL, -- mention_group_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.human_experimental_totals
WITH held AS (
    SELECT
        v.search,
        coalesce(sum(h.report_count) FILTER (h.is_on_topic), 0) AS records,
        count(h.study_group) FILTER (h.is_on_topic) AS groups,
        count(h.study_group) FILTER (h.is_on_topic AND h.is_pain_measured) AS pain_groups,
        coalesce(sum(h.report_count) FILTER (NOT h.is_on_topic), 0) AS mention_records,
        count(h.study_group) FILTER (NOT h.is_on_topic) AS mention_groups
    FROM marts.coverage AS v
    LEFT JOIN marts.human_experimental AS h ON v.search = h.search AND h.report_count > 0
    GROUP BY v.search
)

SELECT
    h.search,
    s.topics,
    CASE WHEN v.is_known THEN h.records END,
    CASE WHEN v.is_known THEN h.groups END,
    CASE WHEN v.is_known THEN h.pain_groups END,
    CASE WHEN v.is_known THEN h.mention_records END,
    CASE WHEN v.is_known THEN h.mention_groups END,
    h.records,
    h.groups,
    h.pain_groups,
    h.mention_records,
    h.mention_groups,
    v.unread_count,
    v.coverage,
    p.as_of_date,
    p.set_id
FROM held AS h
INNER JOIN marts.coverage AS v ON h.search = v.search
INNER JOIN evidence.searches AS s ON h.search = s.search
CROSS JOIN run_parameters AS p
ORDER BY h.search;
