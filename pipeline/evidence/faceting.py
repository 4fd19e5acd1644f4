"""Give every record its facets, with their proofs, from what was judged before.

Study types and topics are decided first (people's decisions included), since they say which
facets a record has at all.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.affiliations import find_countries
from pipeline.evidence.facet_sources import from_aspects, read_values
from pipeline.evidence.facets import AFFILIATIONS, NOT_STATED, Facets
from pipeline.evidence.folding import sql_string
from pipeline.evidence.inserting import insert
from pipeline.evidence.matching import run_rules
from pipeline.evidence.overrides import FACET, Overrides
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.study_types import StudyTypes

_PROOF = "rule_id, source, field, section_no, matched_text, char_start, char_end"
_BEFORE = 40
"""How far before a value `not_after` looks, in characters."""
_BEHIND = 50
"""How much of what stands behind a value `not_before` sees."""
_LEVELS = "['focus', 'outcome', 'mention']"
_LEVEL_SQL = """
    CASE WHEN field IN ('title', 'vernacular_title') OR source = 'nlm_mesh_major' THEN 1
        WHEN text_form = 'outcome' THEN 2 ELSE 3 END
"""


def judge_facets(
    con: duckdb.DuckDBPyConnection,
    facets: Facets,
    study_types: StudyTypes,
    overrides: Overrides,
    schema: str,
) -> None:
    """Fill evidence.article_facets, its lookups and its proofs.

    Args:
        con: connection on which `zones.build_units` has run, and evidence.article_topics,
            .article_study_types, .article_type_aspects and .proofs are written.
        facets: the rules.
        study_types: for the aspects that some facets show.
        overrides: people's decisions; they take the place of all values of their facet.
        schema: schema that presents the tables of core.
    """
    _write_lookups(con, facets)
    _scope(con, facets)
    _find_by_rules(con, facets, schema)
    _drop_doubtful(con, facets)
    read_values(con, facets)
    from_aspects(con, facets, study_types)
    for facet in facets.facets:
        if facet.source == AFFILIATIONS:
            find_countries(con, facet.name, facets.countries, schema)
    _write(con, facets, overrides)


def _write_lookups(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    con.execute("DELETE FROM evidence.facets; DELETE FROM evidence.facet_values")
    insert(
        con,
        "evidence.facets",
        [
            (one.name, one.label, one.definition, list(one.types), one.topic, place)
            for place, one in enumerate(facets.facets, 1)
        ],
    )
    values = [
        (one.name, value, label, place)
        for one in facets.facets
        for place, (value, label) in enumerate((*one.values, (NOT_STATED, "Not stated")), 1)
    ]
    con.execute(
        "INSERT INTO evidence.facet_values SELECT unnest(?), unnest(?), unnest(?), unnest(?)",
        [list(column) for column in zip(*values, strict=True)],
    )
    con.execute("DELETE FROM evidence.rule_sets WHERE kind = 'facet'")
    con.execute(
        "INSERT INTO evidence.rule_sets VALUES ('facet', ?, ?, ?)",
        [facets.version, facets.sha256, len(facets.rules.rules)],
    )


def _scope(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    """`facet_scope` (pmid, facet): which facets are told of which records."""
    by_type = ", ".join(
        f"({sql_string(one.name)}, {sql_string(code)})"
        for one in facets.facets
        for code in one.types
    )
    by_topic = ", ".join(
        f"({sql_string(one.name)}, {sql_string(one.topic)})" for one in facets.facets if one.topic
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE facet_scope AS
        SELECT DISTINCT label.pmid, wanted.facet
        FROM evidence.article_study_types AS label
        JOIN (VALUES {by_type or "('', '')"}) AS wanted (facet, study_type) USING (study_type)
        JOIN evidence.article_study_types AS main ON main.pmid = label.pmid AND main.is_primary
        WHERE NOT list_contains({list(facets.no_facets_of)}, main.study_type)
        UNION
        SELECT found.pmid, wanted.facet FROM evidence.article_topics AS found
        JOIN (VALUES {by_topic or "('', '')"}) AS wanted (facet, topic) USING (topic)
        """
    )


def _find_by_rules(con: duckdb.DuckDBPyConnection, facets: Facets, schema: str) -> None:
    """`facet_found`: the words behind each value, within the scope.

    Texts of records without facets are dropped first: nothing needs to be looked for there.
    """
    con.execute("DELETE FROM evidence_units WHERE pmid NOT IN (SELECT pmid FROM facet_scope)")
    run_rules(con, facets.rules, schema)
    rules = ", ".join(
        f"({number}, {sql_string(rule.rule_id)}, {sql_string(rule.code.partition('.')[0])}, "
        f"{sql_string(rule.code.partition('.')[2])})"
        for number, rule in enumerate(facets.rules.rules)
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE facet_found AS
        SELECT DISTINCT found.pmid, rule.facet, nullif(rule.value, '') AS value, rule.rule_id,
            rule.rule_no, found.source, found.field, found.section_no, found.matched_text,
            found.char_start, found.char_end, {_LEVEL_SQL} AS level_no
        FROM evidence_found AS found
        JOIN (VALUES {rules}) AS rule (rule_no, rule_id, facet, value) USING (rule_no)
        JOIN facet_scope AS scope ON scope.pmid = found.pmid AND scope.facet = rule.facet
        """
    )


def _drop_doubtful(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    """Take out values beside words that make them doubtful, and rests beside other values."""
    for facet in facets.facets:
        if facet.not_after:
            _drop_beside(
                con,
                facet.name,
                f"substr(unit.whole, greatest(facet_found.char_start - {_BEFORE - 1}, 1), "
                f"least(facet_found.char_start, {_BEFORE}))",
                f"(?:{regular_expression(facet.not_after)})[^.]*$",
            )
        if facet.not_before:
            _drop_beside(
                con,
                facet.name,
                f"substr(unit.whole, facet_found.char_end + 1, {_BEHIND})",
                rf"^[ ,-]*(?:{regular_expression(facet.not_before)})",
            )
        if facet.rest:
            con.execute(
                "DELETE FROM facet_found USING facet_found AS other WHERE facet_found.facet = ? "
                "AND facet_found.value = ? AND other.pmid = facet_found.pmid "
                "AND other.facet = facet_found.facet AND other.value <> facet_found.value",
                [facet.name, facet.rest],
            )


def _drop_beside(con: duckdb.DuckDBPyConnection, facet: str, beside: str, words: str) -> None:
    """Take out what was found of a facet where the text beside it (SQL) matches `words`."""
    con.execute(
        f"""
        DELETE FROM facet_found USING evidence_units AS unit
        WHERE facet_found.facet = {sql_string(facet)}
            AND unit.pmid = facet_found.pmid AND unit.field = facet_found.field
            AND unit.section_no IS NOT DISTINCT FROM facet_found.section_no
            AND regexp_matches({beside}, {sql_string(words)})
        """
    )


def _write(con: duckdb.DuckDBPyConnection, facets: Facets, overrides: Overrides) -> None:
    """Decisions of people in force, then everything into evidence, in a fixed order."""
    _apply_overrides(con, overrides)
    con.execute(
        "DELETE FROM evidence.article_facets; DELETE FROM evidence.proofs WHERE kind='facet'"
    )
    con.execute(
        f"""
        INSERT INTO evidence.article_facets
        SELECT pmid, facet, value, {_LEVELS}[min(level_no)],
            CASE WHEN bool_or(source = 'override') THEN 'override' ELSE 'rule' END, $version
        FROM facet_found GROUP BY pmid, facet, value
        UNION ALL
        SELECT pmid, facet, '{NOT_STATED}', 'none', 'none', $version FROM facet_scope
        WHERE (pmid, facet) NOT IN (SELECT (pmid, facet) FROM facet_found)
        ORDER BY ALL
        """,
        {"version": facets.version},
    )
    con.execute(
        f"""
        INSERT INTO evidence.proofs
        SELECT 'facet', facet || '.' || value, pmid,
            row_number() OVER (PARTITION BY pmid, facet, value
                ORDER BY rule_id, source, field, section_no NULLS FIRST,
                    char_start NULLS FIRST, matched_text),
            {_PROOF}, $version
        FROM (SELECT DISTINCT pmid, facet, value, {_PROOF} FROM facet_found)
        ORDER BY ALL
        """,
        {"version": facets.version},
    )


def _apply_overrides(con: duckdb.DuckDBPyConnection, overrides: Overrides) -> None:
    """A decision takes the place of all values of its facet; what the rules say is kept beside."""
    for decision in overrides.decisions:
        if not decision.field.startswith(FACET):
            continue
        facet = decision.field.removeprefix(FACET)
        row = con.execute(
            "SELECT string_agg(DISTINCT value, '; ' ORDER BY value) FROM facet_found "
            "WHERE pmid = ? AND facet = ?",
            [decision.pmid, facet],
        ).fetchone()
        is_held = con.execute(
            "SELECT count(*) FROM evidence.article_flags WHERE pmid = ?", [decision.pmid]
        ).fetchone() == (1,)
        automatic = ((row and row[0]) or NOT_STATED) if is_held else None
        con.execute(
            "UPDATE evidence.overrides SET automatic_value = $automatic, "
            "is_expectation_met = $automatic = expect WHERE pmid = $pmid AND field = $field",
            {"automatic": automatic, "pmid": decision.pmid, "field": decision.field},
        )
        if automatic is None:
            continue
        con.execute("DELETE FROM facet_found WHERE pmid = ? AND facet = ?", [decision.pmid, facet])
        con.executemany(
            "INSERT INTO facet_found BY NAME SELECT ? AS pmid, ? AS facet, ? AS value, "
            "'override' AS rule_id, 0 AS rule_no, 'override' AS source, 'overrides' AS field, "
            "? AS matched_text, 3 AS level_no",
            [(decision.pmid, facet, value, decision.why) for value in decision.values()],
        )
