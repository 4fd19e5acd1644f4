-- What people read in the records of a claim, side by side with the counts and never summed.

CREATE OR REPLACE TABLE marts.claim_readings ( -- what a person read in a record about a claim, with a checked quote; never a verdict by majority
    claim VARCHAR NOT NULL, -- the claim
    pmid INTEGER NOT NULL, -- the record
    citation VARCHAR, -- first author, journal, year; NULL when it is in no search now
    study_type VARCHAR, -- its primary study type
    direction VARCHAR NOT NULL, -- supports, partly, against or unclear
    directness VARCHAR NOT NULL, -- same population and product, other population, other product, animal or cells
    population VARCHAR, -- who or what was studied
    sample_size INTEGER, -- how many
    quote VARCHAR NOT NULL, -- exact words of title or abstract
    section VARCHAR NOT NULL, -- where they stand
    note VARCHAR, -- what a reader must know
    who VARCHAR NOT NULL, -- who read it
    curated_date DATE NOT NULL, -- when
    stale_reason VARCHAR, -- text changed or retracted since, or not held: the record is not in this warehouse and the quote unchecked; NULL while it holds
    PRIMARY KEY (claim, pmid)
);

INSERT INTO marts.claim_readings
SELECT
    e.claim,
    e.pmid,
    a.citation,
    a.study_type,
    e.direction,
    e.directness,
    e.population,
    e.sample_size,
    e.quote,
    e.section,
    e.note,
    e.who,
    e.curated_date,
    e.stale_reason
FROM evidence.claim_evidence AS e
LEFT JOIN marts.articles AS a ON e.pmid = a.pmid
ORDER BY e.claim, e.pmid;
