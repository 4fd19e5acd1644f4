-- The groups a record counts in, under their old names.
CREATE VIEW former.evidence_article_domains AS
SELECT
    pmid,
    evidence_group AS domain,
    group_order AS domain_order
FROM evidence.article_groups;
