"""Looking only where a pattern can match finds what trying every pattern everywhere finds."""

from __future__ import annotations

import re

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline.evidence.patterns import regular_expression
from pipeline.evidence.scanning import scan

from pipeline.evidence.study_types import load_study_types
from tests.evidence.conftest import REFERENCE

SIGNALS = load_study_types(REFERENCE / "study_types.toml").rules.signals()
TEXTS = {number: signal for signal, number in SIGNALS.items() if signal.kind == "text"}
PIECES = sorted(
    {
        piece
        for signal in TEXTS.values()
        for piece in re.findall(r"[a-z]{3,}", re.sub(r"\\.", " ", signal.value))
    }
)
ZONES = ["title", "methods", "body"]
CONNECTION = duckdb.connect()


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ZONES),
            st.lists(
                st.sampled_from([*PIECES, "a", "of", "26", "mg/kg", "n = 12", "p < 0.05", "-"]),
                max_size=40,
            ).map(" ".join),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_finds_what_trying_everything_finds(units: list[tuple[str, str]]) -> None:
    CONNECTION.execute(
        "CREATE OR REPLACE TEMP TABLE evidence_hits (pmid INTEGER, signal_no INTEGER, "
        "unit_no BIGINT, source VARCHAR, field VARCHAR, matched_text VARCHAR)"
    )
    CONNECTION.execute(
        "CREATE OR REPLACE TEMP TABLE evidence_units "
        "(unit_no BIGINT, pmid INTEGER, zone VARCHAR, judged VARCHAR)"
    )
    CONNECTION.executemany(
        "INSERT INTO evidence_units VALUES (?, ?, ?, ?)",
        [(number, number, zone, text) for number, (zone, text) in enumerate(units)],
    )
    scan(CONNECTION, SIGNALS, "judged")
    found = set(CONNECTION.execute("SELECT unit_no, signal_no FROM evidence_hits").fetchall())
    assert found == {
        (unit, number)
        for unit, (zone, text) in enumerate(units)
        for number, signal in TEXTS.items()
        if zone in signal.zones and re.search(regular_expression(signal.value), text, re.ASCII)
    }
