-- What a person should look at first: trials and human laboratory studies, which the top sentence
-- counts once they are confirmed, then where rules, NLM, people and the second reader disagree.

CREATE OR REPLACE TABLE marts.review_queue ( -- records whose study type a person should check, most informative first
    queue_no INTEGER PRIMARY KEY, -- place in the queue
    pmid INTEGER NOT NULL, -- the record
    title VARCHAR, -- its title
    study_type VARCHAR NOT NULL, -- its primary study type now
    confidence VARCHAR, -- tier of that type
    reason VARCHAR NOT NULL, -- the weightiest reason to look
    reason_list VARCHAR[] NOT NULL, -- all reasons, weightiest first
    suggestion VARCHAR, -- what the second reader suggests, if there is one
    probability DOUBLE -- how likely the second reader finds that
);

INSERT INTO marts.review_queue
WITH reasons AS (
    SELECT
        o.pmid,
        1 AS weight,
        'a decision no longer meets what it expects' AS reason
    FROM evidence.overrides AS o
    WHERE NOT o.is_expectation_met
    UNION ALL
    SELECT DISTINCT
        u.pmid,
        2,
        'a trial or human laboratory study that nobody has checked'
    FROM (SELECT unnest(a.unchecked_pmids) AS pmid FROM marts.answer AS a) AS u
    UNION ALL
    SELECT
        s.pmid,
        3,
        'decisive signals of types that do not go together'
    FROM evidence.article_study_types AS s
    WHERE s.is_primary AND s.has_conflict
    UNION ALL
    SELECT
        r.pmid,
        CASE WHEN r.probability >= 0.6 THEN 4 ELSE 7 END,
        'rules and second reader differ'
    FROM evidence.study_type_suggestions AS r
    INNER JOIN evidence.article_study_types AS s ON r.pmid = s.pmid AND s.is_primary
    WHERE NOT r.agrees AND s.study_type <> 'OTHER' AND r.probability >= 0.35
    UNION ALL
    SELECT
        s.pmid,
        5,
        'no type by the rules, one suggested by the second reader'
    FROM evidence.article_study_types AS s
    INNER JOIN evidence.study_type_suggestions AS r ON s.pmid = r.pmid
    WHERE s.is_primary AND s.study_type = 'OTHER' AND r.probability >= 0.35
    UNION ALL
    SELECT
        s.pmid,
        6,
        'a letter or comment with signs of data of its own'
    FROM evidence.article_study_types AS s
    INNER JOIN evidence.article_study_types AS d
        ON s.pmid = d.pmid AND d.study_type NOT IN ('COMMENT', 'NARR', 'NOTICE', 'OTHER', 'POLICY')
    WHERE s.is_primary AND s.study_type = 'COMMENT' AND d.confidence <> 'low'
    UNION ALL
    SELECT
        s.pmid,
        8,
        'no type: ' || s.reason
    FROM evidence.article_study_types AS s
    WHERE s.is_primary AND s.study_type = 'OTHER'
    UNION ALL
    SELECT
        s.pmid,
        9,
        'type from a hint only'
    FROM evidence.article_study_types AS s
    WHERE s.is_primary AND s.study_type <> 'OTHER' AND s.confidence = 'low'
),

weighed AS (
    SELECT
        pmid,
        min(weight) AS weight,
        list(reason ORDER BY weight, reason) AS reason_list
    FROM reasons
    WHERE pmid IN (SELECT m.pmid FROM marts.articles AS m)
    GROUP BY pmid
)

SELECT
    row_number() OVER (
        ORDER BY
            w.weight ASC,
            a.kratom_level IS NULL ASC,
            r.probability DESC NULLS LAST,
            a.has_abstract DESC,
            a.pmid ASC
    ) AS queue_no,
    a.pmid,
    a.title,
    a.study_type,
    a.confidence,
    w.reason_list[1],
    w.reason_list,
    r.suggestion,
    r.probability
FROM weighed AS w
INNER JOIN marts.articles AS a ON w.pmid = a.pmid
LEFT JOIN evidence.study_type_suggestions AS r ON w.pmid = r.pmid
WHERE NOT a.is_checked OR w.weight = 1
ORDER BY queue_no;
