"""Figures of questions on kratom records that were read: counted, kept, shown in explain."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.people_read import FacetMeasured, QuestionMeasured, read_measured
from pipeline.evidence.reference_tables import write_reference_tables
from pipeline.outputs.explain import claim_lines, facet_lines
from tests.evidence.conftest import SHIPPED
from tools.readings import measure, measured

READINGS = """pmid,question,verdict,read_on,reader
1,mood,yes,2026-11-26,A. Reader
2,mood,yes,2026-11-26,A. Reader
3,mood,borderline,2026-11-26,A. Reader
4,sedation,yes,2026-11-26,A. Reader
"""


def test_borderline_counts_neither_way_and_records_that_nobody_read_do_not_count(tmp_path) -> None:
    readings = tmp_path / "readings.csv"
    readings.write_text(READINGS)
    con = duckdb.connect()
    con.execute("CREATE SCHEMA evidence")
    con.execute("CREATE TABLE evidence.article_claims (pmid INT, claim TEXT)")
    said = [(1, "mood"), (3, "mood"), (4, "mood"), (9, "mood"), (4, "sedation")]
    con.executemany("INSERT INTO evidence.article_claims VALUES (?, ?)", said)
    mood, sedation = measure(con, readings, ["mood", "sedation"], "7")
    assert (mood.said, mood.said_right, mood.read, mood.found) == (2, 1, 2, 1)
    assert (sedation.said, sedation.said_right, sedation.read, sedation.found) == (1, 1, 1, 1)
    file = tmp_path / "measured.jsonl"
    file.write_text(f"{mood.model_dump_json()}\n{sedation.model_dump_json()}\n")
    assert read_measured(file, QuestionMeasured) == (mood, sedation)
    assert read_measured(tmp_path / "missing.jsonl", QuestionMeasured) == ()


def test_a_damaged_line_is_refused(tmp_path) -> None:
    file = tmp_path / "measured.jsonl"
    file.write_text('{"question": "mood"}\n')
    with pytest.raises(ConfigurationError, match=r"measured\.jsonl cannot be read"):
        read_measured(file, QuestionMeasured)


def test_a_share_needs_thirty_readings(con) -> None:
    of_questions = (
        QuestionMeasured(question="mood", said=29, said_right=29, read=30, found=24,
                         rules_version="7"),
        QuestionMeasured(question="sedation", said=4, said_right=3, read=5, found=3,
                         rules_version="7"),
    )  # fmt: skip
    write_reference_tables(con, replace(SHIPPED, questions_measured=of_questions))
    rows = con.execute(
        "SELECT claim, measured_on, precision_value, recall_value FROM evidence.claim_accuracy "
        "WHERE claim IN ('mood', 'sedation', 'energy') ORDER BY claim"
    ).fetchall()
    assert rows == [
        ("energy", "not measured on kratom", None, None),
        ("mood", "kratom", None, 0.8),
        ("sedation", "not measured on kratom", None, None),
    ]


def test_explain_shows_the_share_or_how_many_were_read() -> None:
    one = {
        "claim": "mood", "how": "measured", "finding": "reported", "finding_by": "rule",
        "proofs": [{"matched_text": "better mood", "field": "title"}], "stated": [],
        "precision_value": None, "said_right_count": 29, "said_count": 29,
        "recall_value": 0.8, "read_found_count": 24, "read_count": 30,
    }  # fmt: skip
    told = "\n".join(claim_lines([one]))
    assert "right: not measured on kratom (29 of 29); found: 0.80 (24 of 30)" in told


def test_a_facet_needs_thirty_values_too(con) -> None:
    figures = (
        FacetMeasured(facet="harm", said=29, said_right=29, read=29, found=20),
        FacetMeasured(facet="species", said=40, said_right=30, read=31, found=31),
    )
    write_reference_tables(con, replace(SHIPPED, facets_measured=figures))
    rows = con.execute(
        "SELECT facet, measured_on, said_count, precision_value FROM evidence.facet_accuracy "
        "WHERE facet IN ('harm', 'species', 'route') ORDER BY facet"
    ).fetchall()
    assert rows == [
        ("harm", "not measured on kratom", 29, None),
        ("route", "not measured on kratom", 0, None),
        ("species", "kratom", 40, 0.75),
    ]


def test_explain_says_it_of_the_facets_with_a_value() -> None:
    one = {
        "facet": "harm", "label": "Harm", "value": "seizures", "level": "focus", "finding": None,
        "proofs": [{"matched_text": "fits", "field": "title"}],
        "precision_value": None, "said_right_count": 9, "said_count": 9,
        "recall_value": None, "read_found_count": 9, "read_count": 12,
    }  # fmt: skip
    silent = {**one, "label": "Route", "value": "not_stated"}
    told = facet_lines([one, {**one, "value": "deaths"}, silent], has_abstract=True)
    assert [line for line in told if "all values of" in line] == [
        "  all values of harm, right: not measured on kratom (9 of 9); "
        "found: not measured on kratom (9 of 12)"
    ]


def test_the_figures_of_facets_are_those_of_the_readings() -> None:
    kept = (SHIPPED.directory / "facets_measured.jsonl").read_text(encoding="utf-8")
    assert kept.splitlines() == measured()
