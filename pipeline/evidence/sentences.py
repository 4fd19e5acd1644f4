"""Text units of one sentence each, for rules that must hold within a sentence."""

# SQL here is made of constants and checked schema names.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.zones import marked_sql, stored_text_sql

_WHOLE_ZONES = ("title", "keywords")
_ABSTRACT_ZONES = ("results", "conclusions", "body")


def build_sentences(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Replace the temporary table `evidence_units` by one row a sentence.

    Args:
        con: connection on which `zones.build_units` has run; the temporary table
            `sentence_pmids` (pmid) names the records wanted.
        schema: schema that presents the tables of core.

    Titles and keywords stay whole. Of abstracts, only sentences of results and conclusions
    remain (see `zones`: the form `outcome`). The one form is `sentence`: full stops up to the
    sentence's place, so that offsets hold in the stored text.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_units AS
        WITH cut AS (
            SELECT unit.pmid, unit.field, unit.section_no, unit.zone, unit.outcome,
                list_transform(string_split({marked_sql("text.stored")}, chr(1)),
                    lambda s: length(s)) AS widths
            FROM evidence_units AS unit
            JOIN sentence_pmids USING (pmid)
            JOIN ({stored_text_sql(schema)}) AS text
                ON text.pmid = unit.pmid AND text.field = unit.field
                AND text.section_no IS NOT DISTINCT FROM unit.section_no
            WHERE list_contains({list(_ABSTRACT_ZONES)}, unit.zone)
        ),
        placed AS (
            SELECT * EXCLUDE (widths), unnest(range(1, len(widths) + 1)) AS sentence_no,
                unnest(widths) AS width,
                unnest(list_transform(range(1, len(widths) + 1),
                    lambda i: list_sum(widths[:i - 1]) + i - 1)) AS before
            FROM cut
        ),
        sentences AS (
            SELECT pmid, field, section_no, zone, sentence_no,
                substr(outcome, (coalesce(before, 0) + 1)::BIGINT, width) AS own,
                coalesce(before, 0)::BIGINT AS before
            FROM placed
        )
        SELECT row_number() OVER () AS unit_no, unit.* FROM (
            SELECT pmid, field, section_no, zone, repeat('.', before) || own AS sentence
            FROM sentences WHERE trim(own, '.') <> ''
            UNION ALL
            SELECT pmid, field, section_no, zone, whole
            FROM evidence_units JOIN sentence_pmids USING (pmid)
            WHERE list_contains({list(_WHOLE_ZONES)}, zone)
        ) AS unit
        """
    )
