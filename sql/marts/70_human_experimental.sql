-- Every trial or human laboratory study that a search finds: one line a registered or separately reported
-- study. A record is one by its primary type, as in the tables by study type; one whose label RCT
-- or NRCT stands beside another primary type is in marts.possible_human_experimental.
-- Which words stand behind each cell: marts.human_experimental_proofs.

CREATE OR REPLACE TABLE marts.human_experimental ( -- trials and human laboratory studies (primary type RCT or NRCT), one line a study group; never sum across searches
    search VARCHAR NOT NULL, -- the search
    study_group VARCHAR NOT NULL, -- the study: its first registration, else the lowest PMID; see evidence.study_groups
    registrations VARCHAR[] NOT NULL, -- every registration its records name
    report_pmids INTEGER[] NOT NULL, -- reports of the study
    report_count INTEGER NOT NULL, -- how many these are; 0 when all its records are retracted or preprints
    other_pmids INTEGER[] NOT NULL, -- retracted reports and preprints
    checked_pmids INTEGER[] NOT NULL, -- reports that a person has confirmed to be trials and human laboratory studies
    study_types VARCHAR[] NOT NULL, -- RCT, NRCT or both
    is_checked BOOLEAN NOT NULL, -- a person has read one of its records and decided on RCT or NRCT (evidence.overrides); false: by the rules alone
    sample_size INTEGER, -- the largest that a record states; NULL when none does
    substances VARCHAR[] NOT NULL, -- kratom material or compound; empty in records that are not on kratom, or do not say
    purposes VARCHAR[] NOT NULL, -- what was measured: pain_outcome, other_efficacy, pharmacokinetics, interaction, abuse_potential, safety
    populations VARCHAR[] NOT NULL, -- healthy, regular_users, patients
    outcomes VARCHAR[] NOT NULL, -- tests and assays named, e.g. cold_pressor
    is_pain_measured BOOLEAN NOT NULL, -- pain_outcome is among the purposes
    pain_kind VARCHAR, -- whose pain was measured: patients (people with pain), provoked (pain set off in others), unclear (title and abstract do not say); NULL where pain was not measured
    is_pain_checked BOOLEAN NOT NULL, -- a person has confirmed that pain was measured
    is_purpose_checked BOOLEAN NOT NULL, -- a person has decided what was measured
    pain_level VARCHAR, -- how the records concern pain, the strongest: focus, outcome, mention
    kratom_level VARCHAR, -- how they concern kratom, the strongest: focus, outcome, mention
    is_on_topic BOOLEAN NOT NULL, -- not one that only mentions kratom; always true in searches on something else
    countries VARCHAR[] NOT NULL, -- countries of the study, as the records state them
    first_year SMALLINT, -- year of its first record
    last_year SMALLINT, -- year of its last record
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, study_group)
);

INSERT INTO marts.human_experimental
WITH members AS (
    SELECT
        l.search,
        g.study_group,
        l.pmid,
        l.counted_as = 'record' AS is_report,
        l.study_type,
        l.year
    FROM marts.study_type_articles AS l
    INNER JOIN evidence.study_groups AS g ON l.pmid = g.pmid
    WHERE l.is_primary AND l.study_type IN ('RCT', 'NRCT')
),

told AS (
    SELECT
        m.search,
        m.study_group,
        list_sort(list_distinct(list(f.value) FILTER (f.facet = 'substance'))) AS substances,
        list_sort(list_distinct(list(f.value) FILTER (f.facet = 'trial_purpose'))) AS purposes,
        list_sort(list_distinct(list(f.value) FILTER (f.facet = 'trial_population')))
            AS populations,
        list_sort(list_distinct(list(f.value) FILTER (f.facet = 'assay'))) AS outcomes,
        list_sort(list_distinct(list(f.value) FILTER (f.facet = 'study_country'))) AS countries,
        max(try_cast(f.value AS INTEGER)) FILTER (f.facet = 'sample_size') AS sample_size,
        bool_or(
            f.facet = 'trial_purpose' AND f.value = 'pain_outcome' AND f.assigned_by = 'override'
        ) AS is_pain_checked,
        bool_or(f.facet = 'trial_purpose' AND f.assigned_by = 'override') AS is_purpose_checked,
        bool_or(f.facet = 'population' AND f.value = 'pain_patients') AS is_of_pain_patients
    FROM members AS m
    INNER JOIN evidence.article_facets AS f ON m.pmid = f.pmid AND f.value <> 'not_stated'
    GROUP BY m.search, m.study_group
),

provoked AS ( -- tests that set off the pain they measure
    SELECT
        [
            'cold_pressor', 'sensory_testing', 'experimental_pain', 'thermal_withdrawal',
            'hot_plate', 'cold_test', 'von_frey', 'paw_pressure', 'visceral_distension', 'formalin'
        ] AS provoking
),

numbers AS (
    SELECT
        m.search,
        m.study_group,
        list_sort(list_distinct(list(r.number))) AS registrations
    FROM members AS m
    INNER JOIN evidence.registrations AS r ON m.pmid = r.pmid
    GROUP BY m.search, m.study_group
)

SELECT
    m.search,
    m.study_group,
    coalesce(any_value(n.registrations), []),
    coalesce(list(m.pmid ORDER BY m.pmid) FILTER (m.is_report), []),
    count(*) FILTER (m.is_report),
    coalesce(list(m.pmid ORDER BY m.pmid) FILTER (NOT m.is_report), []),
    coalesce(list(m.pmid ORDER BY m.pmid) FILTER (m.is_report AND a.is_checked), []),
    list_sort(list_distinct(list(m.study_type))),
    bool_or(a.is_checked),
    any_value(t.sample_size),
    coalesce(any_value(t.substances), []),
    coalesce(any_value(t.purposes), []),
    coalesce(any_value(t.populations), []),
    coalesce(any_value(t.outcomes), []),
    list_contains(coalesce(any_value(t.purposes), []), 'pain_outcome'),
    CASE
        WHEN NOT list_contains(coalesce(any_value(t.purposes), []), 'pain_outcome') THEN NULL
        WHEN any_value(t.is_of_pain_patients) THEN 'patients'
        WHEN list_has_any(any_value(t.outcomes), any_value(x.provoking)) THEN 'provoked'
        ELSE 'unclear'
    END,
    coalesce(any_value(t.is_pain_checked), FALSE),
    coalesce(any_value(t.is_purpose_checked), FALSE),
    arg_min(a.pain_level, list_position(['focus', 'outcome', 'mention'], a.pain_level)),
    arg_min(a.kratom_level, list_position(['focus', 'outcome', 'mention'], a.kratom_level)),
    NOT list_contains(any_value(e.topics), 'kratom')
    OR coalesce(bool_or(a.kratom_level IN ('focus', 'outcome')), FALSE),
    coalesce(any_value(t.countries), []),
    min(m.year),
    max(m.year),
    any_value(p.as_of_date),
    any_value(p.set_id)
FROM members AS m
CROSS JOIN run_parameters AS p
CROSS JOIN provoked AS x
INNER JOIN evidence.searches AS e ON m.search = e.search
INNER JOIN marts.articles AS a ON m.pmid = a.pmid
LEFT JOIN told AS t ON m.search = t.search AND m.study_group = t.study_group
LEFT JOIN numbers AS n ON m.search = n.search AND m.study_group = n.study_group
GROUP BY m.search, m.study_group
ORDER BY m.search, m.study_group;
