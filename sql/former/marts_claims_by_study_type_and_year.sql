CREATE VIEW former.marts_claims_by_study_type_and_year AS
SELECT
    *,
    evidence_group AS domain
FROM marts.claims_by_study_type_and_year;
