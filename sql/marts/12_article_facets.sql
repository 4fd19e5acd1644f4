-- What was tested, in whom, how: every facet of every record, with the words behind it. Rows of a
-- record follow from it alone: they are made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.article_facets ( -- facets of the records that are members of a search now, those without a value too
    pmid INTEGER NOT NULL, -- the record
    facet VARCHAR NOT NULL, -- code of the facet, e.g. species
    facet_label VARCHAR NOT NULL, -- its name for readers
    value VARCHAR NOT NULL, -- code of the value, a number, or years; not_stated is a value
    value_label VARCHAR NOT NULL, -- its name for readers; of not_stated: Not in abstract, or No abstract held
    level VARCHAR NOT NULL, -- focus, outcome or mention: where it is named; none of not_stated
    assigned_by VARCHAR NOT NULL, -- rule or override; none of not_stated
    finding VARCHAR, -- of a harm, what the authors state: reported, not_found, ruled_out, mixed or unclear; NULL for other facets
    finding_words VARCHAR[] NOT NULL, -- the words that state it; none for other facets
    words VARCHAR[] NOT NULL, -- the distinct words, headings or addresses behind it; all proofs are in evidence.proofs
    PRIMARY KEY (pmid, facet, value)
);

INSERT INTO marts.article_facets
SELECT
    f.pmid,
    f.facet,
    t.label,
    f.value,
    CASE
        WHEN f.value = 'not_stated' AND NOT a.has_abstract THEN 'No abstract held'
        ELSE coalesce(v.label, f.value)
    END,
    f.level,
    f.assigned_by,
    f.finding,
    coalesce(s.words, []),
    coalesce(p.words, [])
FROM evidence.article_facets AS f
INNER JOIN marts.articles AS a ON f.pmid = a.pmid
INNER JOIN evidence.facets AS t ON f.facet = t.facet
LEFT JOIN evidence.facet_values AS v ON f.facet = v.facet AND f.value = v.value
LEFT JOIN (
    SELECT
        pmid,
        code,
        list_sort(list_distinct(list(matched_text))) AS words
    FROM evidence.proofs
    WHERE kind = 'facet' AND pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY pmid, code
) AS p ON f.pmid = p.pmid AND p.code = f.facet || '.' || f.value
LEFT JOIN (
    SELECT
        pmid,
        regexp_replace(code, '\.[a-z_]+$', '') AS code,
        list_sort(list_distinct(list(matched_text))) AS words
    FROM evidence.proofs
    WHERE
        kind = 'finding' AND code LIKE 'harm.%'
        AND pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY ALL
) AS s ON f.pmid = s.pmid AND s.code = f.facet || '.' || f.value
WHERE f.pmid IN (SELECT m.pmid FROM run_due AS m)
ORDER BY f.pmid, t.display_order, f.value;
