-- The sentence at the top of every output, number by number, with the records behind each:
-- which trials and human laboratory studies a person has confirmed, and how many are not yet
-- checked. pipeline/outputs/wording.py makes the sentence of these numbers. P = a + b + c.

CREATE OR REPLACE TABLE marts.answer ( -- the numbers of the top sentence, one row a search; never sum across searches
    search VARCHAR PRIMARY KEY, -- the search
    label VARCHAR NOT NULL, -- its name for readers
    subject VARCHAR, -- what its topics call the substance studied; NULL where none of them does
    source VARCHAR NOT NULL, -- what was searched: pubmed, replay (a server in PubMed's place) or files
    listed_count INTEGER, -- N: articles that the search lists, of all kinds, those that could not be read too; NULL where partial
    study_count INTEGER, -- S: studies of which a person has confirmed a report to be a trial or human laboratory study
    pain_study_count INTEGER, -- P: of S, those of which a person has confirmed that pain was measured
    provoked_study_count INTEGER, -- a: of P, those that provoked pain in volunteers
    patient_study_count INTEGER, -- b: of P, those of patients with pain
    unclear_study_count INTEGER, -- c: of P, those of which title and abstract do not say whose pain was measured
    pain_unchecked_study_count INTEGER, -- of S, those of which nobody has decided what was measured
    unchecked_study_count INTEGER, -- k: further studies that are trials or human laboratory studies by the rules alone
    held_count INTEGER NOT NULL, -- M: of the articles listed, those held here
    held_study_count INTEGER NOT NULL, -- study_count of what is held
    held_pain_study_count INTEGER NOT NULL, -- pain_study_count of what is held
    held_provoked_study_count INTEGER NOT NULL, -- provoked_study_count of what is held
    held_patient_study_count INTEGER NOT NULL, -- patient_study_count of what is held
    held_unclear_study_count INTEGER NOT NULL, -- unclear_study_count of what is held
    held_pain_unchecked_study_count INTEGER NOT NULL, -- pain_unchecked_study_count of what is held
    held_unchecked_study_count INTEGER NOT NULL, -- unchecked_study_count of what is held
    article_pmids INTEGER[] NOT NULL, -- the articles behind held_count
    study_pmids INTEGER[] NOT NULL, -- reports of the studies behind study_count
    pain_pmids INTEGER[] NOT NULL, -- reports behind pain_study_count
    provoked_pmids INTEGER[] NOT NULL, -- reports behind provoked_study_count
    patient_pmids INTEGER[] NOT NULL, -- reports behind patient_study_count
    unclear_pmids INTEGER[] NOT NULL, -- reports behind unclear_study_count
    pain_unchecked_pmids INTEGER[] NOT NULL, -- reports behind pain_unchecked_study_count
    unchecked_pmids INTEGER[] NOT NULL, -- reports behind unchecked_study_count
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    sentence VARCHAR, -- the sentence itself, as page, digest, terminal and notebooks have it
    set_id VARCHAR NOT NULL -- the published set
);

INSERT INTO marts.answer
WITH studies AS (
    SELECT
        h.search,
        h.report_pmids,
        len(h.checked_pmids) > 0 AS is_confirmed,
        CASE WHEN h.is_pain_checked THEN h.pain_kind END AS pain_kind,
        h.is_purpose_checked
    FROM marts.human_experimental AS h
    WHERE h.report_count > 0 AND h.is_on_topic
),

numbers AS (
    SELECT
        s.search,
        count(*) FILTER (s.is_confirmed) AS confirmed,
        count(*) FILTER (s.is_confirmed AND s.pain_kind IS NOT NULL) AS pain,
        count(*) FILTER (s.is_confirmed AND s.pain_kind = 'provoked') AS provoked,
        count(*) FILTER (s.is_confirmed AND s.pain_kind = 'patients') AS patients,
        count(*) FILTER (s.is_confirmed AND s.pain_kind = 'unclear') AS unclear,
        count(*) FILTER (s.is_confirmed AND NOT s.is_purpose_checked) AS pain_unchecked,
        count(*) FILTER (NOT s.is_confirmed) AS unchecked
    FROM studies AS s
    GROUP BY s.search
),

reports AS (
    SELECT
        s.search,
        list(s.pmid ORDER BY s.pmid) FILTER (s.is_confirmed) AS confirmed,
        list(s.pmid ORDER BY s.pmid) FILTER (s.is_confirmed AND s.pain_kind IS NOT NULL) AS pain,
        list(s.pmid ORDER BY s.pmid)
            FILTER (s.is_confirmed AND s.pain_kind = 'provoked') AS provoked,
        list(s.pmid ORDER BY s.pmid)
            FILTER (s.is_confirmed AND s.pain_kind = 'patients') AS patients,
        list(s.pmid ORDER BY s.pmid) FILTER (s.is_confirmed AND s.pain_kind = 'unclear') AS unclear,
        list(s.pmid ORDER BY s.pmid)
            FILTER (s.is_confirmed AND NOT s.is_purpose_checked) AS pain_unchecked,
        list(s.pmid ORDER BY s.pmid) FILTER (NOT s.is_confirmed) AS unchecked
    FROM (SELECT * REPLACE (unnest(report_pmids) AS report_pmids) FROM studies)
        AS s (search, pmid, is_confirmed, pain_kind, is_purpose_checked)
    GROUP BY s.search
),

subjects AS (
    SELECT
        s.search,
        string_agg(t.subject, ' and ' ORDER BY t.display_order) AS subject
    FROM evidence.searches AS s
    INNER JOIN evidence.topics AS t ON list_contains(s.topics, t.topic)
    GROUP BY s.search
),

unheld AS (
    SELECT
        u.search,
        count(*) AS records
    FROM ops.unread_records AS u
    WHERE NOT u.is_held
    GROUP BY u.search
),

members AS (
    SELECT
        m.search,
        list(m.pmid ORDER BY m.pmid) AS pmids
    FROM ops.search_hits AS m
    WHERE m.left_at IS NULL
    GROUP BY m.search
)

SELECT
    v.search,
    e.label,
    t.subject,
    CASE
        WHEN r.mode = 'files' THEN 'files'
        WHEN
            r.mode = 'live'
            AND NOT coalesce(
                try_cast(try_cast(r.parameters AS JSON) ->> '$.rehearsal' AS BOOLEAN), FALSE
            )
            THEN 'pubmed'
        ELSE 'replay'
    END,
    CASE WHEN v.is_known THEN coalesce(len(m.pmids), 0) + coalesce(u.records, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.confirmed, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.pain, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.provoked, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.patients, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.unclear, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.pain_unchecked, 0) END,
    CASE WHEN v.is_known THEN coalesce(n.unchecked, 0) END,
    coalesce(len(m.pmids), 0),
    coalesce(n.confirmed, 0),
    coalesce(n.pain, 0),
    coalesce(n.provoked, 0),
    coalesce(n.patients, 0),
    coalesce(n.unclear, 0),
    coalesce(n.pain_unchecked, 0),
    coalesce(n.unchecked, 0),
    coalesce(m.pmids, []),
    coalesce(l.confirmed, []),
    coalesce(l.pain, []),
    coalesce(l.provoked, []),
    coalesce(l.patients, []),
    coalesce(l.unclear, []),
    coalesce(l.pain_unchecked, []),
    coalesce(l.unchecked, []),
    v.unread_count,
    v.coverage,
    p.as_of_date,
    NULL,
    p.set_id
FROM marts.coverage AS v
CROSS JOIN run_parameters AS p
INNER JOIN evidence.searches AS e ON v.search = e.search
INNER JOIN ops.searches AS q ON v.search = q.search AND p.as_of = q.searched_at
INNER JOIN ops.runs AS r ON q.run_id = r.run_id
LEFT JOIN numbers AS n ON v.search = n.search
LEFT JOIN reports AS l ON v.search = l.search
LEFT JOIN subjects AS t ON v.search = t.search
LEFT JOIN unheld AS u ON v.search = u.search
LEFT JOIN members AS m ON v.search = m.search
ORDER BY e.display_order;
