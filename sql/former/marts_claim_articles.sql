CREATE VIEW former.marts_claim_articles AS
SELECT
    * REPLACE (replace(claim, 'no_difference_reported', 'no_harm_found') AS claim),
    evidence_groups AS domains
FROM marts.claim_articles;
