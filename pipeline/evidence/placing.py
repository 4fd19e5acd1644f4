"""Where exactly the words of the rules that hold stand: `evidence_found`."""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.folding import sql_string
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.rules import RuleSet, Signal
from pipeline.evidence.zones import stored_text_sql


def locate(
    con: duckdb.DuckDBPyConnection,
    rules: RuleSet,
    found: dict[Signal, int],
    schema: str,
) -> None:
    """`evidence_found`: one row per rule that holds, own signal and unit, with exact places.

    What a rule requires is a condition and no proof: "patients" proves no trial.
    The first match in a unit is given. DuckDB has no position of a regular expression; the
    length of the text before the first match is one, since `regexp_split_to_array` splits there.
    """
    pairs = sorted(
        {
            (number, found[signal])
            for number, rule in enumerate(rules.rules)
            for signal in rule.signals
            if signal in found
        }
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_proving AS
        SELECT fired.pmid, fired.rule_no, hit.* EXCLUDE (pmid)
        FROM evidence_fired AS fired
        JOIN (
            SELECT unnest(?::INTEGER[]) AS rule_no, unnest(?::INTEGER[]) AS signal_no
        ) AS pair ON pair.rule_no = fired.rule_no
        JOIN evidence_hits AS hit
            ON hit.pmid = fired.pmid AND hit.signal_no = pair.signal_no
            {"AND hit.unit_no IS NOT DISTINCT FROM fired.unit_no" if rules.by_unit else ""}
        """,
        [[rule_no for rule_no, _ in pairs], [signal_no for _, signal_no in pairs]],
    )
    rows = con.execute("SELECT DISTINCT signal_no FROM evidence_proving").fetchall()
    proving = {number for (number,) in rows}
    placed = {signal: number for signal, number in found.items() if number in proving}
    texts = " ".join(f"WHEN '{column}' THEN {column}" for column in rules.columns)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_found AS
        WITH places AS (
            SELECT DISTINCT unit_no, signal_no FROM evidence_proving WHERE source = 'text'
        ),
        formed AS (
            SELECT place.*, unit.pmid, unit.field, unit.section_no, unit.zone,
                {", ".join(rules.columns)}, {_form_sql(placed, rules.columns)} AS text_form
            FROM places AS place
            JOIN evidence_units AS unit USING (unit_no)
        ),
        texts AS (
            SELECT * EXCLUDE ({", ".join(rules.columns)}),
                CASE text_form {texts} END AS text
            FROM formed
        ),
        placed AS (
            SELECT * EXCLUDE (text),
                {_each(placed, "length(regexp_split_to_array(text, {})[1])")}::INTEGER
                    AS char_start,
                {_each(placed, "length(regexp_extract(text, {}))")}::INTEGER AS width
            FROM texts
        )
        SELECT proving.pmid, proving.rule_no, proving.unit_no, proving.source,
            coalesce(placed.field, proving.field) AS field, placed.section_no, placed.zone,
            CASE WHEN proving.source = 'text'
                THEN substr(unit.stored, placed.char_start + 1, placed.width)
                ELSE proving.matched_text END AS matched_text,
            placed.char_start AS char_start,
            placed.char_start + placed.width AS char_end,
            placed.text_form AS text_form
        FROM evidence_proving AS proving
        LEFT JOIN placed
            ON placed.unit_no = proving.unit_no AND placed.signal_no = proving.signal_no
        LEFT JOIN ({stored_text_sql(schema)}) AS unit
            ON unit.pmid = placed.pmid AND unit.field = placed.field
            AND unit.section_no IS NOT DISTINCT FROM placed.section_no
        """
    )


def _form_sql(signals: dict[Signal, int], columns: tuple[str, ...]) -> str:
    """The first form of the text that each row's own signal stands in."""
    chosen = f"'{columns[-1]}'"
    for column in reversed(columns[:-1]):
        matches = _each(signals, f"regexp_matches({column}, {{}})")
        chosen = f"CASE WHEN {matches} THEN '{column}' ELSE {chosen} END"
    return chosen


def _each(signals: dict[Signal, int], expression: str) -> str:
    """An expression of a pattern, with the pattern of each row's own signal as a constant."""
    whens = " ".join(
        f"WHEN {number} THEN {expression.format(sql_string(regular_expression(signal.value)))}"
        for signal, number in signals.items()
        if signal.kind == "text"
    )
    return f"CASE signal_no {whens} END" if whens else "NULL"
