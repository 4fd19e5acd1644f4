-- severity: error
-- No child row without its article.
-- Of the records that came or were judged in this run; `ketum verify` looks at all of them.
SELECT
    relation,
    pmid
FROM (
    SELECT 'abstract_sections' AS relation, pmid FROM core.abstract_sections
    UNION ALL SELECT 'affiliations', pmid FROM core.affiliations
    UNION ALL SELECT 'article_identifiers', pmid FROM core.article_identifiers
    UNION ALL SELECT 'article_links', pmid FROM core.article_links
    UNION ALL SELECT 'article_versions', pmid FROM core.article_versions
    UNION ALL SELECT 'authors', pmid FROM core.authors
    UNION ALL SELECT 'books', pmid FROM core.books
    UNION ALL SELECT 'chemicals', pmid FROM core.chemicals
    UNION ALL SELECT 'cited_references', pmid FROM core.cited_references
    UNION ALL SELECT 'databank_accessions', pmid FROM core.databank_accessions
    UNION ALL SELECT 'grants', pmid FROM core.grants
    UNION ALL SELECT 'history_dates', pmid FROM core.history_dates
    UNION ALL SELECT 'keywords', pmid FROM core.keywords
    UNION ALL SELECT 'mesh_headings', pmid FROM core.mesh_headings
    UNION ALL SELECT 'publication_types', pmid FROM core.publication_types
    UNION ALL SELECT 'related_objects', pmid FROM core.related_objects
    UNION ALL SELECT 'supplementary_concepts', pmid FROM core.supplementary_concepts
    UNION ALL SELECT 'article_flags', pmid FROM evidence.article_flags
    UNION ALL SELECT 'article_study_types', pmid FROM evidence.article_study_types
    UNION ALL SELECT 'article_type_aspects', pmid FROM evidence.article_type_aspects
    UNION ALL SELECT 'study_type_suggestions', pmid FROM evidence.study_type_suggestions
    UNION ALL SELECT 'article_topics', pmid FROM evidence.article_topics
    UNION ALL SELECT 'article_facets', pmid FROM evidence.article_facets
    UNION ALL SELECT 'article_ties', pmid FROM evidence.article_ties
    UNION ALL SELECT 'registrations', pmid FROM evidence.registrations
    UNION ALL SELECT 'study_groups', pmid FROM evidence.study_groups
    UNION ALL SELECT 'article_claims', pmid FROM evidence.article_claims
    UNION ALL
    SELECT 'claim_evidence', pmid FROM evidence.claim_evidence
    WHERE stale_reason IS DISTINCT FROM 'not held'
    UNION ALL SELECT 'proofs', pmid FROM evidence.proofs
)
WHERE
    pmid IN (SELECT r.pmid FROM run_touched AS r)
    AND pmid NOT IN (SELECT a.pmid FROM core.articles AS a)
GROUP BY relation, pmid
