-- Which records speak of withdrawal or dependence, in title, abstract, MeSH or keywords?
--
-- FROM core.find_articles('withdrawal dependen*') says the same in one line, for a file that is
-- opened itself. This form reads the view, which also answers in an attached file.
SELECT
    a.pmid,
    count(DISTINCT w.word) AS word_count,
    list_sort(list(DISTINCT w.field)) AS fields,
    list_sort(list(DISTINCT w.word)) AS words,
    a.study_type_label,
    a.citation,
    a.title
FROM core.article_words AS w
INNER JOIN marts.articles AS a ON w.pmid = a.pmid
WHERE w.word = 'withdrawal' OR w.word LIKE 'dependen%'
GROUP BY a.pmid, a.study_type_label, a.citation, a.title
ORDER BY word_count DESC, len(fields) DESC, a.pmid DESC
LIMIT 25;
