CREATE VIEW former.marts_search_totals AS
SELECT
    *,
    held_pubmed_only_count AS pubmed_only_count,
    held_local_only_count AS local_only_count
FROM marts.search_totals;
