CREATE VIEW former.marts_claims_by_domain AS
SELECT
    *,
    evidence_group AS domain,
    group_order AS domain_order
FROM marts.claims_by_group;
