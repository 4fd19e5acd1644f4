-- Behind every cell of the claim tables: which record addresses which claim, how, by which words.

CREATE OR REPLACE TABLE marts.claim_articles ( -- the records behind each cell of the claim tables; counts show what was looked at and what authors state, not what is true
    search VARCHAR NOT NULL, -- the search
    claim VARCHAR NOT NULL, -- the claim addressed
    pmid INTEGER NOT NULL, -- the record
    study_group VARCHAR NOT NULL, -- the study it reports; see evidence.study_groups
    how VARCHAR NOT NULL, -- measured, observed (cases), reported_by_users, reason_for_use, reviewed or mentioned
    looked_as VARCHAR NOT NULL, -- study, review, or mention: it only names the claim
    finding VARCHAR NOT NULL, -- what its authors state, not what is true: reported, not_found (looked for), ruled_out (as a cause), mixed (reported beside one of these) or unclear (left open, or not in what is held)
    finding_by VARCHAR NOT NULL, -- rule, or override: a person read it
    finding_words VARCHAR[] NOT NULL, -- the words that state it, verbatim; none where no words do
    study_type VARCHAR NOT NULL, -- its primary study type
    evidence_group VARCHAR NOT NULL, -- group of the study type
    evidence_groups VARCHAR[] NOT NULL, -- groups it counts in: of all its types for a primary study, of its primary type for a summary and the like
    year SMALLINT, -- the year it counts in; NULL when it has none
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    citation VARCHAR NOT NULL, -- first author, journal, year, volume, pages
    title VARCHAR, -- title
    pubmed_url VARCHAR, -- link to PubMed
    doi_url VARCHAR, -- link by DOI
    matched_words VARCHAR[] NOT NULL, -- the words and headings that matched, verbatim
    conclusion VARCHAR, -- the authors' conclusion, verbatim and not judged; NULL without an abstract
    conclusion_source VARCHAR, -- conclusion section, or last sentence
    PRIMARY KEY (search, claim, pmid)
);

INSERT INTO marts.claim_articles
WITH asked AS MATERIALIZED ( -- apart from what is said of them: an order of ten tables takes long to find
    SELECT
        h.search,
        h.pmid,
        c.claim,
        c.how,
        c.finding,
        c.finding_by,
        q.display_order
    FROM ops.search_hits AS h
    INNER JOIN evidence.searches AS s ON h.search = s.search
    INNER JOIN evidence.article_claims AS c ON h.pmid = c.pmid
    INNER JOIN evidence.claims AS q ON c.claim = q.claim AND list_contains(s.topics, q.topic)
    WHERE h.left_at IS NULL
),

members AS ( -- few of the records of a large warehouse: texts and proofs are read of these alone
    SELECT DISTINCT a.pmid FROM asked AS a
),

words AS (
    SELECT
        p.pmid,
        p.code AS claim,
        list_sort(list_distinct(list(p.matched_text))) AS matched_words
    FROM evidence.proofs AS p
    WHERE p.kind = 'claim' AND p.pmid IN (SELECT m.pmid FROM members AS m)
    GROUP BY p.pmid, p.code
),

stated AS (
    SELECT
        p.pmid,
        regexp_replace(p.code, '\.[a-z_]+$', '') AS claim,
        list_sort(list_distinct(list(p.matched_text))) AS finding_words
    FROM evidence.proofs AS p
    WHERE p.kind = 'finding' AND p.pmid IN (SELECT m.pmid FROM members AS m)
    GROUP BY p.pmid, claim
),

sections AS (
    SELECT
        x.pmid,
        x.section_no,
        x.text,
        coalesce(
            x.nlm_category = 'CONCLUSIONS' OR regexp_matches(lower(x.label), 'conclu'), FALSE
        ) AS is_conclusion
    FROM core.abstract_sections AS x
    WHERE x.abstract_type = 'main' AND x.pmid IN (SELECT m.pmid FROM members AS m)
),

conclusions AS (
    SELECT
        pmid,
        string_agg(text, ' ' ORDER BY section_no) FILTER (is_conclusion) AS labelled,
        list_last(
            string_split(
                regexp_replace(
                    arg_max(text, section_no),
                    '([a-z0-9)%\]][.!?]) +([A-Z])', '\1' || chr(1) || '\2', 'g'
                ),
                chr(1)
            )
        ) AS last_sentence
    FROM sections
    GROUP BY pmid
)

SELECT
    c.search,
    c.claim,
    c.pmid,
    e.study_group,
    c.how,
    CASE
        WHEN c.how = 'reviewed' THEN 'review'
        WHEN c.how = 'mentioned' THEN 'mention'
        ELSE 'study'
    END,
    c.finding,
    c.finding_by,
    coalesce(f.finding_words, []),
    a.study_type,
    a.evidence_group,
    g.evidence_groups,
    a.year,
    a.counted_as,
    a.citation,
    a.title,
    a.pubmed_url,
    a.doi_url,
    w.matched_words,
    coalesce(x.labelled, x.last_sentence),
    CASE
        WHEN x.labelled IS NOT NULL THEN 'conclusion section'
        WHEN x.last_sentence IS NOT NULL THEN 'last sentence'
    END
FROM asked AS c
INNER JOIN marts.articles AS a ON c.pmid = a.pmid
INNER JOIN evidence.study_groups AS e ON c.pmid = e.pmid
INNER JOIN marts.domains AS g ON c.search = g.search AND c.pmid = g.pmid
INNER JOIN words AS w ON c.pmid = w.pmid AND c.claim = w.claim
LEFT JOIN stated AS f ON c.pmid = f.pmid AND c.claim = f.claim
LEFT JOIN conclusions AS x ON c.pmid = x.pmid
ORDER BY c.search, c.display_order, c.pmid;
