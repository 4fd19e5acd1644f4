-- Animal and laboratory work on pain: which substance, in which animal, by which test, when.

CREATE OR REPLACE TABLE marts.preclinical_pain ( -- members on pain with a preclinical type among their labels; a record stands in a row for each of its substances, species and assays, so rows do not add up
    search VARCHAR NOT NULL, -- the search
    substance VARCHAR NOT NULL, -- kratom material or compound; not_kratom for records that are not on kratom
    species VARCHAR NOT NULL, -- animal; not_stated; no_animal for laboratory work
    assay VARCHAR NOT NULL, -- test or assay; not_stated
    year SMALLINT, -- the year the records count in; NULL when they have none
    record_count INTEGER NOT NULL, -- records, without retracted ones, notices and preprints
    focus_count INTEGER NOT NULL, -- of these, with pain in title or major heading
    outcome_count INTEGER NOT NULL, -- with pain in results or conclusions
    mention_count INTEGER NOT NULL, -- with pain only mentioned elsewhere
    any_label_only_count INTEGER NOT NULL, -- whose primary type is another one: tables by primary type leave them out here
    pmids INTEGER[] NOT NULL -- the records
);

INSERT INTO marts.preclinical_pain
WITH records AS (
    SELECT
        l.search,
        l.pmid,
        any_value(l.year) AS year,
        any_value(a.pain_level) AS pain_level,
        bool_or(l.is_primary) AS is_primary,
        bool_or(l.study_type = 'ANIMAL') AS is_animal
    FROM marts.study_type_articles AS l
    INNER JOIN marts.articles AS a ON l.pmid = a.pmid
    WHERE
        l.study_type IN ('ANIMAL', 'INVITRO')
        AND l.counted_as = 'record'
        AND a.pain_level IS NOT NULL
        -- of a review, opinion or protocol nothing was tested, so it has no facets of this kind
        AND a.pmid IN (SELECT f.pmid FROM evidence.article_facets AS f WHERE f.facet = 'assay')
    GROUP BY l.search, l.pmid
)

SELECT
    r.search,
    coalesce(s.value, 'not_kratom') AS substance,
    coalesce(
        CASE WHEN NOT r.is_animal THEN 'no_animal' ELSE x.value END, 'not_stated'
    ) AS species,
    t.value AS assay,
    r.year,
    count(*) AS record_count,
    count(*) FILTER (r.pain_level = 'focus'),
    count(*) FILTER (r.pain_level = 'outcome'),
    count(*) FILTER (r.pain_level = 'mention'),
    count(*) FILTER (NOT r.is_primary),
    list(r.pmid ORDER BY r.pmid)
FROM records AS r
INNER JOIN evidence.article_facets AS t ON r.pmid = t.pmid AND t.facet = 'assay'
LEFT JOIN evidence.article_facets AS x ON r.pmid = x.pmid AND x.facet = 'species'
LEFT JOIN evidence.article_facets AS s ON r.pmid = s.pmid AND s.facet = 'substance'
GROUP BY r.search, substance, species, assay, r.year
ORDER BY r.search, substance, species, assay, r.year NULLS LAST;
