"""Facet values that no rule states itself: read from the words found, or told as aspects."""

# SQL here is made of constants and names quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.facet_values import READERS, span
from pipeline.evidence.facets import Facets
from pipeline.evidence.folding import sql_string
from pipeline.evidence.study_types import StudyTypes


def read_values(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    """Values that are read from the words: of each record those of the first rule that has any.

    A number is that of the first place; years are the first and the last of all places.
    """
    reads = {one.name: one.read for one in facets.facets if one.read}
    found = con.execute(
        """
        SELECT pmid, facet, matched_text, rule_no, field, section_no, char_start
        FROM facet_found WHERE value IS NULL
        ORDER BY pmid, facet, rule_no, field = 'title' DESC, section_no, char_start, char_end
        """
    ).fetchall()
    read: dict[tuple[int, str], list[tuple[str, list[object]]]] = {}
    for pmid, facet, text, *place in found:
        places = read.setdefault((pmid, facet), [])
        is_next = not places or (reads[facet] == "years" and places[0][1][1] == place[0])
        if is_next and (value := READERS[reads[facet]](text)):
            places.append((value, [text, *place]))
    values = [
        (pmid, facet, span([value for value, _ in places]), *place)
        for (pmid, facet), places in read.items()
        for _, place in places
    ]
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE facet_read (
            pmid INTEGER, facet VARCHAR, value VARCHAR, matched_text VARCHAR, rule_no INTEGER,
            field VARCHAR, section_no INTEGER, char_start INTEGER
        )
        """
    )
    if values:
        columns = [list(column) for column in zip(*values, strict=True)]
        con.execute(
            f"INSERT INTO facet_read SELECT {', '.join(['unnest(?)'] * len(columns))}", columns
        )
    con.execute(
        """
        UPDATE facet_found SET value = one.value FROM facet_read AS one
        WHERE facet_found.value IS NULL AND one.pmid = facet_found.pmid
            AND one.facet = facet_found.facet AND one.rule_no = facet_found.rule_no
            AND one.matched_text = facet_found.matched_text AND one.field = facet_found.field
            AND one.section_no IS NOT DISTINCT FROM facet_found.section_no
            AND one.char_start = facet_found.char_start
        """
    )
    con.execute("DELETE FROM facet_found WHERE value IS NULL")


def from_aspects(con: duckdb.DuckDBPyConnection, facets: Facets, study_types: StudyTypes) -> None:
    """Aspects of study types shown as facets, with the proofs that state them."""
    stating = [
        (rule.rule_id, *aspect.split(".", 1))
        for rule in study_types.rules.rules
        if (aspect := rule.aspect or ("." in rule.code and rule.code) or "")
    ]
    pairs = ", ".join(
        f"({sql_string(rule_id)}, {sql_string(aspect)}, {sql_string(value)})"
        for rule_id, aspect, value in stating
    )
    shown = ", ".join(
        f"({sql_string(one.name)}, {sql_string(one.aspect)})" for one in facets.facets if one.aspect
    )
    if not pairs or not shown:
        return
    con.execute(
        f"""
        INSERT INTO facet_found BY NAME
        SELECT DISTINCT told.pmid, shown.facet, told.value, 0 AS rule_no,
            proof.* EXCLUDE (kind, code, pmid, proof_no, rules_version),
            CASE WHEN proof.field = 'title' OR proof.source = 'nlm_mesh_major' THEN 1 ELSE 3 END
                AS level_no
        FROM evidence.article_type_aspects AS told
        JOIN (VALUES {shown}) AS shown (facet, aspect) USING (aspect)
        JOIN facet_scope AS scope ON scope.pmid = told.pmid AND scope.facet = shown.facet
        JOIN (VALUES {pairs}) AS stating (rule_id, aspect, value)
            ON stating.aspect = told.aspect AND stating.value = told.value
        JOIN evidence.proofs AS proof ON proof.kind = 'study_type' AND proof.pmid = told.pmid
            AND proof.code = told.study_type AND proof.rule_id = stating.rule_id
        """
    )
