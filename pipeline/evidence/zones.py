"""Where in a record words stand: one temporary table of text units with their zones.

A unit is one stored text: the title, the vernacular title, one abstract section, one
keyword. Each has a zone, and up to three folded forms of the same length as the stored
text, so that offsets found in any of them hold in the stored text:

- `whole`: everything;
- `judged`: what may decide a study type. Sentences that only give background or call for
  further research are blotted out with full stops (study_types.md, section 0: designs named
  there are the commonest error of text rules);
- `outcome`: only results and conclusions.

Unlabelled abstracts are cut into sentences for this. Their zone is `body`.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import re

import duckdb

from pipeline.evidence.folding import fold_sql, sql_string
from pipeline.evidence.patterns import regular_expression

ABSTRACT_ZONES = ("background", "objective", "methods", "results", "conclusions", "body")
"""Zones of abstract sections; `background` is never judged."""
ZONES = ("title", "vernacular", *ABSTRACT_ZONES, "other_abstract", "keywords")

_LABELS = (
    ("conclusions", r"conclu|discuss|interpret|implication|summary|relevance|significance"),
    ("results", r"result|finding|outcome|case|presentation|observation|report"),
    ("methods", r"method|material|design|setting|participant|patient|subject|procedure|approach"),
    ("objective", r"objective|aim|purpose|goal|hypothes|question"),
    ("background", r"background|introduction|context|rationale|importance"),
)
"""Zones of labelled sections that NLM left without a category, by words in the label."""
_CATEGORIES = ("BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS")

OWN_WORK = (
    r"\b(?:we|our|us|here|herein|hereby|was|were|had|aim(?:s|ed)?|objectives?|purpose|goal)\b"
    r"|\b(?:this|present|current) (?:\w+ ){0,3}(?:stud(?:y|ies)|papers?|articles?|reviews?|work"
    r"|reports?|case|trial|survey|investigation|research|chapter|commentary|editorial|overview"
    r"|analysis|paper|series|guidelines?|letter|protocol|statement|update)\b"
    r"|\b(?:an?|one) (?:\w+ ){0,6}(?:trial|study|survey|case|patient|experiment)\b[^.]{0,40}"
    r"\b(?:compared|evaluated|tested|assessed|examined|investigated|developed|who)\b"
    r"|\byears? old|\bpresented with|\b(?:are|is) (?:being )?(?:reported|presented|described"
    r"|reviewed|discussed)|\b(?:participated|randomi[sz]ed to)\b"
    r"|^\W*(?:objectives?|aims?|purpose|goals?|methods?|materials?|design|patients?|participants"
    r"|case (?:report|presentation|description)|results|findings) ?[:.]"
)
"""A sentence that speaks of the authors' own work; openings before the first are background."""
OUTLOOK = (
    r"\b(?:further|future|more|additional|larger|large scale|well designed|prospective|rigorous"
    r"|high quality|long term|randomi[sz]ed|controlled|clinical)\b[^.]{0,60}"
    r"\b(?:stud(?:y|ies)|trials?|research|investigations?|work|evidence|data)\b[^.]{0,80}"
    r"\b(?:need(?:ed|s)?|warrant(?:ed|s)?|requir(?:ed|es?)|necessary|should|must|recommended"
    r"|essential|important|await(?:ed)?|encouraged|will be|could|can|may|might)\b"
    r"|\b(?:need|needs|call|calls|require|requires|required|warrants?|necessary)\b[^.]{0,60}"
    r"\b(?:stud(?:y|ies)|trials?|research|investigations?)\b"
    r"|\b(?:future|further) (?:\w+ ){0,3}(?:stud(?:y|ies)|trials?|research|investigations?|work)\b"
    r"|\bremains? to be\b"
)
"""A closing sentence that calls for research not done yet."""
OWN_SUMMARY = (
    r"\b(?:this|the present|our|in this) (?:\w+ ){0,3}(?:reviews?|articles?|papers?|chapters?"
    r"|overview)\b"
    r"|\bwe (?:\w+ )?(?:review|discuss|summari[sz]e|outline|describe|report|found|conclude)\b"
)
"""What a closing sentence may say beside its call: "we review what is known and what is needed"."""
FINDINGS = (
    r"\b(?:found|showed|shown|shows?|observed|demonstrated?s?|concluded?|revealed|identified"
    r"|results?|findings|signific\w+|conclusions?|suggest(?:s|ed|ing)?|indicat(?:es?|ed|ing)"
    r"|increased|decreased|reduced|improved|attenuated|inhibited|produced|reported|associated"
    r"|prevalence|compared (?:with|to))\b|\bp ?[<=]"
)
"""A sentence of an unlabelled abstract that reports what came out."""
_OPENING_SENTENCES = 4
_CLOSING_SENTENCES = 2
_BOUNDARY = (
    r"((?:[a-z0-9)%\]'\x{201d}\x{03b1}-\x{03c9}]|[A-Z]{2})[.!?])"
    r"[ \t\n\x{00a0}\x{2009}\x{202f}]([A-Z0-9(\[])"
)
_MARK = "\x01"
"""Stands for the one space between two sentences, so that no length changes."""


def build_units(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Fill the temporary table `evidence_units` from the records of a schema.

    Args:
        con: connection; nothing but temporary tables is written.
        schema: schema (or view schema) that presents the tables of core.

    The table has unit_no, pmid, field, section_no, zone, whole, judged, outcome.
    """
    zone = _zone_sql()
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_units AS
        WITH sections AS (
            SELECT pmid, section_no, text, abstract_type = 'main' OR NOT EXISTS (
                SELECT 1 FROM {schema}.abstract_sections AS main
                WHERE main.pmid = section.pmid AND main.abstract_type = 'main'
            ) AS is_judged, {zone} AS zone
            FROM {schema}.abstract_sections AS section
        ),
        folded AS (
            SELECT pmid, section_no, is_judged, zone,
                {fold_sql(_marked_sql("text", "zone"))} AS marked
            FROM sections
        ),
        cut AS (
            SELECT *, string_split(marked, chr(1)) AS sentences FROM folded
        ),
        told AS (
            SELECT *,
                CASE WHEN is_judged AND zone IN ('background', 'objective', 'body')
                    THEN list_position(list_transform(sentences,
                        lambda s: regexp_matches(s, {_pattern_sql(OWN_WORK)})), true)
                END AS first_own
            FROM cut
        ),
        judged AS (
            SELECT *, {_judged_sql()} AS kept FROM told
        )
        SELECT row_number() OVER () AS unit_no, unit.* FROM (
        SELECT pmid, 'abstract' AS field, section_no,
            CASE WHEN NOT is_judged THEN 'other_abstract'
                WHEN zone = 'background' THEN 'objective' ELSE zone END AS zone,
            replace(marked, chr(1), ' ') AS whole,
            CASE WHEN is_judged THEN array_to_string(kept, ' ') ELSE '' END AS judged,
            CASE WHEN NOT is_judged THEN ''
                WHEN zone IN ('results', 'conclusions') THEN array_to_string(kept, ' ')
                WHEN zone = 'body' THEN array_to_string(list_transform(kept,
                    lambda s: CASE WHEN regexp_matches(s, {_pattern_sql(FINDINGS)})
                        THEN s ELSE repeat('.', length(s)) END), ' ')
                ELSE '' END AS outcome
        FROM judged
        UNION ALL
        SELECT pmid, 'title', NULL, 'title', {fold_sql("title")}, {fold_sql("title")}, ''
        FROM {schema}.articles WHERE title IS NOT NULL
        UNION ALL
        SELECT pmid, 'vernacular_title', NULL, 'vernacular', {fold_sql("vernacular_title")},
            {fold_sql("vernacular_title")}, ''
        FROM {schema}.articles WHERE vernacular_title IS NOT NULL
        UNION ALL
        SELECT pmid, 'keywords', position, 'keywords', {fold_sql("keyword")},
            {fold_sql("keyword")}, ''
        FROM {schema}.keywords
        ) AS unit
        """
    )


def stored_text_sql(schema: str) -> str:
    """SELECT of (pmid, field, section_no, stored) for every unit: the text offsets point into."""
    return f"""
        SELECT pmid, 'abstract' AS field, section_no, text AS stored
        FROM {schema}.abstract_sections
        UNION ALL
        SELECT pmid, 'title', NULL, title FROM {schema}.articles WHERE title IS NOT NULL
        UNION ALL
        SELECT pmid, 'vernacular_title', NULL, vernacular_title
        FROM {schema}.articles WHERE vernacular_title IS NOT NULL
        UNION ALL
        SELECT pmid, 'keywords', position, keyword FROM {schema}.keywords
    """


def _zone_sql() -> str:
    """The zone of a section: NLM's category, else words in the label, else `body`."""
    categories = " ".join(f"WHEN nlm_category = '{c}' THEN '{c.lower()}'" for c in _CATEGORIES)
    labels = " ".join(
        f"WHEN regexp_matches(lower(label), {sql_string(words)}) THEN '{zone}'"
        for zone, words in _LABELS
    )
    return f"CASE {categories} {labels} ELSE 'body' END"


def _marked_sql(text: str, zone: str) -> str:
    """The text with sentence ends marked, where sentences matter."""
    return f"CASE WHEN {zone} IN ('methods', 'results') THEN {text} ELSE {marked_sql(text)} END"


def marked_sql(text: str) -> str:
    """The stored text with chr(1) in place of the one space between two sentences."""
    return f"regexp_replace({text}, {sql_string(_BOUNDARY)}, '\\1' || chr(1) || '\\2', 'g')"


def _judged_sql() -> str:
    """The sentences with background openings and closing calls for research blotted out."""
    outlook = (
        f"zone IN ('body', 'conclusions') AND i > len(sentences) - {_CLOSING_SENTENCES} "
        f"AND len(sentences) > 1 AND regexp_matches(s, {_pattern_sql(OUTLOOK)}) "
        f"AND NOT regexp_matches(s, {_pattern_sql(OWN_SUMMARY)})"
    )
    opening = (
        f"zone = 'body' AND i <= {_OPENING_SENTENCES} "
        "AND i < coalesce(first_own, CASE WHEN len(sentences) > 2 THEN 2 ELSE 1 END)"
    )
    before_aim = "zone = 'objective' AND i < coalesce(first_own, 1)"
    background = "zone = 'background' AND i < coalesce(first_own, len(sentences) + 1)"
    return (
        "CASE WHEN NOT is_judged OR zone IN ('methods', 'results') THEN sentences "
        f"ELSE list_transform(sentences, lambda s, i: CASE WHEN ({outlook}) OR ({opening}) "
        f"OR ({before_aim}) OR ({background}) THEN repeat('.', length(s)) ELSE s END) END"
    )


def _pattern_sql(pattern: str) -> str:
    return sql_string(regular_expression(pattern))


def checked_schema(schema: str) -> str:
    """The schema name, refused unless it is a plain (dotted) identifier."""
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", schema):
        raise ValueError(f"not a schema name: {schema!r}")
    return schema
