-- A wide net beside the tables, for people who must miss no trial or human laboratory study.
-- A row follows from its record alone: it is made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.possible_human_experimental ( -- members with any signal of a trial or human laboratory study; most are not one
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    title VARCHAR, -- its title
    citation VARCHAR NOT NULL, -- its citation
    study_type VARCHAR NOT NULL, -- its primary study type, whatever it is
    is_labelled BOOLEAN NOT NULL, -- RCT or NRCT is among its labels
    signal_list VARCHAR[] NOT NULL, -- rules that fired, strongest named first
    first_words VARCHAR, -- the words or tag of the first of them
    PRIMARY KEY (search, pmid)
);

INSERT INTO marts.possible_human_experimental
SELECT
    h.search,
    a.pmid,
    a.title,
    a.citation,
    a.study_type,
    a.pmid IN (
        SELECT s.pmid FROM evidence.article_study_types AS s
        WHERE s.study_type IN ('RCT', 'NRCT')
    ),
    coalesce(p.rules, []),
    p.words
FROM ops.search_hits AS h
INNER JOIN marts.articles AS a ON h.pmid = a.pmid
LEFT JOIN evidence.article_flags AS f ON a.pmid = f.pmid
LEFT JOIN (
    SELECT
        pmid,
        list_sort(list_distinct(list(rule_id))) AS rules,
        arg_min(matched_text, (rule_id, proof_no)) AS words
    FROM evidence.proofs
    WHERE
        kind = 'flag' AND code = 'is_possible_human_experiment'
        AND pmid IN (SELECT m.pmid FROM run_due AS m)
    GROUP BY pmid
) AS p ON a.pmid = p.pmid
WHERE
    h.left_at IS NULL AND h.pmid IN (SELECT m.pmid FROM run_due AS m)
    AND (
        coalesce(f.is_possible_human_experiment, FALSE)
        OR a.pmid IN (
            SELECT s.pmid FROM evidence.article_study_types AS s
            WHERE s.study_type IN ('RCT', 'NRCT')
        )
    )
ORDER BY h.search, a.pmid;
