-- The claim map by evidence group. A record in two groups counts in both: never add the rows.

CREATE OR REPLACE TABLE marts.claims_by_group ( -- records by search, claim and evidence group; records, not a sum: one in two groups counts in both
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    evidence_group VARCHAR NOT NULL, -- group in evidence.evidence_groups
    group_order SMALLINT NOT NULL, -- position of the group; no rank
    measured_count INTEGER, -- records that measured it, or observed it in cases, without retracted articles, notices and preprints
    beside_count INTEGER, -- such records that address it otherwise: reported, given as a reason, reviewed, mentioned
    looked_count INTEGER, -- studies of this group that looked at it (study groups; in a group of summaries the reviews), without those that only mention it
    looked_reported_count INTEGER, -- those that report it
    looked_not_found_count INTEGER, -- those that looked for it and did not find it
    looked_ruled_out_count INTEGER, -- those that rule it out as a cause
    looked_mixed_count INTEGER, -- those that report it beside what they did not find or ruled out
    looked_unclear_count INTEGER, -- those that leave it open, or do not state it in what is held
    held_measured_count INTEGER NOT NULL, -- measured_count of what is held, whatever the search covered
    held_beside_count INTEGER NOT NULL, -- beside_count of what is held
    held_looked_count INTEGER NOT NULL, -- looked_count of what is held
    held_looked_reported_count INTEGER NOT NULL, -- looked_reported_count of what is held
    held_looked_not_found_count INTEGER NOT NULL, -- looked_not_found_count of what is held
    held_looked_ruled_out_count INTEGER NOT NULL, -- looked_ruled_out_count of what is held
    held_looked_mixed_count INTEGER NOT NULL, -- looked_mixed_count of what is held
    held_looked_unclear_count INTEGER NOT NULL, -- looked_unclear_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, claim, evidence_group)
);

INSERT INTO marts.claims_by_group
WITH counts AS (
    SELECT
        c.search,
        c.claim,
        unnest(c.evidence_groups) AS evidence_group,
        c.how,
        c.year
    FROM marts.claim_articles AS c
    WHERE c.counted_as = 'record'
),

studies AS (
    SELECT
        s.search,
        s.claim,
        s.finding,
        unnest(s.evidence_groups) AS evidence_group
    FROM marts.claim_studies AS s
),

looked AS (
    SELECT
        l.search,
        l.claim,
        l.evidence_group,
        count(*) AS looked,
        count(*) FILTER (l.finding = 'reported') AS reported,
        count(*) FILTER (l.finding = 'not_found') AS not_found,
        count(*) FILTER (l.finding = 'ruled_out') AS ruled_out,
        count(*) FILTER (l.finding = 'mixed') AS mixed,
        count(*) FILTER (l.finding = 'unclear') AS unclear
    FROM studies AS l
    GROUP BY l.search, l.claim, l.evidence_group
),

held AS (
    SELECT
        v.search,
        q.claim,
        q.display_order,
        g.evidence_group,
        g.group_order,
        count(c.how) FILTER (c.how IN ('measured', 'observed')) AS measured,
        count(c.how) FILTER (c.how NOT IN ('measured', 'observed')) AS beside,
        min(c.year) AS first_year,
        max(c.year) AS last_year
    FROM marts.coverage AS v
    INNER JOIN evidence.searches AS e ON v.search = e.search
    INNER JOIN evidence.claims AS q ON q.is_matched AND list_contains(e.topics, q.topic)
    CROSS JOIN evidence.evidence_groups AS g
    LEFT JOIN counts AS c
        ON v.search = c.search AND q.claim = c.claim AND g.evidence_group = c.evidence_group
    GROUP BY v.search, q.claim, q.display_order, g.evidence_group, g.group_order
)

SELECT
    h.search,
    h.claim,
    h.evidence_group,
    h.group_order,
    CASE WHEN v.is_known THEN h.measured END,
    CASE WHEN v.is_known THEN h.beside END,
    CASE WHEN v.is_known THEN coalesce(k.looked, 0) END,
    CASE WHEN v.is_known THEN coalesce(k.reported, 0) END,
    CASE WHEN v.is_known THEN coalesce(k.not_found, 0) END,
    CASE WHEN v.is_known THEN coalesce(k.ruled_out, 0) END,
    CASE WHEN v.is_known THEN coalesce(k.mixed, 0) END,
    CASE WHEN v.is_known THEN coalesce(k.unclear, 0) END,
    h.measured,
    h.beside,
    coalesce(k.looked, 0),
    coalesce(k.reported, 0),
    coalesce(k.not_found, 0),
    coalesce(k.ruled_out, 0),
    coalesce(k.mixed, 0),
    coalesce(k.unclear, 0),
    v.unread_count,
    h.first_year,
    h.last_year,
    v.coverage,
    p.as_of_date,
    p.set_id
FROM held AS h
INNER JOIN marts.coverage AS v ON h.search = v.search
CROSS JOIN run_parameters AS p
LEFT JOIN looked AS k
    ON h.search = k.search AND h.claim = k.claim AND h.evidence_group = k.evidence_group
ORDER BY h.search, h.display_order, h.group_order;
