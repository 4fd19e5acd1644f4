-- What was given in a trial or human laboratory study, at which dose, for which purpose. Values stand in one
-- row where one sentence of the record, or a sentence and its neighbour, names them together
-- (evidence.value_rows); what no sentence ties is one row a record, side by side.

CREATE OR REPLACE TABLE marts.human_experimental_doses ( -- substance, dose and purpose of the records in marts.human_experimental, one row per record and set of values that belong together
    search VARCHAR NOT NULL, -- the search
    study_group VARCHAR NOT NULL, -- the study, as in marts.human_experimental
    pmid INTEGER NOT NULL, -- the record
    row_no SMALLINT NOT NULL, -- number of the row within the record; 0 for the values side by side
    is_tied BOOLEAN NOT NULL, -- one sentence, or two neighbours, name these values together; false: the record names them, and nothing says that they belong together
    substances VARCHAR[] NOT NULL, -- kratom material or compound; empty where none is stated, or rows that are tied have all of them
    doses VARCHAR[] NOT NULL, -- doses with what they are of, e.g. 5 mg mitragynine; as numbers in marts.article_doses; empty as before
    purposes VARCHAR[] NOT NULL, -- what was measured; empty as before
    words VARCHAR[] NOT NULL, -- the words that tie the values, as they stand in the record; empty when not tied; all places are in evidence.proofs
    PRIMARY KEY (search, pmid, row_no)
);

INSERT INTO marts.human_experimental_doses
WITH records AS (
    SELECT
        h.search,
        h.study_group,
        unnest(h.report_pmids || h.other_pmids) AS pmid
    FROM marts.human_experimental AS h
)

SELECT
    r.search,
    r.study_group,
    r.pmid,
    v.row_no,
    v.row_no > 0,
    v.substances,
    v.doses,
    v.purposes,
    v.words
FROM records AS r
INNER JOIN evidence.value_rows AS v ON r.pmid = v.pmid AND v.row_kind = 'experiment'
ORDER BY r.search, r.pmid, v.row_no;
