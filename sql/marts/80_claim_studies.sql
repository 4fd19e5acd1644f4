-- Studies behind a claim, each once: what the reports of a study state is put together.

CREATE OR REPLACE TABLE marts.claim_studies ( -- the studies, and the reviews, that looked at a claim, with what their authors state; records that only mention it are in marts.claim_articles alone
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    looked_as VARCHAR NOT NULL, -- study, or review: reviews are never added to the studies they contain
    study_group VARCHAR NOT NULL, -- the study, see evidence.study_groups; a record alone is one
    finding VARCHAR NOT NULL, -- of all its reports: reported, not_found, ruled_out, mixed or unclear
    pmids INTEGER[] NOT NULL, -- its reports that address the claim, without retracted articles, notices and preprints
    study_types VARCHAR[] NOT NULL, -- their primary study types
    evidence_groups VARCHAR[] NOT NULL, -- groups it counts in
    year SMALLINT, -- of its first report; NULL when none has one
    PRIMARY KEY (search, claim, looked_as, study_group)
);

INSERT INTO marts.claim_studies
WITH studies AS (
    SELECT
        c.search,
        c.claim,
        c.looked_as,
        c.study_group,
        list(c.finding) AS findings,
        list(c.pmid ORDER BY c.pmid) AS pmids,
        list_sort(list_distinct(list(c.study_type))) AS study_types,
        list_sort(list_distinct(flatten(list(c.evidence_groups)))) AS evidence_groups,
        min(c.year) AS year
    FROM marts.claim_articles AS c
    WHERE c.counted_as = 'record' AND c.looked_as <> 'mention'
    GROUP BY c.search, c.claim, c.looked_as, c.study_group
)

SELECT
    s.search,
    s.claim,
    s.looked_as,
    s.study_group,
    CASE
        WHEN
            list_contains(s.findings, 'mixed')
            OR (
                list_contains(s.findings, 'reported')
                AND list_has_any(s.findings, ['not_found', 'ruled_out'])
            )
            THEN 'mixed'
        WHEN list_contains(s.findings, 'reported') THEN 'reported'
        WHEN list_contains(s.findings, 'ruled_out') THEN 'ruled_out'
        WHEN list_contains(s.findings, 'not_found') THEN 'not_found'
        ELSE 'unclear'
    END,
    s.pmids,
    s.study_types,
    s.evidence_groups,
    s.year
FROM studies AS s
INNER JOIN evidence.claims AS q ON s.claim = q.claim
ORDER BY s.search, q.display_order, s.looked_as, s.study_group;
