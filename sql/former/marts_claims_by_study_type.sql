CREATE VIEW former.marts_claims_by_study_type AS
SELECT
    *,
    evidence_group AS domain
FROM marts.claims_by_study_type;
