-- The numbers of the first sentence (pipeline/outputs/wording.py): one row a search.

CREATE OR REPLACE TABLE marts.human_experimental_totals ( -- how many records report experiments on people, and how many studies these are
    search VARCHAR PRIMARY KEY, -- the search
    topics VARCHAR[] NOT NULL, -- topics of the search
    record_count INTEGER NOT NULL, -- reports; in searches on kratom those with kratom in focus or outcome
    group_count INTEGER NOT NULL, -- registered or separately reported studies among them
    pain_group_count INTEGER NOT NULL, -- of these, studies that measured pain
    mention_record_count INTEGER NOT NULL, -- further reports, of studies that only mention kratom; with record_count they are the RCT and NRCT of marts.study_type_totals
    mention_group_count INTEGER NOT NULL, -- further studies that only mention kratom; 0 in searches on something else
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.human_experimental_totals
SELECT
    t.search,
    any_value(s.topics),
    coalesce(sum(h.report_count) FILTER (h.is_on_topic), 0),
    count(h.study_group) FILTER (h.is_on_topic),
    count(h.study_group) FILTER (h.is_on_topic AND h.is_pain_measured),
    coalesce(sum(h.report_count) FILTER (NOT h.is_on_topic), 0),
    count(h.study_group) FILTER (NOT h.is_on_topic),
    any_value(t.as_of_date),
    any_value(t.set_id)
FROM marts.search_totals AS t
INNER JOIN evidence.searches AS s ON t.search = s.search
LEFT JOIN marts.human_experimental AS h ON t.search = h.search AND h.report_count > 0
GROUP BY t.search
ORDER BY t.search;
