"""Run a set of rules over records, as set-based SQL with every pattern a constant.

Three steps, each one statement over all records: which signals are found where
(`evidence_hits`), which rules hold (`evidence_fired`), and where exactly the words of the
rules that hold stand (`evidence_found`). Text units come from `zones.build_units`.
"""

# SQL here is made of constants, checked schema names and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import re

import duckdb

from pipeline.evidence.folding import fold_sql, sql_string
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.prefilter import required_literals
from pipeline.evidence.rules import Rule, RuleSet, Signal
from pipeline.evidence.zones import stored_text_sql

_TAGS = {
    # kind: (table, name column, UI column, field of the proof, source of the proof)
    "publication_type": ("publication_types", "publication_type", "ui", "nlm_pt"),
    "mesh": ("mesh_headings", "descriptor", "descriptor_ui", "nlm_mesh"),
    "mesh_qualifier": ("mesh_headings", "qualifier", "qualifier_ui", "nlm_mesh"),
    "substance": ("chemicals", "substance_name", "ui", "nlm_substance"),
    "supplementary": ("supplementary_concepts", "name", "ui", "nlm_supplementary"),
}
_GROUP = 6
"""Patterns that share one pass over their literals; measured best on 20,000 records."""
_SPLIT_FROM = 5_000
"""Text units from which the scan is split in two."""
_NAME_KINDS = ("publication_type", "mesh", "substance", "supplementary")
"""Where a `name` signal (PubMed's [tw] in headings and tags) looks."""


def run_rules(con: duckdb.DuckDBPyConnection, rules: RuleSet, schema: str) -> None:
    """Fill the temporary tables `evidence_fired` and `evidence_found`.

    Args:
        con: connection on which `zones.build_units` has run for the same schema.
        rules: the rules to run.
        schema: schema that presents the tables of core.

    `evidence_fired` has (pmid, rule_no), the number being the rule's place in the set;
    `evidence_found` has (pmid, rule_no, source, field, section_no, zone, matched_text,
    char_start, char_end, text_form), the words and tags behind each.
    """
    signals = rules.signals()
    _find_signals(con, signals, rules.columns, schema)
    _fire(con, rules.rules, signals)
    _locate(con, rules, signals, schema)


def _find_signals(
    con: duckdb.DuckDBPyConnection,
    signals: dict[Signal, int],
    columns: tuple[str, ...],
    schema: str,
) -> None:
    """`evidence_hits`: (pmid, signal_no, source, field, section_no, zone, matched_text)."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE evidence_hits (
            pmid INTEGER, signal_no INTEGER, source VARCHAR, field VARCHAR,
            section_no INTEGER, zone VARCHAR, matched_text VARCHAR
        )
        """
    )
    units = con.execute("SELECT count(*) FROM evidence_units").fetchone()
    parts = 2 if units and units[0] >= _SPLIT_FROM else 1
    for statement in (
        _text_hits_sql(signals, columns[-1], parts),
        *(_tag_hits_sql(kind, signals, schema) for kind in _TAGS),
        *(_name_hits_sql(kind, signals, schema) for kind in _NAME_KINDS),
        _record_kind_hits_sql(signals, schema),
        _link_hits_sql(signals, schema),
    ):
        if statement:
            con.execute(f"INSERT INTO evidence_hits {statement}")


def _text_hits_sql(signals: dict[Signal, int], column: str, parts: int) -> str:
    """One scan per zone with all its patterns: constant patterns, prefiltered in groups."""
    by_zone: dict[str, dict[int, str]] = {}
    for signal, number in signals.items():
        if signal.kind == "text":
            for zone in signal.zones:
                by_zone.setdefault(zone, {})[number] = signal.value
    # In two parts, so that a table of few row groups is scanned by two threads as well; for a
    # handful of records planning the second part would cost more than it saves.
    branches = [
        f"SELECT pmid, field, section_no, zone, "
        f"unnest(list_filter(flatten([{', '.join(_groups(patterns, column))}]), "
        f"lambda n: n IS NOT NULL)) AS signal_no "
        f"FROM evidence_units WHERE zone = '{zone}' AND abs(pmid) % {parts} = {part}"
        for zone, patterns in by_zone.items()
        for part in range(parts)
    ]
    if not branches:
        return ""
    return (
        "SELECT pmid, signal_no, 'text', field, section_no, zone, NULL "
        f"FROM ({' UNION ALL '.join(branches)})"
    )


def _groups(patterns: dict[int, str], column: str) -> list[str]:
    """SQL lists of the numbers found, each list behind the literals its patterns need."""
    direct: list[str] = []
    filtered: list[tuple[frozenset[str], str]] = []
    for number, pattern in patterns.items():
        expression = sql_string(regular_expression(pattern))
        found = f"CASE WHEN regexp_matches({column}, {expression}) THEN {number} END"
        literals = required_literals(pattern)
        if literals:
            filtered.append((literals, found))
        else:
            direct.append(found)
    lists = [f"[{', '.join(direct)}]"] if direct else []
    for start in range(0, len(filtered), _GROUP):
        group = filtered[start : start + _GROUP]
        words = sorted({word for literals, _ in group for word in literals})
        needed = sql_string("|".join(map(re.escape, words)))
        found_here = ", ".join(found for _, found in group)
        lists.append(f"CASE WHEN regexp_matches({column}, {needed}) THEN [{found_here}] END")
    return lists


def _tag_hits_sql(kind: str, signals: dict[Signal, int], schema: str) -> str:
    """NLM terms: by UI where the record has one and we know it, else by name."""
    terms = [
        f"({number}, {sql_string(signal.value)}, {sql_string(signal.ui) if signal.ui else 'NULL'})"
        for signal, number in signals.items()
        if signal.kind == kind or (signal.kind == "substance" and kind == "supplementary")
    ]
    if not terms:
        return ""
    table, name, ui, source = _TAGS[kind]
    return f"""
        SELECT DISTINCT tag.pmid, term.signal_no, {_source_sql(kind, source)},
            '{table}', NULL, NULL, tag.{name}
        FROM (SELECT DISTINCT {name} AS name, {ui} AS ui FROM {schema}.{table}) AS seen
        JOIN (VALUES {", ".join(terms)}) AS term (signal_no, name, ui)
            ON CASE WHEN seen.ui IS NOT NULL AND term.ui IS NOT NULL THEN seen.ui = term.ui
                ELSE lower(seen.name) = lower(term.name) END
        JOIN {schema}.{table} AS tag
            ON tag.{name} = seen.name AND tag.{ui} IS NOT DISTINCT FROM seen.ui
    """


def _name_hits_sql(kind: str, signals: dict[Signal, int], schema: str) -> str:
    """Words inside the names of headings and tags."""
    table, name, _, source = _TAGS[kind]
    found = [
        f"CASE WHEN regexp_matches({fold_sql('name')}, "
        f"{sql_string(regular_expression(signal.value))}) THEN {number} END"
        for signal, number in signals.items()
        if signal.kind == "name"
    ]
    if not found:
        return ""
    return f"""
        SELECT DISTINCT tag.pmid, hit.signal_no, {_source_sql(kind, source)},
            '{table}', NULL, NULL, tag.{name}
        FROM (
            SELECT name,
                unnest(list_filter([{", ".join(found)}], lambda n: n IS NOT NULL)) AS signal_no
            FROM (SELECT DISTINCT {name} AS name FROM {schema}.{table})
        ) AS hit
        JOIN {schema}.{table} AS tag ON tag.{name} = hit.name
    """


def _source_sql(kind: str, source: str) -> str:
    """A heading is major if its descriptor or any of its qualifiers is."""
    if kind not in ("mesh", "mesh_qualifier"):
        return f"'{source}'"
    return (
        "CASE WHEN bool_or(tag.is_major_descriptor OR coalesce(tag.is_major_qualifier, false)) "
        f"OVER (PARTITION BY tag.pmid, tag.heading_no) THEN '{source}_major' ELSE '{source}' END"
    )


def _record_kind_hits_sql(signals: dict[Signal, int], schema: str) -> str:
    return " UNION ALL ".join(
        f"SELECT pmid, {number}, 'record_kind', 'record_kind', NULL, NULL, record_kind "
        f"FROM {schema}.articles WHERE record_kind = {sql_string(signal.value)}"
        for signal, number in signals.items()
        if signal.kind == "record_kind"
    )


def _link_hits_sql(signals: dict[Signal, int], schema: str) -> str:
    return " UNION ALL ".join(
        f"SELECT DISTINCT pmid, {number}, 'link', 'article_links', NULL::INTEGER, "
        f"NULL::VARCHAR, ref_type "
        f"FROM {schema}.article_links WHERE ref_type = {sql_string(signal.value)}"
        for signal, number in signals.items()
        if signal.kind == "link"
    )


def _fire(
    con: duckdb.DuckDBPyConnection, rules: tuple[Rule, ...], signals: dict[Signal, int]
) -> None:
    """`evidence_fired`: the rules whose conditions hold, from the set of signals found."""
    conditions = [
        f"CASE WHEN {_condition_sql(rule, signals)} THEN {number} END"
        for number, rule in enumerate(rules)
    ]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_fired AS
        WITH found AS (
            SELECT pmid, list(DISTINCT signal_no) AS signals FROM evidence_hits GROUP BY pmid
        )
        SELECT pmid,
            unnest(list_filter([{", ".join(conditions)}], lambda n: n IS NOT NULL)) AS rule_no
        FROM found
        """
    )


def _condition_sql(rule: Rule, signals: dict[Signal, int]) -> str:
    def any_of(group: tuple[Signal, ...]) -> str:
        return f"list_has_any(signals, {[signals[signal] for signal in group]})"

    parts = [any_of(rule.signals), *(any_of(group) for group in rule.requires)]
    if rule.unless:
        parts.append(f"NOT {any_of(rule.unless)}")
    return " AND ".join(parts)


def _locate(
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
        ),
        places AS (
            SELECT DISTINCT pmid, signal_no, field, section_no FROM proving
            WHERE source = 'text'
        ),
        placed AS (
            SELECT place.*, {_place_sql(seen, rules.columns)}
            FROM places AS place
            JOIN evidence_units AS unit
                ON unit.pmid = place.pmid AND unit.field = place.field
                AND unit.section_no IS NOT DISTINCT FROM place.section_no
        )
        SELECT proving.pmid, proving.rule_no, proving.source, proving.field,
            proving.section_no, proving.zone,
            CASE WHEN proving.source = 'text'
                THEN substr(unit.stored, placed.char_start + 1, placed.width)
                ELSE proving.matched_text END AS matched_text,
            placed.char_start AS char_start,
            placed.char_start + placed.width AS char_end,
            placed.text_form AS text_form
        FROM proving
        LEFT JOIN placed
            ON proving.source = 'text' AND placed.pmid = proving.pmid
            AND placed.signal_no = proving.signal_no AND placed.field = proving.field
            AND placed.section_no IS NOT DISTINCT FROM proving.section_no
        LEFT JOIN ({stored_text_sql(schema)}) AS unit
            ON proving.source = 'text' AND unit.pmid = proving.pmid
            AND unit.field = proving.field
            AND unit.section_no IS NOT DISTINCT FROM proving.section_no
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
