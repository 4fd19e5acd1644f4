-- Summaries of other studies, apart from studies, with what they summarise.

CREATE OR REPLACE TABLE marts.summaries_of_studies ( -- members whose primary type summarises other studies; no design rank is implied
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    citation VARCHAR NOT NULL, -- its citation
    title VARCHAR, -- its title
    study_type VARCHAR NOT NULL, -- SR, SCOPING, GUIDE, NARR or REFWORK
    synthesis_of VARCHAR NOT NULL, -- trials, human_observational, case_reports, animal, in_vitro, mixed or not_stated
    registrations VARCHAR[] NOT NULL, -- PROSPERO and other registrations it names, those of trials too
    year SMALLINT, -- the year it counts in; of a reference chapter that is revised in place only the last
    pain_level VARCHAR, -- how it concerns pain: focus, outcome, mention
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.summaries_of_studies
SELECT
    l.search,
    l.pmid,
    a.citation,
    a.title,
    l.study_type,
    coalesce(y.value, 'not_stated'),
    coalesce(r.numbers, []),
    l.year,
    a.pain_level,
    l.counted_as
FROM marts.study_type_articles AS l
INNER JOIN evidence.study_types AS t ON l.study_type = t.study_type AND t.is_summary
INNER JOIN marts.articles AS a ON l.pmid = a.pmid
LEFT JOIN evidence.article_type_aspects AS y
    ON l.pmid = y.pmid AND l.study_type = y.study_type AND y.aspect = 'synthesis_of'
LEFT JOIN (
    SELECT
        pmid,
        list(number ORDER BY number) AS numbers
    FROM evidence.registrations
    GROUP BY pmid
) AS r ON l.pmid = r.pmid
WHERE l.is_primary
ORDER BY l.search, l.pmid;
