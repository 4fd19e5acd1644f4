-- The claim map by evidence domain. A record in two domains counts in both: never add the rows.

CREATE OR REPLACE TABLE marts.claims_by_domain ( -- records by search, claim and evidence domain; records, not a sum: one in two domains counts in both
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim
    domain VARCHAR NOT NULL, -- human experimental, human observational, animal, in vitro, in silico, synthesis or other
    domain_order SMALLINT NOT NULL, -- position of the domain; no rank
    measured_count INTEGER, -- records that measured it, or observed it in cases, without retracted articles, notices and preprints
    beside_count INTEGER, -- such records that tell of it otherwise: reported, given as a reason, reviewed, mentioned
    first_year SMALLINT, -- first year with a counted record
    last_year SMALLINT, -- last year with a counted record
    coverage VARCHAR NOT NULL, -- complete: a zero means none found; partial: an empty cell is not known
    as_of_date DATE NOT NULL, -- UTC date of the search
    set_id VARCHAR NOT NULL, -- the published set
    PRIMARY KEY (search, claim, domain)
);

INSERT INTO marts.claims_by_domain
WITH searches AS (
    SELECT
        y.search,
        any_value(y.coverage) AS coverage,
        any_value(CASE WHEN y.coverage = 'complete' THEN 0 END) AS empty_cell,
        any_value(y.as_of_date) AS as_of_date,
        any_value(y.set_id) AS set_id
    FROM marts.study_types_by_year AS y
    GROUP BY y.search
),

domains AS (
    SELECT DISTINCT
        d.domain,
        d.domain_order
    FROM evidence.study_type_domains AS d
),

counts AS (
    SELECT
        c.search,
        c.claim,
        unnest(c.domains) AS domain,
        c.how,
        c.how IN ('measured', 'observed') AS is_first_hand,
        c.year
    FROM marts.claim_articles AS c
    WHERE c.counted_as = 'record'
)

SELECT
    s.search,
    q.claim,
    d.domain,
    d.domain_order,
    coalesce(nullif(count(c.how) FILTER (c.is_first_hand), 0), any_value(s.empty_cell)),
    coalesce(nullif(count(c.how) FILTER (NOT c.is_first_hand), 0), any_value(s.empty_cell)),
    min(c.year),
    max(c.year),
    any_value(s.coverage),
    any_value(s.as_of_date),
    any_value(s.set_id)
FROM searches AS s
INNER JOIN evidence.searches AS e ON s.search = e.search
INNER JOIN evidence.claims AS q ON q.is_matched AND list_contains(e.topics, q.topic)
CROSS JOIN domains AS d
LEFT JOIN counts AS c ON s.search = c.search AND q.claim = c.claim AND d.domain = c.domain
GROUP BY s.search, q.claim, q.display_order, d.domain, d.domain_order
ORDER BY s.search, q.display_order, d.domain_order;
