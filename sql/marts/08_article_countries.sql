-- Where the authors work, read from the last words of their affiliations. Rows of a record follow
-- from its authors alone: they are made of the members in run_due, and kept of all others.

CREATE OR REPLACE TABLE marts.article_countries ( -- countries that the affiliations of a record end with; no row where none is recognised
    pmid INTEGER NOT NULL, -- the record, member of a search now
    country VARCHAR NOT NULL, -- its usual English name
    country_code VARCHAR NOT NULL, -- ISO 3166-1 alpha-2
    is_first_author BOOLEAN NOT NULL, -- the first country that an affiliation of the first author names
    author_count INTEGER NOT NULL, -- authors with an affiliation there
    affiliation VARCHAR NOT NULL, -- the first affiliation it was read from, verbatim
    PRIMARY KEY (pmid, country)
);

INSERT INTO marts.article_countries
WITH stated AS MATERIALIZED ( -- few of a large warehouse: read before anything is made of them
    SELECT
        pmid,
        author_no,
        affiliation_no,
        affiliation
    FROM core.affiliations
    WHERE pmid IN (SELECT d.pmid FROM run_due AS d)
),

people AS MATERIALIZED (
    SELECT
        pmid,
        author_no
    FROM core.authors
    WHERE
        list_kind IN ('author', 'book_author') AND is_valid IS DISTINCT FROM FALSE
        AND pmid IN (SELECT d.pmid FROM run_due AS d)
),

places AS ( -- one affiliation may name several, with a semicolon between them
    SELECT
        f.pmid,
        f.author_no,
        f.affiliation_no,
        f.affiliation,
        p.place_no,
        list_filter(
            list_transform(
                string_split(
                    regexp_replace(
                        regexp_replace(p.place, '(?i)(electronic address|e-?mail)\s*:.*$', ''),
                        '\([^)]*\)|\S+@\S+',
                        ' ',
                        'g'
                    ),
                    ','
                ),
                LAMBDA part: trim(part, ' .')
            ),
            LAMBDA part: part <> ''
        ) AS parts
    FROM stated AS f
    INNER JOIN people AS w ON f.pmid = w.pmid AND f.author_no = w.author_no
    CROSS JOIN unnest(string_split(f.affiliation, ';')) WITH ORDINALITY AS p (place, place_no)
),

endings AS ( -- its last part, and the one before it where a postcode or a city stands last
    SELECT
        pmid,
        author_no,
        affiliation_no,
        affiliation,
        place_no,
        steps.back,
        parts[len(parts) - steps.back] AS part,
        string_split(
            trim(
                regexp_replace(
                    regexp_replace(
                        lower(strip_accents(parts[len(parts) - steps.back])), '[''’.]', '', 'g'
                    ),
                    '[^a-z]+',
                    ' ',
                    'g'
                )
            ),
            ' '
        ) AS words
    FROM places
    CROSS JOIN (VALUES (0), (1)) AS steps (back)
    WHERE len(parts) > steps.back
),

named AS ( -- the longest name wins: New Mexico is not Mexico
    SELECT
        e.pmid,
        e.author_no,
        e.affiliation_no,
        e.affiliation,
        e.place_no,
        e.back,
        t.length,
        c.country,
        c.country_code
    FROM endings AS e
    CROSS JOIN (VALUES (1), (2), (3), (4), (5)) AS t (length)
    INNER JOIN (
        SELECT country, country_code, unnest(written_as) AS written FROM marts.countries
    ) AS c ON array_to_string(e.words[-t.length:], ' ') = c.written
    WHERE len(e.words) >= t.length
    UNION ALL
    SELECT e.pmid, e.author_no, e.affiliation_no, e.affiliation, e.place_no, e.back, 1, c.country,
        c.country_code
    FROM endings AS e
    INNER JOIN marts.countries AS c ON c.country_code = 'US'
    WHERE
        regexp_matches(
            e.part,
            -- DE is Germany too, and Georgia a country: these need the postcode
            '^(?:(?:A[LKZR]|C[OTA]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI'
            '|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|D\.?C)(?:\s+\d{5}(?:-\d{4})?)?'
            '|(?:DE|Georgia)\s+\d{5}(?:-\d{4})?)$'
        )
),

found AS (
    SELECT *
    FROM named
    QUALIFY row_number() OVER (
        PARTITION BY pmid, author_no, affiliation_no, place_no ORDER BY back ASC, length DESC
    ) = 1
)

SELECT
    pmid,
    country,
    country_code,
    bool_or(is_first),
    len(list_distinct(list(author_no)))::INTEGER,
    arg_min(affiliation, (author_no, affiliation_no))
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY pmid ORDER BY author_no, affiliation_no, place_no) = 1
        AND author_no = first_author_no AS is_first
    FROM found
    INNER JOIN (
        SELECT w.pmid, min(w.author_no) AS first_author_no
        FROM people AS w
        GROUP BY w.pmid
    ) USING (pmid)
)
GROUP BY pmid, country, country_code
ORDER BY pmid, country;
