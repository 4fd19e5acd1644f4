-- How many human trials on kratom and pain are there, and which?
--
-- One row a study, newest first: reports of one trial stand together, and study_count says how many
-- there are. is_pain_measured: pain was an outcome, not only a word in the record. With 'kratom' in
-- the place of 'kratom_pain': every human trial of kratom. marts.human_experimental has more on each
-- (substances, people, size, registrations), and studies that only mention kratom or of which no
-- valid report is held.
SELECT
    count(*) OVER () AS study_count,
    s.first_year AS year,
    s.is_pain_measured,
    string_agg(a.citation, '; ' ORDER BY a.year, a.pmid) AS reports,
    arg_min(a.title, (a.year, a.pmid)) AS title
FROM marts.human_experimental AS s
INNER JOIN marts.articles AS a ON list_contains(s.report_pmids, a.pmid)
WHERE s.search = 'kratom_pain' AND s.is_on_topic
GROUP BY s.study_group, s.first_year, s.is_pain_measured
ORDER BY s.first_year DESC NULLS LAST, s.study_group ASC;
