"""Find which text signals stand in which text unit, looking only where they can stand.

A regular expression costs one pass over a text, and several hundred of them over every text
would be most of a run. So the texts are cut into words once; a join by words tells which
patterns could match where (see `prefilter`), and only those are tried. The hits are the same as
if every pattern were tried on every text (tests/evidence/test_scanning.py).
"""

# SQL here is made of constants and rule texts quoted by `sql_string`.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from pipeline.evidence.folding import sql_string
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.prefilter import WORD, required_literals
from pipeline.evidence.rules import Signal


def scan(con: duckdb.DuckDBPyConnection, signals: dict[Signal, int], column: str) -> None:
    """Add the text signals found to `evidence_hits`.

    Args:
        con: connection with `evidence_units` (see `zones`) and `evidence_hits`.
        signals: every signal with its number; those of other kinds are passed over.
        column: form of the text to look in.
    """
    texts = {number: signal for signal, number in signals.items() if signal.kind == "text"}
    literals = {number: required_literals(signal.value) for number, signal in texts.items()}
    if filtered := {number: found for number, found in literals.items() if found}:
        _find_candidates(con, {n: (texts[n], found) for n, found in filtered.items()}, column)
        _try_candidates(con, texts, column)
    if unfiltered := {n: texts[n] for n, found in literals.items() if not found}:
        _try_everywhere(con, unfiltered, column)


def _find_candidates(
    con: duckdb.DuckDBPyConnection,
    texts: dict[int, tuple[Signal, frozenset[str]]],
    column: str,
) -> None:
    """`evidence_candidates` (unit_no, signal_no): units with a word that holds a literal."""
    wanted = [
        (literal, number, list(signal.zones))
        for number, (signal, found) in texts.items()
        for literal in sorted(found)
    ]
    zones = sorted({zone for _, _, of_signal in wanted for zone in of_signal})
    # As parameters: as constants, these rows would take longer to parse than all else here.
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE evidence_wanted AS
        SELECT literal, signal_no, unnest(zones) AS zone
        FROM (SELECT unnest(?::VARCHAR[]) AS literal, unnest(?::INTEGER[]) AS signal_no,
            unnest(?::VARCHAR[][]) AS zones)
        """,
        [list(part) for part in zip(*wanted, strict=True)],
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE evidence_words AS
        SELECT unit_no, zone,
            unnest(list_distinct(regexp_extract_all({column}, {sql_string(WORD)}))) AS word
        FROM evidence_units WHERE list_contains({zones}, zone)
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE evidence_candidates AS
        WITH known AS (
            SELECT word, literal
            FROM (SELECT DISTINCT word FROM evidence_words)
            JOIN (SELECT DISTINCT literal FROM evidence_wanted) ON contains(word, literal)
        )
        SELECT DISTINCT unit_no, signal_no
        FROM evidence_words
        JOIN known USING (word)
        JOIN evidence_wanted USING (literal, zone)
        ORDER BY signal_no
        """
    )


def _try_candidates(con: duckdb.DuckDBPyConnection, texts: dict[int, Signal], column: str) -> None:
    """Each candidate against its own pattern, all patterns constants of one statement."""
    # Compiling a pattern costs more than using it on some hundred records: only those in use.
    in_use = con.execute("SELECT DISTINCT signal_no FROM evidence_candidates ORDER BY 1").fetchall()
    whens = " ".join(
        f"WHEN {number} THEN regexp_matches({column}, {_pattern_sql(texts[number])})"
        for (number,) in in_use
    )
    con.execute(
        f"""
        INSERT INTO evidence_hits
        SELECT pmid, signal_no, unit_no, 'text', NULL, NULL
        FROM evidence_candidates JOIN evidence_units USING (unit_no)
        WHERE {f"CASE signal_no {whens} END" if whens else "false"}
        """
    )
    con.execute("DROP TABLE evidence_words; DROP TABLE evidence_candidates")


def _try_everywhere(con: duckdb.DuckDBPyConnection, texts: dict[int, Signal], column: str) -> None:
    """Patterns of short words only: one pass over the units of their zones."""
    found = ", ".join(
        f"CASE WHEN zone IN ({', '.join(map(sql_string, signal.zones))}) "
        f"AND regexp_matches({column}, {_pattern_sql(signal)}) THEN {number} END"
        for number, signal in texts.items()
    )
    con.execute(
        f"""
        INSERT INTO evidence_hits
        SELECT pmid, unnest(list_filter([{found}], lambda n: n IS NOT NULL)), unit_no,
            'text', NULL, NULL
        FROM evidence_units
        """
    )


def _pattern_sql(signal: Signal) -> str:
    return sql_string(regular_expression(signal.value))
