CREATE VIEW former.marts_claims_by_study_type_and_year AS
SELECT
    * REPLACE (replace(claim, 'no_difference_reported', 'no_harm_found') AS claim),
    evidence_group AS domain
FROM marts.claims_by_study_type_and_year;
