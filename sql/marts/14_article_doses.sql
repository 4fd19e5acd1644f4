-- Doses as numbers: the values of the facet dose, in columns that can be compared.

CREATE OR REPLACE TABLE marts.article_doses ( -- one row per record and dose that was given, or that people took; those of another substance are marked
    pmid INTEGER NOT NULL, -- the record
    value VARCHAR NOT NULL, -- the value of the facet, e.g. 10-20 mg/kg mitragynine
    amount_low DOUBLE NOT NULL, -- the amount; of a range the lower end
    amount_high DOUBLE NOT NULL, -- the amount; of a range the upper end
    unit VARCHAR NOT NULL, -- of the amount: μg, mg, g, nmol, ml, l, cup, leaf, capsule or spoon
    per VARCHAR NOT NULL, -- what it is for: once (a dose, or not said), kg (of body weight), day, or kg/day
    substance VARCHAR NOT NULL, -- what the amount is of: leaf (leaf or powder), extract, decoction, mitragynine, 7_hydroxymitragynine, pseudoindoxyl, other_alkaloid, synthetic_analogue, kratom (not said what of it), other_drug or unclear
    is_kratom BOOLEAN NOT NULL, -- kratom, its alkaloids, or a compound made from them
    mg_low DOUBLE, -- the lower amount in mg; NULL for units that are no mass
    mg_high DOUBLE, -- the upper amount in mg
    words VARCHAR[] NOT NULL, -- the words behind it
    PRIMARY KEY (pmid, value)
);

INSERT INTO marts.article_doses
SELECT
    f.pmid,
    f.value,
    d.low,
    coalesce(d.high, d.low),
    d.unit,
    coalesce(d.per, 'once'),
    d.substance,
    d.substance NOT IN ('other_drug', 'unclear'),
    d.low * m.in_mg,
    coalesce(d.high, d.low) * m.in_mg,
    f.words
FROM marts.article_facets AS f
CROSS JOIN LATERAL (
    SELECT
        regexp_extract(
            f.value,
            '^([\d.]+)(?:-([\d.]+))? ([^ /]+)(?:/(\S+))? (\S+)$',
            ['low', 'high', 'unit', 'per', 'substance']
        ) AS parts
) AS r
CROSS JOIN LATERAL (
    SELECT
        r.parts.unit,
        r.parts.substance,
        try_cast(r.parts.low AS DOUBLE) AS low,
        try_cast(r.parts.high AS DOUBLE) AS high,
        nullif(r.parts.per, '') AS per
) AS d
LEFT JOIN (VALUES ('μg', 0.001), ('mg', 1.0), ('g', 1000.0)) AS m (unit, in_mg)
    ON d.unit = m.unit
WHERE f.facet = 'dose' AND d.low IS NOT NULL
ORDER BY f.pmid, f.value;
