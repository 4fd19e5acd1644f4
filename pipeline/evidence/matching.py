"""Run a set of rules over records, as set-based SQL with every pattern a constant.

Three steps, each over all records: which signals are found where (`evidence_hits`, by
`scanning` and `tags`), which rules hold (`evidence_fired`), and where exactly the words of the
rules that hold stand (`evidence_found`, by `placing`). Text units come from `zones.build_units`.
"""

# SQL here is made of numbers only.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.placing import locate
from pipeline.evidence.rules import Rule, RuleSet, Signal
from pipeline.evidence.scanning import scan
from pipeline.evidence.tags import tag_hits


def run_rules(con: duckdb.DuckDBPyConnection, rules: RuleSet, schema: str) -> None:
    """Fill the temporary tables `evidence_fired` and `evidence_found`.

    Args:
        con: connection on which `zones.build_units` has run for the same schema.
        rules: the rules to run.
        schema: schema that presents the tables of core.

    `evidence_fired` has (pmid, unit_no, rule_no), the last being the rule's place in the set and
    unit_no NULL unless the set is read by unit; `evidence_found` has (pmid, rule_no, unit_no,
    source, field, section_no, zone, matched_text, char_start, char_end, text_form), the words
    and tags behind each.
    """
    signals = rules.signals()
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE evidence_hits (
            pmid INTEGER, signal_no INTEGER, unit_no BIGINT, source VARCHAR, field VARCHAR,
            matched_text VARCHAR
        )
        """
    )
    scan(con, signals, rules.columns[-1])
    for statement in tag_hits(signals, schema):
        con.execute(
            "INSERT INTO evidence_hits (pmid, signal_no, source, field, matched_text) " + statement
        )
    rows = con.execute("SELECT DISTINCT signal_no FROM evidence_hits").fetchall()
    numbers = {number for (number,) in rows}
    found = {signal: number for signal, number in signals.items() if number in numbers}
    _fire(con, rules, found)
    locate(con, rules, found, schema)


def _fire(con: duckdb.DuckDBPyConnection, rules: RuleSet, found: dict[Signal, int]) -> None:
    """`evidence_fired`: the rules whose conditions hold, from the set of signals found."""
    conditions = [
        f"CASE WHEN {_condition_sql(rule, found)} THEN {number} END"
        for number, rule in enumerate(rules.rules)
        if all(not found.keys().isdisjoint(group) for group in (rule.signals, *rule.requires))
    ]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_fired AS
        WITH found AS (
            SELECT pmid, {"unit_no" if rules.by_unit else "NULL::BIGINT"} AS unit_no,
                list(DISTINCT signal_no) AS signals
            FROM evidence_hits GROUP BY ALL
        )
        SELECT pmid, unit_no,
            unnest(list_filter(
                [{", ".join(conditions)}]::INTEGER[], lambda n: n IS NOT NULL
            )) AS rule_no
        FROM found
        """
    )


def _condition_sql(rule: Rule, found: dict[Signal, int]) -> str:
    """Of signals that were found nowhere nothing is asked."""

    def any_of(group: tuple[Signal, ...]) -> str:
        return f"list_has_any(signals, {[found[signal] for signal in group if signal in found]})"

    parts = [any_of(rule.signals), *(any_of(group) for group in rule.requires)]
    if not found.keys().isdisjoint(rule.unless):
        parts.append(f"NOT {any_of(rule.unless)}")
    return " AND ".join(parts)
