-- What did PubMed return that the local rules cannot explain, and what did it not return?
--
-- matched_by 'pubmed': a member whose stored text shows none of the words or headings asked for.
-- matched_by 'local': a held record with the words, which PubMed did not return: no member.
SELECT
    d.search,
    d.matched_by,
    d.pmid,
    d.title,
    a.has_abstract,
    string_agg(m.descriptor, '; ' ORDER BY m.descriptor) AS mesh
FROM marts.search_differences AS d
LEFT JOIN marts.articles AS a ON d.pmid = a.pmid
LEFT JOIN core.mesh_descriptors AS m ON d.pmid = m.pmid
GROUP BY d.search, d.matched_by, d.pmid, d.title, a.has_abstract
ORDER BY d.search, d.matched_by, d.pmid;
