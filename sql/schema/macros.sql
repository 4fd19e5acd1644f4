-- Macros: only for a file that is opened itself. Attached under another name, views still answer
-- and macros do not, so everything they do can be had from views too.
-- The remark behind each macro becomes its COMMENT in the database.

-- Found by the most of the words asked for, then by where they stand: title 4, MeSH 3,
-- keyword 2, abstract 1, each field once. No inverse frequencies: among records all found by the
-- same search they would say little, and a reader can check this rank by eye.
-- A macro's parameters have no types, which the style checker does not know:
-- noqa: disable=CP05
CREATE MACRO core.find_articles(words) AS TABLE -- full-text search over title, abstract, MeSH and keywords, best first: FROM core.find_articles('withdrawal mice analges*'), where * ends the beginning of a word
WITH wanted AS (
    SELECT DISTINCT
        unnest(
            regexp_extract_all(
                replace(lower(strip_accents(words)), chr(181), chr(956)), '[\pL\pN]+\*?'
            )
        ) AS asked
),

found AS (
    SELECT
        w.pmid,
        q.asked,
        w.field,
        CASE w.field WHEN 'title' THEN 4 WHEN 'mesh' THEN 3 WHEN 'keyword' THEN 2 ELSE 1 END
            AS weight
    FROM core.article_words AS w
    INNER JOIN wanted AS q
        ON
            w.word = q.asked
            OR (ends_with(q.asked, '*') AND starts_with(w.word, rtrim(q.asked, '*')))
    GROUP BY w.pmid, q.asked, w.field
)

SELECT
    found.pmid,
    count(DISTINCT found.asked)::INTEGER AS word_count,
    sum(found.weight)::INTEGER AS score,
    list_sort(list(DISTINCT found.field)) AS fields,
    any_value(articles.title) AS title
FROM found
INNER JOIN core.articles AS articles ON found.pmid = articles.pmid
GROUP BY found.pmid
ORDER BY word_count DESC, score DESC, found.pmid DESC;
