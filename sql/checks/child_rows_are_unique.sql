-- severity: error
-- No record has two rows of the same key in a table that holds several rows a record.
-- Of the records that came or were judged in this run; `ketum verify` looks at all of them.
SELECT
    relation,
    pmid,
    row_key
FROM (
    SELECT 'core.abstract_sections' AS relation, pmid, section_no::VARCHAR AS row_key
    FROM core.abstract_sections
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.affiliations', pmid, concat_ws(' ', author_no, affiliation_no)
    FROM core.affiliations
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.article_identifiers', pmid, position::VARCHAR
    FROM core.article_identifiers
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.article_links', pmid, position::VARCHAR
    FROM core.article_links
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.authors', pmid, author_no::VARCHAR
    FROM core.authors
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.chemicals', pmid, position::VARCHAR
    FROM core.chemicals
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.cited_references', pmid, reference_no::VARCHAR
    FROM core.cited_references
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.databank_accessions', pmid, position::VARCHAR
    FROM core.databank_accessions
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.grants', pmid, position::VARCHAR
    FROM core.grants
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.history_dates', pmid, position::VARCHAR
    FROM core.history_dates
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.keywords', pmid, position::VARCHAR
    FROM core.keywords
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.mesh_headings', pmid, concat_ws(' ', heading_no, qualifier_no)
    FROM core.mesh_headings
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.publication_types', pmid, position::VARCHAR
    FROM core.publication_types
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.related_objects', pmid, position::VARCHAR
    FROM core.related_objects
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'core.supplementary_concepts', pmid, position::VARCHAR
    FROM core.supplementary_concepts
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'evidence.article_facets', pmid, concat_ws(' ', facet, value)
    FROM evidence.article_facets
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
    UNION ALL
    SELECT 'evidence.proofs', pmid, concat_ws(' ', kind, code, proof_no)
    FROM evidence.proofs
    WHERE pmid IN (SELECT r.pmid FROM run_touched AS r)
)
GROUP BY relation, pmid, row_key
HAVING count(*) > 1
