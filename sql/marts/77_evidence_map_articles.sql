-- Which cell of the evidence map a record stands in, and the words that put it there. A study with
-- several reports stands in one cell: that of the report whose design comes first in map_columns.

CREATE OR REPLACE TABLE marts.evidence_map_articles ( -- the records behind each number of marts.evidence_map, one row per search and record; never sum across searches
    search VARCHAR NOT NULL, -- the search
    part VARCHAR NOT NULL, -- studies, reviews or elsewhere
    map_row VARCHAR NOT NULL, -- row of marts.evidence_map
    map_column VARCHAR NOT NULL, -- column of marts.evidence_map
    study_group VARCHAR NOT NULL, -- the study it reports; of reviews and the like the record alone
    pmid INTEGER NOT NULL, -- the record
    counted_as VARCHAR NOT NULL, -- record, retracted or preprint
    is_counted BOOLEAN NOT NULL, -- its study is in study_count: one of its reports is neither retracted nor a preprint
    study_type VARCHAR NOT NULL, -- its primary study type
    sample_size INTEGER, -- people of the study, the largest number a report states; NULL where none does, and for calls, reports, deaths and posts, which may count somebody twice
    row_words VARCHAR[] NOT NULL, -- words, headings or tags of this record that say who was studied; empty where another report of the study says it, or none does
    column_words VARCHAR[] NOT NULL, -- those that say how was compared
    badges VARCHAR[] NOT NULL, -- of its study: small, one_sex, self_selected, other_drugs, vendor, preprint, retracted
    year SMALLINT, -- the year it counts in; NULL when it has none
    citation VARCHAR NOT NULL, -- its citation
    title VARCHAR, -- its title
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.evidence_map_articles
WITH map_columns AS (
    SELECT
        c.map_column,
        c.place
    FROM (VALUES
        ('randomised', 1),
        ('users_against_non_users', 2),
        ('own_control', 3),
        ('other_comparison', 4),
        ('no_comparison', 5),
        ('design_not_readable', 6)
    ) AS c (map_column, place)
),

members AS (
    SELECT
        l.search,
        l.pmid,
        l.study_type,
        l.counted_as,
        CASE
            WHEN t.is_summary OR l.study_type = 'POLICY' THEN 'reviews'
            WHEN l.study_type IN ('ANIMAL', 'INVITRO') THEN 'studies'
            WHEN l.study_type IN (
                'RCT', 'NRCT', 'COHORT', 'CASECTRL', 'XSEC', 'SURV', 'SERIES', 'CASE', 'QUAL',
                'INFODEM'
            ) THEN 'studies'
            ELSE 'elsewhere'
        END AS part
    FROM marts.study_type_articles AS l
    INNER JOIN evidence.study_types AS t ON l.study_type = t.study_type
    WHERE l.is_primary AND l.counted_as <> 'notice'
),

facets AS (
    SELECT
        f.pmid,
        list(f.value) FILTER (f.facet = 'population') AS populations,
        list(f.value) FILTER (f.facet IN ('comparator', 'allotment')) AS comparators,
        list(f.value) FILTER (f.facet = 'sex') AS sexes,
        max(try_cast(f.value AS INTEGER)) FILTER (f.facet = 'sample_size') AS sample_size,
        coalesce(bool_or(
            f.facet = 'survey_sampling' AND f.value IN ('convenience', 'weighted_panel')
        ), FALSE) AS is_self_selected,
        coalesce(
            bool_or(f.facet = 'harm' AND f.value = 'other_drugs_present'), FALSE
        ) AS has_other_drugs,
        coalesce(bool_or(
            f.facet = 'sponsor_ties' AND f.value IN ('kratom_association', 'vendor')
        ), FALSE) AS is_of_vendor
    FROM marts.article_facets AS f
    WHERE f.value <> 'not_stated'
    GROUP BY f.pmid
),

placed AS (
    SELECT
        m.search,
        m.pmid,
        m.study_type,
        m.counted_as,
        m.part,
        f.sexes,
        CASE
            WHEN m.part = 'studies' THEN g.study_group ELSE 'PMID ' || m.pmid
        END AS study_group,
        CASE WHEN m.study_type NOT IN ('SURV', 'INFODEM') THEN f.sample_size END AS sample_size,
        coalesce(f.is_self_selected, FALSE) AS is_self_selected,
        coalesce(f.has_other_drugs, FALSE) AS has_other_drugs,
        coalesce(f.is_of_vendor, FALSE) AS is_of_vendor,
        CASE
            WHEN m.part = 'elsewhere' THEN 'other_kinds'
            WHEN m.study_type IN ('SR', 'SCOPING') THEN 'systematic_reviews'
            WHEN m.part = 'reviews' THEN 'narrative_reviews'
            WHEN m.study_type = 'ANIMAL' THEN 'animals'
            WHEN m.study_type = 'INVITRO' THEN 'cells_and_receptors'
            WHEN list_contains(f.populations, 'pain_patients') THEN 'patients_with_pain'
            WHEN list_contains(f.populations, 'users') THEN 'volunteers_and_users'
            WHEN list_contains(f.populations, 'other_patients') THEN 'other_patients'
            WHEN
                list_has_any(f.populations, ['healthy', 'general_population'])
                THEN 'volunteers_and_users'
            ELSE 'people_not_readable'
        END AS map_row,
        CASE
            WHEN m.part <> 'studies' THEN 'all'
            WHEN
                m.study_type = 'RCT' OR list_contains(f.comparators, 'randomised')
                THEN 'randomised'
            WHEN list_contains(f.comparators, 'non_users') THEN 'users_against_non_users'
            WHEN list_contains(f.comparators, 'own_control') THEN 'own_control'
            WHEN
                m.study_type = 'CASECTRL' OR list_has_any(
                    f.comparators,
                    ['placebo', 'vehicle', 'opioid', 'another_drug', 'another_group']
                ) THEN 'other_comparison'
            WHEN
                m.study_type IN ('CASE', 'SERIES', 'SURV', 'QUAL', 'INFODEM')
                OR (m.study_type = 'XSEC' AND a.has_abstract)
                OR list_contains(f.comparators, 'no_comparison')
                THEN 'no_comparison'
            ELSE 'design_not_readable'
        END AS map_column
    FROM members AS m
    INNER JOIN marts.articles AS a ON m.pmid = a.pmid
    INNER JOIN evidence.study_groups AS g ON m.pmid = g.pmid
    LEFT JOIN facets AS f ON m.pmid = f.pmid
),

studies AS (
    SELECT
        p.search,
        p.part,
        p.study_group,
        bool_or(p.counted_as = 'record') AS is_counted,
        max(p.sample_size) AS sample_size,
        -- reports first, then the stronger statement of design, then the row that is readable
        arg_min(
            struct_pack(map_row := p.map_row, map_column := p.map_column),
            struct_pack(
                is_beside := p.counted_as <> 'record',
                place := coalesce(c.place, 0),
                is_unreadable := p.map_row IN ('people_not_readable', 'other_patients'),
                pmid := p.pmid
            )
        ) AS cell,
        len(list_distinct(flatten(list(coalesce(p.sexes, []))))) = 1 AS is_one_sex,
        bool_or(p.is_self_selected) AS is_self_selected,
        bool_or(p.has_other_drugs) AS has_other_drugs,
        bool_or(p.is_of_vendor) AS is_of_vendor,
        bool_or(p.counted_as = 'preprint') AS has_preprint,
        bool_or(p.counted_as = 'retracted') AS has_retracted
    FROM placed AS p
    LEFT JOIN map_columns AS c ON p.map_column = c.map_column
    GROUP BY p.search, p.part, p.study_group
),

-- the values that put a record there, first in a row or column
deciding AS (
    SELECT
        d.place,
        d.code
    FROM (VALUES
        ('patients_with_pain', 'population.pain_patients'),
        ('volunteers_and_users', 'population.users'),
        ('volunteers_and_users', 'population.healthy'),
        ('volunteers_and_users', 'population.general_population'),
        ('other_patients', 'population.other_patients'),
        ('randomised', 'allotment.randomised'),
        ('users_against_non_users', 'comparator.non_users'),
        ('own_control', 'comparator.own_control'),
        ('other_comparison', 'comparator.placebo'),
        ('other_comparison', 'comparator.vehicle'),
        ('other_comparison', 'comparator.opioid'),
        ('other_comparison', 'comparator.another_drug'),
        ('other_comparison', 'comparator.another_group'),
        ('no_comparison', 'comparator.no_comparison')
    ) AS d (place, code)
),

words AS (
    SELECT
        f.pmid,
        d.place,
        list_sort(list_distinct(flatten(list(f.words)))) AS words
    FROM marts.article_facets AS f
    INNER JOIN deciding AS d ON f.facet || '.' || f.value = d.code
    GROUP BY f.pmid, d.place
),

type_words AS (
    SELECT
        p.pmid,
        list_sort(list_distinct(list(p.matched_text))) AS words
    FROM evidence.proofs AS p
    INNER JOIN evidence.article_study_types AS s
        ON p.pmid = s.pmid AND p.code = s.study_type AND s.is_primary
    WHERE p.kind = 'study_type' AND p.pmid IN (SELECT m.pmid FROM members AS m)
    GROUP BY p.pmid
)

SELECT
    p.search,
    p.part,
    s.cell.map_row,
    s.cell.map_column,
    p.study_group,
    p.pmid,
    p.counted_as,
    s.is_counted,
    p.study_type,
    CASE WHEN p.part = 'studies' THEN s.sample_size END,
    CASE
        WHEN s.cell.map_row <> p.map_row OR p.map_row = 'people_not_readable' THEN []
        ELSE coalesce(w.words, t.words, [])
    END,
    CASE
        WHEN s.cell.map_column <> p.map_column OR p.map_column IN ('design_not_readable', 'all')
            THEN []
        ELSE coalesce(c.words, t.words, [])
    END,
    CASE
        WHEN p.part = 'studies'
            THEN list_distinct([
                CASE WHEN s.sample_size < 30 THEN 'small' END,
                CASE WHEN s.is_one_sex THEN 'one_sex' END,
                CASE WHEN s.is_self_selected THEN 'self_selected' END,
                CASE WHEN s.has_other_drugs THEN 'other_drugs' END,
                CASE WHEN s.is_of_vendor THEN 'vendor' END,
                CASE WHEN s.has_preprint THEN 'preprint' END,
                CASE WHEN s.has_retracted THEN 'retracted' END
            ])
        ELSE []
    END,
    a.year,
    a.citation,
    a.title
FROM placed AS p
INNER JOIN studies AS s
    ON p.search = s.search AND p.part = s.part AND p.study_group = s.study_group
INNER JOIN marts.articles AS a ON p.pmid = a.pmid
LEFT JOIN words AS w ON p.pmid = w.pmid AND p.map_row = w.place
LEFT JOIN words AS c ON p.pmid = c.pmid AND p.map_column = c.place
LEFT JOIN type_words AS t ON p.pmid = t.pmid
ORDER BY p.search, p.pmid;
