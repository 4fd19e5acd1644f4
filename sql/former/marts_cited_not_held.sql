CREATE VIEW former.marts_cited_not_held AS
SELECT
    *,
    held_citing_count AS citing_count,
    held_member_count AS member_count,
    held_with_references_count AS members_with_references_count
FROM marts.cited_not_held;
