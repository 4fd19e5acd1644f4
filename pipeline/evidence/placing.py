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
    signals: dict[Signal, int],
    schema: str,
) -> None:
    """`evidence_found`: one row per rule that holds, own signal and unit, with exact places.

    What a rule requires is a condition and no proof: "patients" proves no trial.
    The first match in a unit is given. DuckDB has no position of a regular expression; the
    length of the text before the first match is one, since `regexp_split_to_array` splits there.
    """
    proving = sorted(
        {
            (number, signals[signal])
            for number, rule in enumerate(rules.rules)
            for signal in rule.signals
        }
    )
    pairs = ", ".join(f"({rule_no}, {signal_no})" for rule_no, signal_no in proving)
    found = {
        number
        for (number,) in con.execute("SELECT DISTINCT signal_no FROM evidence_hits").fetchall()
    }
    seen = {signal: number for signal, number in signals.items() if number in found}
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_found AS
        WITH proving AS (
            SELECT fired.pmid, fired.rule_no, hit.* EXCLUDE (pmid)
            FROM evidence_fired AS fired
            JOIN (VALUES {pairs}) AS pair (rule_no, signal_no)
                ON pair.rule_no = fired.rule_no
            JOIN evidence_hits AS hit
                ON hit.pmid = fired.pmid AND hit.signal_no = pair.signal_no
                {"AND hit.unit_no IS NOT DISTINCT FROM fired.unit_no" if rules.by_unit else ""}
        ),
        places AS (
            SELECT DISTINCT unit_no, signal_no FROM proving WHERE source = 'text'
        ),
        placed AS (
            SELECT place.*, unit.pmid, unit.field, unit.section_no, unit.zone,
                {_place_sql(seen, rules.columns)}
            FROM places AS place
            JOIN evidence_units AS unit USING (unit_no)
        )
        SELECT proving.pmid, proving.rule_no, proving.unit_no, proving.source,
            coalesce(placed.field, proving.field) AS field, placed.section_no, placed.zone,
            CASE WHEN proving.source = 'text'
                THEN substr(unit.stored, placed.char_start + 1, placed.width)
                ELSE proving.matched_text END AS matched_text,
            placed.char_start AS char_start,
            placed.char_start + placed.width AS char_end,
            placed.text_form AS text_form
        FROM proving
        LEFT JOIN placed
            ON placed.unit_no = proving.unit_no AND placed.signal_no = proving.signal_no
        LEFT JOIN ({stored_text_sql(schema)}) AS unit
            ON unit.pmid = placed.pmid AND unit.field = placed.field
            AND unit.section_no IS NOT DISTINCT FROM placed.section_no
        """
    )


def _place_sql(signals: dict[Signal, int], columns: tuple[str, ...]) -> str:
    """char_start, width and text_form of the first match of each row's own signal."""
    starts: list[str] = []
    widths: list[str] = []
    forms: list[str] = []
    for signal, number in signals.items():
        if signal.kind != "text":
            continue
        pattern = sql_string(regular_expression(signal.value))

        def in_first_form(found: str, pattern: str = pattern) -> str:
            chosen = found.format(text=columns[-1], pattern=pattern)
            for column in reversed(columns[:-1]):
                here = found.format(text=column, pattern=pattern)
                chosen = (
                    f"CASE WHEN regexp_matches({column}, {pattern}) THEN {here} ELSE {chosen} END"
                )
            return chosen

        when = f"WHEN {number} THEN "
        starts.append(when + in_first_form("length(regexp_split_to_array({text}, {pattern})[1])"))
        widths.append(when + in_first_form("length(regexp_extract({text}, {pattern}))"))
        forms.append(when + in_first_form("'{text}'"))
    if not starts:
        return "NULL::INTEGER AS char_start, NULL::INTEGER AS width, NULL AS text_form"
    return (
        f"CASE place.signal_no {' '.join(starts)} END::INTEGER AS char_start, "
        f"CASE place.signal_no {' '.join(widths)} END::INTEGER AS width, "
        f"CASE place.signal_no {' '.join(forms)} END AS text_form"
    )
