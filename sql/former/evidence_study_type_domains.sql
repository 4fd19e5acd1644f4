CREATE VIEW former.evidence_study_type_domains AS
SELECT
    study_type,
    evidence_group AS domain,
    group_order AS domain_order
FROM evidence.study_types;
