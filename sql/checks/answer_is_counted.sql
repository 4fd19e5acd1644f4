-- severity: error
-- Each number of the top sentence is that of the records behind it, its parts add up, a person has confirmed what it says was confirmed, and every search has its sentence.
WITH listed AS (
    SELECT
        a.search,
        n.name,
        n.number,
        n.pmids
    FROM marts.answer AS a
    CROSS JOIN LATERAL (
        VALUES
        ('study', a.held_study_count, a.study_pmids),
        ('pain', a.held_pain_study_count, a.pain_pmids),
        ('provoked', a.held_provoked_study_count, a.provoked_pmids),
        ('patient', a.held_patient_study_count, a.patient_pmids),
        ('unclear', a.held_unclear_study_count, a.unclear_pmids),
        ('pain_unchecked', a.held_pain_unchecked_study_count, a.pain_unchecked_pmids),
        ('unchecked', a.held_unchecked_study_count, a.unchecked_pmids)
    ) AS n (name, number, pmids)
),

behind AS (
    SELECT
        l.search,
        l.name,
        l.number,
        g.study_group,
        t.is_primary,
        t.counted_as,
        o.is_decided,
        o.is_pain
    FROM (SELECT search, name, number, unnest(pmids) AS pmid FROM listed) AS l
    LEFT JOIN evidence.study_groups AS g ON l.pmid = g.pmid
    LEFT JOIN marts.study_type_articles AS t
        ON
            l.search = t.search AND l.pmid = t.pmid AND t.is_primary
            AND t.study_type IN ('RCT', 'NRCT')
    LEFT JOIN (
        SELECT
            pmid,
            bool_or(field = 'study_type') AS is_decided,
            bool_or(field = 'facet.trial_purpose' AND contains(value, 'pain_outcome')) AS is_pain
        FROM evidence.overrides
        GROUP BY pmid
    ) AS o ON l.pmid = o.pmid
),

groups AS (
    SELECT
        b.search,
        b.name,
        b.study_group,
        bool_and(coalesce(b.is_primary, FALSE) AND b.counted_as = 'record') AS is_report,
        coalesce(bool_or(b.is_decided), FALSE) AS is_decided,
        coalesce(bool_or(b.is_pain), FALSE) AS is_pain
    FROM behind AS b
    GROUP BY b.search, b.name, b.study_group
)

SELECT
    l.search,
    concat(l.name, ': another number than its studies') AS fault
FROM listed AS l
LEFT JOIN (
    SELECT
        search,
        name,
        count(*) AS studies
    FROM groups
    GROUP BY search, name
) AS g ON l.search = g.search AND l.name = g.name
WHERE l.number <> coalesce(g.studies, 0)
UNION ALL
SELECT
    g.search,
    concat(g.name, ': ', g.study_group, ' is not what the sentence says') AS fault
FROM groups AS g
WHERE
    NOT g.is_report
    OR g.is_decided = (g.name = 'unchecked')
    OR (g.name IN ('pain', 'provoked', 'patient', 'unclear') AND NOT g.is_pain)
UNION ALL
SELECT
    a.search,
    'the parts do not add up, or there is no sentence' AS fault
FROM marts.answer AS a
INNER JOIN marts.search_totals AS t ON a.search = t.search
INNER JOIN marts.human_experimental_totals AS h ON a.search = h.search
WHERE
    a.held_pain_study_count
    <> a.held_provoked_study_count + a.held_patient_study_count + a.held_unclear_study_count
    OR a.held_pain_study_count + a.held_pain_unchecked_study_count > a.held_study_count
    OR a.held_study_count + a.held_unchecked_study_count <> h.held_group_count
    OR a.held_count <> t.held_member_count
    OR a.held_count <> len(a.article_pmids)
    OR a.listed_count IS DISTINCT FROM CASE
        WHEN a.coverage <> 'partial'
            THEN a.held_count + (
                SELECT count(*) FROM ops.unread_records AS u
                WHERE u.search = a.search AND NOT u.is_held
            )
    END
    OR coalesce(a.sentence, '') = ''
UNION ALL
SELECT
    v.search,
    'no answer' AS fault
FROM marts.coverage AS v
WHERE v.search NOT IN (SELECT a.search FROM marts.answer AS a)
