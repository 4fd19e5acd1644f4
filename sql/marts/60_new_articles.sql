-- What is new since the last published set; a first run or a changed search is one line.

CREATE OR REPLACE TABLE marts.new_articles ( -- records first seen since the last published set
    search VARCHAR NOT NULL, -- the search
    reason VARCHAR NOT NULL, -- baseline or search_changed (one row with a count), new_in_pubmed or newly_matched
    pmid INTEGER, -- the record; NULL in the one row of a baseline
    record_count INTEGER NOT NULL, -- records this row stands for
    title VARCHAR, -- its title
    citation VARCHAR, -- its citation
    year SMALLINT, -- its year
    study_type VARCHAR, -- its primary study type
    substances VARCHAR[], -- kratom material or compounds it is about; NULL in a baseline
    harms VARCHAR[], -- harms of kratom it reports on or looked for; NULL in a baseline
    facets VARCHAR[], -- all facets as facet.value, to cut alerts by; NULL in a baseline
    pain_level VARCHAR, -- how it concerns pain: focus, outcome, mention
    entered_at TIMESTAMP NOT NULL -- UTC time of the run that first found it
);

INSERT INTO marts.new_articles
WITH entered AS (
    SELECT
        h.search,
        h.pmid,
        h.entered_at,
        h.entered_reason,
        CASE
            WHEN h.entered_reason = 'first_run' THEN 'baseline'
            WHEN h.entered_reason = 'strategy_changed' THEN 'search_changed'
            WHEN y.entry_at >= p.previous_published_at - INTERVAL 2 DAY THEN 'new_in_pubmed'
            -- PubMed reads more into the query, e.g. with a new MeSH year: old records, one line
            WHEN h.entered_reason = 'translation_changed' THEN 'search_changed'
            ELSE 'newly_matched'
        END AS reason
    FROM ops.search_hits AS h
    CROSS JOIN run_parameters AS p
    LEFT JOIN run_years AS y ON h.pmid = y.pmid
    WHERE
        h.left_at IS NULL
        AND (p.previous_published_at IS NULL OR h.entered_at > p.previous_published_at)
)

SELECT
    search,
    reason,
    NULL AS pmid,
    count(*) AS record_count,
    NULL AS title,
    NULL AS citation,
    NULL AS year,
    NULL AS study_type,
    NULL AS substances,
    NULL AS harms,
    NULL AS facets,
    NULL AS pain_level,
    max(entered_at) AS entered_at
FROM entered
WHERE reason IN ('baseline', 'search_changed')
GROUP BY search, reason
UNION ALL
SELECT
    n.search,
    n.reason,
    n.pmid,
    1 AS record_count,
    a.title,
    a.citation,
    a.year,
    a.study_type,
    coalesce(f.substances, []),
    coalesce(f.harms, []),
    coalesce(f.facets, []),
    a.pain_level,
    n.entered_at
FROM entered AS n
INNER JOIN marts.articles AS a ON n.pmid = a.pmid
LEFT JOIN (
    SELECT
        pmid,
        list(value ORDER BY value) FILTER (facet = 'substance') AS substances,
        list(value ORDER BY value) FILTER (facet = 'harm') AS harms,
        list(facet || '.' || value ORDER BY facet, value) AS facets
    FROM evidence.article_facets
    WHERE value <> 'not_stated' AND pmid IN (SELECT e.pmid FROM entered AS e)
    GROUP BY pmid
) AS f ON n.pmid = f.pmid
WHERE n.reason NOT IN ('baseline', 'search_changed')
ORDER BY search, reason, pmid;
