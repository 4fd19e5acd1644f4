-- severity: warning
-- Members of a year are no more than the records PubMed counted for it.
SELECT
    search,
    denominator,
    year,
    member_count,
    denominator_count
FROM marts.topic_share_by_year
WHERE member_count > denominator_count
