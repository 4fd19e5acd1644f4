-- The wide table most questions start from: one row per held record that is in a search now. A row
-- follows from its record alone: it is made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.articles ( -- one row per record that is a member of a search now
    pmid INTEGER PRIMARY KEY, -- PubMed identifier; negative: a citation known only by DOI
    title VARCHAR, -- title, brackets of translated titles kept; the vernacular one where there is no other
    citation VARCHAR NOT NULL, -- first author, journal, year, volume, pages: as much as is known
    first_author VARCHAR, -- last name and initials of the first valid author, or the name of a group
    journal VARCHAR, -- MedlineTA, else the journal's title, else the book's
    year SMALLINT, -- year the tables count in: of the issue, else electronic; NULL with a reason
    year_source VARCHAR NOT NULL, -- issue, electronic, or why it is missing: unreadable, not_stated, implausible
    first_public_year SMALLINT, -- the earlier of issue and electronic year
    entry_year SMALLINT, -- year the record entered PubMed
    study_type VARCHAR NOT NULL, -- primary study type (code); OTHER when unclassified
    study_type_label VARCHAR NOT NULL, -- its name for readers
    evidence_group VARCHAR NOT NULL, -- group of the study type
    assigned_by VARCHAR NOT NULL, -- what decided the primary type
    confidence VARCHAR, -- tier of the primary type
    has_conflict BOOLEAN NOT NULL, -- sources disagree about the type
    unclassified_reason VARCHAR, -- why the type is OTHER
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice: the count it goes into
    is_retracted BOOLEAN NOT NULL, -- the article was retracted
    is_preprint BOOLEAN NOT NULL, -- publication type Preprint
    is_checked BOOLEAN NOT NULL, -- a person decided its type
    has_abstract BOOLEAN NOT NULL, -- whether an abstract is held
    kratom_level VARCHAR, -- how it concerns kratom: focus, outcome, mention
    pain_level VARCHAR, -- how it concerns pain: focus, outcome, mention
    doi VARCHAR, -- own DOI without address, label or blanks; as PubMed printed it: core.articles
    pubmed_url VARCHAR, -- link to PubMed
    doi_url VARCHAR, -- link by DOI, escaped
    record_source VARCHAR NOT NULL, -- pubmed_xml, nbib or sparse
    first_seen_at TIMESTAMP NOT NULL, -- UTC time we first loaded it
    changed_at TIMESTAMP NOT NULL, -- UTC time its record last changed
    first_author_country VARCHAR, -- where the first author works, as far as an affiliation says it (marts.article_countries)
    countries VARCHAR[] NOT NULL, -- all countries that affiliations of its authors name
    registrations VARCHAR[] NOT NULL, -- registrations it names, in the registry's own form, e.g. NCT01234567
    facets VARCHAR[] NOT NULL, -- what was tested, in whom, how, as facet.value; values that are not in the abstract are left out (marts.article_facets)
    claims VARCHAR[] NOT NULL -- claims it addresses, however it does (marts.claim_articles says how)
);

INSERT INTO marts.articles
SELECT
    a.pmid,
    c.title,
    regexp_replace(
        concat_ws(
            '. ',
            nullif(regexp_replace(c.first_author, '[\s.]+$', ''), ''),
            nullif(
                regexp_replace(
                    coalesce(a.medline_ta, a.journal_title, b.book_title), '[\s.]+$', ''
                ),
                ''
            ),
            nullif(
                ltrim(
                    concat(
                        y.year::VARCHAR,
                        ';' || nullif(trim(a.volume), ''),
                        '(' || nullif(trim(a.issue), '') || ')',
                        ':' || c.locator
                    ),
                    ';:'
                ),
                ''
            ),
            CASE WHEN a.pmid > 0 THEN 'PMID ' || a.pmid ELSE 'doi ' || coalesce(d.doi, a.doi) END
        ),
        '\s+',
        ' ',
        'g'
    ) AS citation,
    c.first_author,
    coalesce(a.medline_ta, a.journal_title, b.book_title) AS journal,
    CASE WHEN y.year BETWEEN 1781 AND p.as_of_year + 2 THEN y.year END AS year,
    CASE
        WHEN y.year NOT BETWEEN 1781 AND p.as_of_year + 2 THEN 'implausible'
        ELSE y.year_source
    END AS year_source,
    y.first_public_year,
    y.entry_year,
    s.study_type,
    t.label,
    t.evidence_group,
    s.assigned_by,
    s.confidence,
    s.has_conflict,
    CASE WHEN s.study_type = 'OTHER' THEN s.reason END AS unclassified_reason,
    CASE
        WHEN s.study_type = 'NOTICE' THEN 'notice'
        WHEN g.is_retracted THEN 'retracted'
        WHEN g.is_preprint THEN 'preprint'
        ELSE 'record'
    END AS counted_as,
    coalesce(g.is_retracted, FALSE) AS is_retracted,
    coalesce(g.is_preprint, FALSE) AS is_preprint,
    s.assigned_by = 'override' AS is_checked,
    a.pmid IN (
        SELECT x.pmid FROM core.abstract_sections AS x
        WHERE x.pmid IN (SELECT m.pmid FROM run_due AS m)
    ) AS has_abstract,
    k.level AS kratom_level,
    n.level AS pain_level,
    d.doi,
    CASE WHEN a.pmid > 0 THEN 'https://pubmed.ncbi.nlm.nih.gov/' || a.pmid || '/' END AS pubmed_url,
    d.doi_url,
    a.record_source,
    a.first_seen_at,
    a.changed_at,
    w.first_author_country,
    coalesce(w.countries, []),
    coalesce(r.registrations, []),
    coalesce(f.facets, []),
    coalesce(q.claims, [])
FROM core.articles AS a
CROSS JOIN run_parameters AS p
INNER JOIN run_years AS y ON a.pmid = y.pmid
INNER JOIN run_citations AS c ON a.pmid = c.pmid
INNER JOIN evidence.article_study_types AS s ON a.pmid = s.pmid AND s.is_primary
INNER JOIN evidence.study_types AS t ON s.study_type = t.study_type
LEFT JOIN evidence.article_flags AS g ON a.pmid = g.pmid
LEFT JOIN core.books AS b ON a.pmid = b.pmid
LEFT JOIN (
    SELECT
        pmid,
        any_value(country) FILTER (is_first_author) AS first_author_country,
        list(country ORDER BY country) AS countries
    FROM marts.article_countries
    GROUP BY pmid
) AS w ON a.pmid = w.pmid
LEFT JOIN (
    SELECT pmid, list_sort(list_distinct(list(number))) AS registrations
    FROM evidence.registrations
    WHERE pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY pmid
) AS r ON a.pmid = r.pmid
LEFT JOIN (
    SELECT pmid, list_sort(list_distinct(list(facet || '.' || value))) AS facets
    FROM evidence.article_facets
    WHERE value <> 'not_stated' AND pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY pmid
) AS f ON a.pmid = f.pmid
LEFT JOIN (
    SELECT pmid, list_sort(list_distinct(list(claim))) AS claims
    FROM evidence.article_claims
    WHERE pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY pmid
) AS q ON a.pmid = q.pmid
LEFT JOIN run_dois AS d ON a.pmid = d.pmid
LEFT JOIN evidence.article_topics AS k ON a.pmid = k.pmid AND k.topic = 'kratom'
LEFT JOIN evidence.article_topics AS n ON a.pmid = n.pmid AND n.topic = 'pain'
WHERE a.pmid IN (SELECT m.pmid FROM run_due AS m)
ORDER BY a.pmid;
