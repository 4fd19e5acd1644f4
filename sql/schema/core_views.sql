-- Views over core that many questions start from.

CREATE VIEW core.article_years AS
SELECT
    a.pmid,
    coalesce(a.issue_year, a.electronic_year) AS year,
    CASE
        WHEN a.issue_year IS NOT NULL THEN 'issue'
        WHEN a.electronic_year IS NOT NULL THEN 'electronic'
        WHEN a.issue_date_verbatim IS NOT NULL THEN 'unreadable'
        ELSE 'not_stated'
    END AS year_source,
    least(a.issue_year, a.electronic_year) AS first_public_year,
    year(h.entry_at)::SMALLINT AS entry_year,
    h.entry_at,
    year(h.edat_at)::SMALLINT AS edat_year,
    h.edat_at
FROM core.articles AS a
LEFT JOIN (
    SELECT
        pmid,
        min(event_at) FILTER (pub_status = 'entrez') AS entry_at,
        min(event_at) FILTER (pub_status = 'pubmed') AS edat_at
    FROM core.history_dates
    GROUP BY pmid
) AS h ON a.pmid = h.pmid;

COMMENT ON VIEW core.article_years IS 'the years of an article; year is the one the summary tables use';
COMMENT ON COLUMN core.article_years.pmid IS 'the article';
COMMENT ON COLUMN core.article_years.year IS 'year of the journal issue, else of the electronic publication';
COMMENT ON COLUMN core.article_years.year_source IS 'issue, electronic, or why it is missing: unreadable or not_stated';
COMMENT ON COLUMN core.article_years.first_public_year IS 'the earlier of issue and electronic year, for trends';
COMMENT ON COLUMN core.article_years.entry_year IS 'year the record entered PubMed (History entrez, CRDT)';
COMMENT ON COLUMN core.article_years.entry_at IS 'moment the record entered PubMed, without a stated zone';
COMMENT ON COLUMN core.article_years.edat_year IS 'year of NLM''s Entry Date (History pubmed, EDAT), which [edat] asks for: of records added over a year late it is the year of publication';
COMMENT ON COLUMN core.article_years.edat_at IS 'NLM''s Entry Date, without a stated zone';

-- NLM writes "[Not Available]." where a title was not translated: the vernacular one is shown then.
-- A name that NLM marks as corrected (ValidYN N) stands beside the right one and is not shown.
CREATE VIEW core.article_citations AS
SELECT
    a.pmid,
    coalesce(
        CASE
            WHEN
                NOT regexp_matches(
                    a.title, '(?i)^[\s\pP]*(not available|no title available)?[\s\pP]*$'
                )
                THEN a.title
        END,
        nullif(trim(a.vernacular_title), ''),
        nullif(trim(a.title), '')
    ) AS title,
    coalesce(
        nullif(
            concat_ws(
                ' ',
                nullif(trim(p.author.last_name), ''),
                coalesce(
                    nullif(trim(p.author.initials), ''), nullif(trim(p.author.fore_name), '')
                )
            ),
            ''
        ),
        nullif(trim(p.author.collective_name), '')
    ) AS first_author,
    coalesce(
        nullif(trim(a.pages), ''),
        nullif(concat_ws('-', nullif(trim(a.start_page), ''), nullif(trim(a.end_page), '')), ''),
        i.article_number
    ) AS locator
FROM core.articles AS a
LEFT JOIN (
    SELECT
        pmid,
        arg_min(
            struct_pack(
                last_name := last_name,
                initials := initials,
                fore_name := fore_name,
                collective_name := collective_name
            ),
            (list_kind <> 'author', author_no)
        ) AS author
    FROM core.authors
    WHERE
        list_kind IN ('author', 'book_author')
        AND is_valid IS DISTINCT FROM FALSE
        AND trim(concat(last_name, initials, fore_name, collective_name)) <> ''
    GROUP BY pmid
) AS p ON a.pmid = p.pmid
LEFT JOIN (
    SELECT
        pmid,
        arg_min(trim(value), position) AS article_number
    FROM core.article_identifiers
    WHERE
        element = 'ELocationID'
        AND id_type = 'pii'
        AND is_valid IS DISTINCT FROM FALSE
        AND trim(value) <> ''
    GROUP BY pmid
) AS i ON a.pmid = i.pmid;

COMMENT ON VIEW core.article_citations IS 'what of an article a citation shows';
COMMENT ON COLUMN core.article_citations.pmid IS 'the article';
COMMENT ON COLUMN core.article_citations.title IS 'its title, brackets of translated ones kept; the vernacular one where PubMed has none or [Not Available]';
COMMENT ON COLUMN core.article_citations.first_author IS 'last name and initials of the first valid author, or the name of a group';
COMMENT ON COLUMN core.article_citations.locator IS 'pages, else the article number (ELocationID pii)';

CREATE VIEW core.abstracts AS
SELECT
    pmid,
    string_agg(concat_ws(': ', label, text), chr(10) ORDER BY section_no) AS abstract
FROM core.abstract_sections
WHERE abstract_type = 'main'
GROUP BY pmid;

COMMENT ON VIEW core.abstracts IS 'main abstracts as one text, labelled sections on lines of their own';
COMMENT ON COLUMN core.abstracts.pmid IS 'the article';
COMMENT ON COLUMN core.abstracts.abstract IS 'the abstract';

CREATE VIEW core.mesh_descriptors AS
SELECT
    pmid,
    descriptor_ui,
    descriptor,
    bool_or(is_major_descriptor OR coalesce(is_major_qualifier, FALSE)) AS is_major
FROM core.mesh_headings
GROUP BY pmid, descriptor_ui, descriptor;

COMMENT ON VIEW core.mesh_descriptors IS 'MeSH descriptors of an article, one row each';
COMMENT ON COLUMN core.mesh_descriptors.pmid IS 'the article';
COMMENT ON COLUMN core.mesh_descriptors.descriptor_ui IS 'UI of the descriptor';
COMMENT ON COLUMN core.mesh_descriptors.descriptor IS 'its name';
COMMENT ON COLUMN core.mesh_descriptors.is_major IS 'major by itself or through one of its qualifiers';

-- Words are runs of letters and digits, in small letters, without accents, the micro sign as mu.
CREATE VIEW core.article_words AS
SELECT
    t.pmid,
    t.field,
    t.word,
    count(*)::INTEGER AS occurrence_count
FROM (
    SELECT
        s.pmid,
        s.field,
        unnest(
            regexp_extract_all(
                replace(lower(strip_accents(s.text)), chr(181), chr(956)), '[\pL\pN]+'
            )
        ) AS word
    FROM (
        SELECT
            a.pmid,
            'title' AS field,
            concat_ws(' ', a.title, a.vernacular_title) AS text
        FROM core.articles AS a
        UNION ALL
        SELECT
            b.pmid,
            'abstract' AS field,
            b.text
        FROM core.abstract_sections AS b
        UNION ALL
        SELECT
            m.pmid,
            'mesh' AS field,
            m.descriptor AS text
        FROM core.mesh_descriptors AS m
        UNION ALL
        SELECT
            k.pmid,
            'keyword' AS field,
            k.keyword AS text
        FROM core.keywords AS k
    ) AS s
) AS t
GROUP BY t.pmid, t.field, t.word;

COMMENT ON VIEW core.article_words IS 'words of title, abstract, MeSH and keywords, one row per article, field and word: what full-text search looks in';
COMMENT ON COLUMN core.article_words.pmid IS 'the article';
COMMENT ON COLUMN core.article_words.field IS 'title, abstract, mesh or keyword';
COMMENT ON COLUMN core.article_words.word IS 'the word: letters and digits, small, without accents; 7-hydroxymitragynine is two words';
COMMENT ON COLUMN core.article_words.occurrence_count IS 'how often it stands in that field';
