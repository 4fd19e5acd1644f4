-- Reports from routine data, each with its source and the years it covers.

CREATE OR REPLACE TABLE marts.surveillance_reports ( -- members with surveillance data among their labels; the publication year is not the year of exposure, and papers may count the same cases
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    citation VARCHAR NOT NULL, -- its citation
    sources VARCHAR[] NOT NULL, -- poison_centre, pharmacovigilance, death_investigation, supply_and_environment, other_surveillance: their denominators differ, never add them up
    countries VARCHAR[] NOT NULL, -- places, as the record states them; empty when it does not
    first_data_year SMALLINT, -- first year of the data; NULL when not in abstract
    last_data_year SMALLINT, -- last year of the data; NULL when not in abstract
    publication_year SMALLINT, -- year of publication, not of exposure
    sample_size INTEGER, -- reports, calls, cases or deaths, when stated
    is_primary BOOLEAN NOT NULL, -- surveillance is its primary type; else tables by primary type leave it out here
    pain_level VARCHAR, -- how it concerns pain: focus, outcome, mention
    may_share_cases BOOLEAN, -- another record has the same source and some of the same years; NULL when the years are not in the abstract
    sharing_pmids INTEGER[] NOT NULL, -- those records
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.surveillance_reports
WITH told AS (
    SELECT
        f.pmid,
        list(f.value ORDER BY f.value) FILTER (f.facet = 'surveillance_source') AS sources,
        list(f.value ORDER BY f.value) FILTER (f.facet = 'study_country') AS countries,
        any_value(f.value) FILTER (f.facet = 'data_years') AS data_years,
        max(try_cast(f.value AS INTEGER)) FILTER (f.facet = 'sample_size') AS sample_size
    FROM evidence.article_facets AS f
    WHERE
        f.value <> 'not_stated'
        AND f.pmid IN (
            SELECT l.pmid FROM marts.study_type_articles AS l WHERE l.study_type = 'SURV'
        )
    GROUP BY f.pmid
),

sharing AS (
    SELECT
        pmid,
        list_sort(list_distinct(list(other_pmid))) AS pmids
    FROM (
        SELECT
            l.pmid,
            l.other_pmid
        FROM evidence.study_links AS l
        WHERE l.may_share_cases
        UNION ALL
        SELECT
            l.other_pmid,
            l.pmid
        FROM evidence.study_links AS l
        WHERE l.may_share_cases
    )
    GROUP BY pmid
)

SELECT
    l.search,
    l.pmid,
    a.citation,
    coalesce(t.sources, []),
    coalesce(t.countries, []),
    try_cast(split_part(t.data_years, '-', 1) AS SMALLINT),
    try_cast(split_part(t.data_years, '-', -1) AS SMALLINT),
    l.year,
    t.sample_size,
    l.is_primary,
    a.pain_level,
    CASE WHEN t.data_years IS NOT NULL THEN s.pmid IS NOT NULL END,
    coalesce(s.pmids, []),
    l.counted_as
FROM marts.study_type_articles AS l
INNER JOIN marts.articles AS a ON l.pmid = a.pmid
LEFT JOIN told AS t ON l.pmid = t.pmid
LEFT JOIN sharing AS s ON l.pmid = s.pmid
WHERE l.study_type = 'SURV'
ORDER BY l.search, l.pmid;
