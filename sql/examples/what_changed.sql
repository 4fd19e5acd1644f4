-- What changed in held records since the last published set, and what was there before?
SELECT
    changed_at,
    pmid,
    title,
    field,
    left(before, 200) AS before,
    left(after, 200) AS after
FROM marts.article_changes
WHERE is_since_last_set
ORDER BY changed_at DESC, pmid ASC, field ASC;
