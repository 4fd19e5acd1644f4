"""Which records match which topic, how firmly, and which search of files would find them."""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.folding import sql_string
from pipeline.evidence.matching import run_rules
from pipeline.evidence.topics import Topics
from pipeline.evidence.zones import build_units, checked_schema


def match(con: duckdb.DuckDBPyConnection, topics: Topics, schema: str) -> None:
    """Match the records of a schema against all topics and searches.

    Creates the temporary tables `topic_hits` (pmid, topic, level), `local_hits` (search,
    pmid) and `topic_proofs` (pmid, topic, rule_id, source, field, section_no, matched_text,
    char_start, char_end). Nothing else is written.

    Args:
        con: an open connection.
        topics: what to match.
        schema: schema, or view schema, that presents the tables of core.
    """
    build_units(con, checked_schema(schema))
    match_units(con, topics, schema)


def match_units(con: duckdb.DuckDBPyConnection, topics: Topics, schema: str) -> None:
    """As `match`, for text units that are built already."""
    run_rules(con, topics.rule_set(), schema)
    clauses = ", ".join(
        f"({number}, {sql_string(clause.rule.code)}, {sql_string(clause.rule.rule_id)}, "
        f"{str(clause.is_substance).lower()})"
        for number, clause in enumerate(topics.clauses())
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE topic_proofs AS
        SELECT found.pmid, clause.topic, clause.rule_id, found.source, found.field,
            found.section_no, found.matched_text, found.char_start, found.char_end,
            CASE
                WHEN found.field IN ('title', 'vernacular_title') THEN 1
                WHEN found.source = 'nlm_mesh_major' AND NOT clause.is_substance THEN 1
                WHEN found.text_form = 'outcome' THEN 2
                ELSE 3
            END AS level_no
        FROM evidence_found AS found
        JOIN (VALUES {clauses}) AS clause (rule_no, topic, rule_id, is_substance)
            USING (rule_no)
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE topic_hits AS
        SELECT pmid, topic, ['focus', 'outcome', 'mention'][min(level_no)] AS level
        FROM topic_proofs GROUP BY pmid, topic
        """
    )
    searches = " UNION ALL ".join(
        f"SELECT {sql_string(search.name)} AS search, pmid FROM topic_hits "
        f"WHERE topic IN ({', '.join(map(sql_string, search.topics))}) "
        f"GROUP BY pmid HAVING count(*) = {len(search.topics)}"
        for search in topics.searches
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE local_hits AS "
        f"SELECT search, pmid FROM ({searches}) ORDER BY search, pmid"
    )
