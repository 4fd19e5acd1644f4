CREATE VIEW former.marts_claims_by_domain AS
SELECT
    * REPLACE (replace(claim, 'no_difference_reported', 'no_harm_found') AS claim),
    evidence_group AS domain,
    group_order AS domain_order
FROM marts.claims_by_group;
