CREATE VIEW former.marts_claim_totals AS
SELECT * REPLACE (replace(claim, 'no_difference_reported', 'no_harm_found') AS claim)
FROM marts.claim_totals;
