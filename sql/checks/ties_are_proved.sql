-- severity: error
-- Values tied to each other are values of their record, each with the words that tie it; marts say so of no others.
SELECT
    t.pmid,
    t.row_kind,
    t.facet,
    t.value
FROM evidence.article_ties AS t
WHERE
    NOT EXISTS ( -- few records of a large warehouse have any
        SELECT 1 FROM evidence.article_facets AS f
        WHERE
            f.pmid IN (SELECT o.pmid FROM evidence.article_ties AS o)
            AND f.pmid = t.pmid AND f.facet = t.facet AND f.value = t.value
    )
    OR NOT EXISTS (
        SELECT 1 FROM evidence.proofs AS p
        WHERE
            p.kind = 'tie' AND p.pmid = t.pmid
            AND p.pmid IN (SELECT o.pmid FROM evidence.article_ties AS o)
            AND p.code = concat_ws('.', t.row_kind, t.tie_no, t.facet, t.value)
    )
UNION ALL
SELECT
    p.pmid,
    'preclinical',
    NULL,
    NULL
FROM marts.preclinical_pain AS p
WHERE
    p.is_tied
    AND NOT EXISTS (
        SELECT 1 FROM evidence.article_ties AS t
        WHERE t.pmid = p.pmid AND t.row_kind = 'preclinical' AND t.tie_no = p.row_no
    )
