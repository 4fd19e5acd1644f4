CREATE VIEW former.marts_domains AS
SELECT
    *,
    evidence_groups AS domains
FROM marts.domains;
