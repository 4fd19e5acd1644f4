CREATE VIEW former.marts_claim_articles AS
SELECT
    *,
    evidence_groups AS domains
FROM marts.claim_articles;
