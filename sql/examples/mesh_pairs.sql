-- Which MeSH headings stand together in kratom records?
--
-- lift: how many times more often than if the two had nothing to do with each other. Pairs with
-- check tags (Humans, Animals, ...) come up everywhere: that is what lift is for.
WITH members AS (
    SELECT pmid FROM ops.search_hits
    WHERE search = 'kratom' AND left_at IS NULL
),

headings AS (
    SELECT
        m.pmid,
        m.descriptor,
        count(*) OVER (PARTITION BY m.descriptor) AS heading_count
    FROM core.mesh_descriptors AS m
    INNER JOIN members AS k ON m.pmid = k.pmid
),

indexed AS (
    SELECT count(DISTINCT pmid) AS indexed_count FROM headings
)

SELECT
    a.descriptor AS heading,
    b.descriptor AS other_heading,
    count(*) AS record_count,
    round(
        count(*) * any_value(i.indexed_count)
        / (any_value(a.heading_count) * any_value(b.heading_count)), 1
    ) AS lift
FROM headings AS a
INNER JOIN headings AS b ON a.pmid = b.pmid AND a.descriptor < b.descriptor
CROSS JOIN indexed AS i
GROUP BY a.descriptor, b.descriptor
ORDER BY record_count DESC, lift DESC, heading ASC, other_heading ASC
LIMIT 30;
