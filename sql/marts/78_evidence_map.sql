-- What kinds of studies there are, on whom, and how they compare: position describes design and
-- ranks nothing. The records behind each number: marts.evidence_map_articles.

CREATE OR REPLACE TABLE marts.evidence_map ( -- studies by who or what was studied and how was compared, one row a cell of each search, empty ones too; never sum across searches
    search VARCHAR NOT NULL, -- the search
    part VARCHAR NOT NULL, -- studies; reviews (apart, records); elsewhere (records that are not such a study: chemistry, plants, analysis, computation, comments, protocols, unclassified)
    map_row VARCHAR NOT NULL, -- patients_with_pain, volunteers_and_users, animals, cells_and_receptors; stated places: other_patients (patients, and not for pain), people_not_readable; of reviews systematic_reviews or narrative_reviews; other_kinds
    row_label VARCHAR NOT NULL, -- its name for readers
    row_order SMALLINT NOT NULL, -- position of the row; neutral, not a rank
    map_column VARCHAR NOT NULL, -- randomised, own_control, users_against_non_users, no_comparison; stated places: other_comparison (another substance or group, and chance is not mentioned), design_not_readable; all outside the studies
    column_label VARCHAR NOT NULL, -- its name for readers
    column_order SMALLINT NOT NULL, -- position of the column; neutral, not a rank
    study_count INTEGER, -- studies (reports of one study are one), outside the studies records
    people_count INTEGER, -- sum of their sample sizes where stated; calls, reports, deaths and posts are left out
    people_study_count INTEGER, -- studies whose sample size is in people_count
    small_count INTEGER, -- studies with fewer than 30 people
    one_sex_count INTEGER, -- studies that name one sex only
    self_selected_count INTEGER, -- studies whose people chose to take part: convenience sample, opt-in panel
    other_drugs_count INTEGER, -- studies that report other drugs in those who were studied
    vendor_count INTEGER, -- studies whose record names the American Kratom Association or a company that sells kratom as funder, employer or tie
    preprint_count INTEGER, -- further studies of which only preprints are held
    retracted_count INTEGER, -- further studies of which every report held was retracted, or is a preprint beside a retracted one
    held_study_count INTEGER NOT NULL, -- study_count of what is held
    held_people_count INTEGER NOT NULL, -- people_count of what is held
    held_people_study_count INTEGER NOT NULL, -- people_study_count of what is held
    held_small_count INTEGER NOT NULL, -- small_count of what is held
    held_one_sex_count INTEGER NOT NULL, -- one_sex_count of what is held
    held_self_selected_count INTEGER NOT NULL, -- self_selected_count of what is held
    held_other_drugs_count INTEGER NOT NULL, -- other_drugs_count of what is held
    held_vendor_count INTEGER NOT NULL, -- vendor_count of what is held
    held_preprint_count INTEGER NOT NULL, -- preprint_count of what is held
    held_retracted_count INTEGER NOT NULL, -- retracted_count of what is held
    pmids INTEGER[] NOT NULL, -- reports of the studies in held_study_count
    other_pmids INTEGER[] NOT NULL, -- preprints and retracted reports of this cell
    caption VARCHAR NOT NULL, -- what stands below the map, the same in every row
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, map_row, map_column)
);

INSERT INTO marts.evidence_map
WITH map_rows AS (
    SELECT
        r.part,
        r.map_row,
        r.row_label,
        r.row_order
    FROM (VALUES
        ('studies', 'patients_with_pain', 'Patients with pain', 1),
        ('studies', 'volunteers_and_users', 'Volunteers and users', 2),
        ('studies', 'animals', 'Animals', 3),
        ('studies', 'cells_and_receptors', 'Cells and receptors', 4),
        ('studies', 'other_patients', 'Other patients', 5),
        (
            'studies', 'people_not_readable',
            'People: who they were is not readable from title and abstract', 6
        ),
        ('reviews', 'systematic_reviews', 'Systematic and scoping reviews', 7),
        ('reviews', 'narrative_reviews', 'Narrative reviews and guidance', 8),
        ('elsewhere', 'other_kinds', 'Other kinds of record', 9)
    ) AS r (part, map_row, row_label, row_order)
),

map_columns AS (
    SELECT
        c.is_of_studies,
        c.map_column,
        c.column_label,
        c.column_order
    FROM (VALUES
        (TRUE, 'randomised', 'Randomised', 1),
        (TRUE, 'own_control', 'Own control', 2),
        (TRUE, 'users_against_non_users', 'Users against non-users', 3),
        (TRUE, 'no_comparison', 'No comparison', 4),
        (TRUE, 'other_comparison', 'Another comparison, chance not mentioned', 5),
        (TRUE, 'design_not_readable', 'Not readable from title and abstract', 6),
        (FALSE, 'all', 'All', 7)
    ) AS c (is_of_studies, map_column, column_label, column_order)
),

studies AS (
    SELECT
        a.search,
        a.map_row,
        a.map_column,
        a.study_group,
        any_value(a.is_counted) AS is_counted,
        any_value(a.sample_size) AS sample_size,
        any_value(a.badges) AS badges,
        list(a.pmid ORDER BY a.pmid) FILTER (a.counted_as = 'record') AS pmids,
        list(a.pmid ORDER BY a.pmid) FILTER (a.counted_as <> 'record') AS other_pmids
    FROM marts.evidence_map_articles AS a
    GROUP BY a.search, a.map_row, a.map_column, a.study_group
),

held AS (
    SELECT
        v.search,
        r.part,
        r.map_row,
        r.row_label,
        r.row_order,
        c.map_column,
        c.column_label,
        c.column_order,
        count(*) FILTER (s.is_counted) AS studies,
        coalesce(sum(s.sample_size) FILTER (s.is_counted), 0) AS people,
        count(s.sample_size) FILTER (s.is_counted) AS people_studies,
        count(*) FILTER (s.is_counted AND list_contains(s.badges, 'small')) AS small,
        count(*) FILTER (s.is_counted AND list_contains(s.badges, 'one_sex')) AS one_sex,
        count(*) FILTER (
            s.is_counted AND list_contains(s.badges, 'self_selected')
        ) AS self_selected,
        count(*) FILTER (s.is_counted AND list_contains(s.badges, 'other_drugs')) AS other_drugs,
        count(*) FILTER (s.is_counted AND list_contains(s.badges, 'vendor')) AS vendor,
        count(*) FILTER (
            NOT s.is_counted AND NOT list_contains(s.badges, 'retracted')
        ) AS preprints,
        count(*) FILTER (NOT s.is_counted AND list_contains(s.badges, 'retracted')) AS retracted,
        coalesce(flatten(list(s.pmids ORDER BY s.pmids)), []) AS pmids,
        coalesce(flatten(list(s.other_pmids ORDER BY s.other_pmids)), []) AS other_pmids
    FROM marts.coverage AS v
    CROSS JOIN map_rows AS r
    INNER JOIN map_columns AS c ON (r.part = 'studies') = c.is_of_studies
    LEFT JOIN studies AS s
        ON v.search = s.search AND r.map_row = s.map_row AND c.map_column = s.map_column
    GROUP BY ALL
)

SELECT
    h.search,
    h.part,
    h.map_row,
    h.row_label,
    h.row_order,
    h.map_column,
    h.column_label,
    h.column_order,
    CASE WHEN v.is_known THEN h.studies END,
    CASE WHEN v.is_known THEN h.people END,
    CASE WHEN v.is_known THEN h.people_studies END,
    CASE WHEN v.is_known THEN h.small END,
    CASE WHEN v.is_known THEN h.one_sex END,
    CASE WHEN v.is_known THEN h.self_selected END,
    CASE WHEN v.is_known THEN h.other_drugs END,
    CASE WHEN v.is_known THEN h.vendor END,
    CASE WHEN v.is_known THEN h.preprints END,
    CASE WHEN v.is_known THEN h.retracted END,
    h.studies,
    h.people,
    h.people_studies,
    h.small,
    h.one_sex,
    h.self_selected,
    h.other_drugs,
    h.vendor,
    h.preprints,
    h.retracted,
    h.pmids,
    h.other_pmids,
    'Position describes design. Certainty needs full texts and an assessment of bias.',
    v.unread_count,
    v.coverage,
    p.as_of_date,
    p.set_id
FROM held AS h
INNER JOIN marts.coverage AS v ON h.search = v.search
CROSS JOIN run_parameters AS p
ORDER BY h.search, h.row_order, h.column_order;
