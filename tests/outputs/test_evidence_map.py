"""The map of evidence: where a study stands, how many people, which badges; hand-filled tables."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.evidence.reference_tables import write_reference_tables
from pipeline.settings import ROOT
from pipeline.warehouse import database
from tests.in_memory import FIRST_DAY, Warehouse

SQL = ROOT / "sql"
USERS = ("population", "users")


def _warehouse(records: list[dict[str, Any]], *, is_complete: bool = True) -> Warehouse:
    """A warehouse of hand-filled records with PMIDs from 1."""
    memory = Warehouse()
    write_reference_tables(memory.con, memory.reference)
    run = "20261122"
    memory.fill("ops.runs", {"run_id": run, "mode": "live", "as_of": FIRST_DAY})
    memory.fill(
        "ops.searches",
        {
            "run_id": run, "search": "kratom", "label": "Kratom", "mode": "live",
            "searched_at": FIRST_DAY, "is_complete": is_complete, "unread_count": 0,
        },
    )  # fmt: skip
    for pmid, record in enumerate(records, 1):
        _fill_one(memory, pmid, record)
    return memory


def _fill_one(memory: Warehouse, pmid: int, record: dict[str, Any]) -> None:
    """One record: `type`, `facets`, `group`, `flags`, `abstract`; proofs say `words of VALUE`."""
    memory.fill("core.articles", {"pmid": pmid, "title": f"T{pmid}", "record_kind": "article"})
    if record.get("abstract", True):
        memory.fill("core.abstract_sections", {"pmid": pmid, "section_no": 1, "text": "We did."})
    memory.fill("ops.search_hits", {"search": "kratom", "pmid": pmid, "entered_at": FIRST_DAY})
    kind = record["type"]
    memory.fill(
        "evidence.article_study_types",
        {"pmid": pmid, "study_type": kind, "is_primary": True, "confidence": "high"},
    )
    memory.fill(
        "evidence.article_flags", {"pmid": pmid, **dict.fromkeys(record.get("flags", ()), True)}
    )
    memory.fill(
        "evidence.study_groups",
        {"pmid": pmid, "study_group": record.get("group", f"PMID {pmid}"), "role": "report"},
    )
    proofs = [("study_type", kind)]
    for facet, value in record.get("facets", ()):
        memory.fill(
            "evidence.article_facets",
            {"pmid": pmid, "facet": facet, "value": value, "level": "mention"},
        )
        proofs.append(("facet", f"{facet}.{value}"))
    for kind_of_proof, code in proofs:
        memory.fill(
            "evidence.proofs",
            {
                "kind": kind_of_proof, "code": code, "pmid": pmid, "proof_no": 1,
                "matched_text": f"words of {code.rpartition('.')[2]}",
            },
        )  # fmt: skip


ROWS: list[tuple[str, list[str], str]] = [
    ("RCT", ["pain_patients"], "patients_with_pain"),
    ("RCT", ["pain_patients", "healthy", "users"], "patients_with_pain"),
    ("XSEC", ["users"], "volunteers_and_users"),
    ("NRCT", ["healthy"], "volunteers_and_users"),
    ("XSEC", ["general_population"], "volunteers_and_users"),
    ("XSEC", ["users", "other_patients"], "volunteers_and_users"),
    ("RCT", ["healthy", "other_patients"], "other_patients"),
    ("COHORT", ["other_patients"], "other_patients"),
    ("RCT", [], "people_not_readable"),
    ("RCT", ["not_stated"], "people_not_readable"),
    ("ANIMAL", ["users"], "animals"),
    ("INVITRO", [], "cells_and_receptors"),
    ("SR", ["pain_patients"], "systematic_reviews"),
    ("SCOPING", [], "systematic_reviews"),
    ("NARR", [], "narrative_reviews"),
    ("POLICY", [], "narrative_reviews"),
    ("PLANT", [], "other_kinds"),
    ("COMMENT", ["users"], "other_kinds"),
    ("PROTOCOL", ["users"], "other_kinds"),
]
COLUMNS: list[tuple[str, list[str], str]] = [
    ("RCT", ["placebo", "own_control"], "randomised"),
    ("ANIMAL", ["vehicle", "randomised"], "randomised"),
    ("NRCT", ["placebo", "own_control"], "own_control"),
    ("COHORT", ["own_control"], "own_control"),
    ("XSEC", ["non_users", "another_group"], "users_against_non_users"),
    ("XSEC", ["another_group"], "other_comparison"),
    ("CASECTRL", [], "other_comparison"),
    ("ANIMAL", ["vehicle"], "other_comparison"),
    ("INVITRO", ["opioid"], "other_comparison"),
    ("NRCT", ["no_comparison"], "no_comparison"),
    ("XSEC", [], "no_comparison"),
    ("CASE", [], "no_comparison"),
    ("SURV", [], "no_comparison"),
    ("QUAL", [], "no_comparison"),
    ("NRCT", [], "design_not_readable"),
    ("ANIMAL", [], "design_not_readable"),
    ("COHORT", ["not_stated"], "design_not_readable"),
    ("NARR", ["placebo"], "all"),
]
BADGES: list[tuple[list[tuple[str, str]], list[str], list[str]]] = [
    ([("sample_size", "29")], [], ["small"]),
    ([("sample_size", "30")], [], []),
    ([("sex", "male")], [], ["one_sex"]),
    ([("sex", "male"), ("sex", "female")], [], []),
    ([("survey_sampling", "convenience")], [], ["self_selected"]),
    ([("survey_sampling", "weighted_panel")], [], ["self_selected"]),
    ([("survey_sampling", "probability")], [], []),
    ([("harm", "other_drugs_present")], [], ["other_drugs"]),
    ([("harm", "liver")], [], []),
    ([("sponsor_ties", "vendor")], [], ["vendor"]),
    ([("sponsor_ties", "kratom_association")], [], ["vendor"]),
    ([("sponsor_ties", "government"), ("sponsor_ties", "other_company")], [], []),
    ([], ["is_preprint"], ["preprint"]),
    ([], ["is_retracted"], ["retracted"]),
]
SINGLE = [
    *(
        {"type": kind, "facets": [("population", one) for one in values]}
        for kind, values, _ in ROWS
    ),
    *(
        {
            "type": kind,
            "facets": [
                ("allotment" if one == "randomised" else "comparator", one) for one in values
            ],
        }
        for kind, values, _ in COLUMNS
    ),
    *({"type": "XSEC", "facets": [USERS, *facets], "flags": flags} for facets, flags, _ in BADGES),
    {"type": "XSEC", "abstract": False},
    {"type": "NOTICE"},
]
"""Each a study of its own."""


@pytest.fixture(scope="module")
def single() -> Warehouse:
    """One record for each row, column and badge; no test writes."""
    memory = _warehouse(SINGLE)
    memory.build("evidence_map")
    return memory


def _said(memory: Warehouse, column: str, first: int, count: int) -> list[Any]:
    """What the records from a PMID on have in a column of the articles of the map."""
    rows = memory.ask(
        f"SELECT {column} FROM marts.evidence_map_articles "
        "WHERE pmid BETWEEN ? AND ? ORDER BY pmid",
        [first, first + count - 1],
    )
    return [value for (value,) in rows]


def test_the_row_says_who_or_what_was_studied(single: Warehouse) -> None:
    assert _said(single, "map_row", 1, len(ROWS)) == [row for _, _, row in ROWS]


def test_the_column_says_how_was_compared(single: Warehouse) -> None:
    said = _said(single, "map_column", len(ROWS) + 1, len(COLUMNS))
    assert said == [column for _, _, column in COLUMNS]


def test_badges(single: Warehouse) -> None:
    said = _said(single, "badges", len(ROWS) + len(COLUMNS) + 1, len(BADGES))
    assert said == [badges for _, _, badges in BADGES]


def test_a_survey_without_an_abstract_is_not_readable(single: Warehouse) -> None:
    assert _said(single, "map_column", len(SINGLE) - 1, 1) == ["design_not_readable"]


def test_each_badge_is_a_count_of_its_cell(single: Warehouse) -> None:
    names = ("small", "one_sex", "self_selected", "other_drugs", "vendor", "preprint", "retracted")
    counts = ", ".join(f"sum({name}_count)" for name in names)
    (told,) = single.ask(f"SELECT {counts} FROM marts.evidence_map")
    assert told == tuple(sum(name in badges for _, _, badges in BADGES) for name in names)


def test_a_notice_stands_nowhere(single: Warehouse) -> None:
    assert _said(single, "pmid", len(SINGLE), 1) == []


def test_the_check_passes_on_a_mixed_warehouse(single: Warehouse) -> None:
    assert (
        single.ask(database.read_check(SQL / "checks" / "map_holds_every_study_once.sql").query)
        == []
    )


def test_the_grid_is_whole_and_zero_is_a_number_where_the_search_is_known(
    single: Warehouse,
) -> None:
    assert single.ask(
        "SELECT part, count(*), count(study_count), count(DISTINCT caption), min(study_count) "
        "FROM marts.evidence_map GROUP BY part ORDER BY part"
    ) == [("elsewhere", 1, 1, 1, 3), ("reviews", 2, 2, 1, 2), ("studies", 36, 36, 1, 0)]


GROUPED = [
    {"type": "NRCT", "group": "NCT1", "facets": [USERS, ("sample_size", "12")]},
    {"type": "RCT", "group": "NCT1", "facets": [USERS, ("sample_size", "40")]},
    {"type": "RCT", "facets": [USERS]},
    {"type": "SURV", "facets": [USERS, ("sample_size", "1800")]},
    {"type": "INFODEM", "facets": [USERS, ("sample_size", "29")]},
    {"type": "XSEC", "facets": [("population", "healthy"), ("comparator", "non_users")]},
    {"type": "XSEC", "group": "NCT2", "facets": [USERS, ("comparator", "own_control")]},
    {"type": "XSEC", "group": "NCT2", "facets": [USERS], "flags": ["is_preprint"]},
    {"type": "ANIMAL", "flags": ["is_preprint"]},
    {"type": "ANIMAL", "flags": ["is_retracted"]},
    {
        "type": "ANIMAL",
        "facets": [
            ("comparator", "vehicle"), ("dose", "2.5-10 mg/kg mitragynine"),
            ("dose", "300 ml/day decoction"), ("dose", "1 g/kg/day other_drug"),
            ("dose", "5 μg 7_hydroxymitragynine"), ("dose", "not_stated"),
        ],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def grouped() -> Warehouse:
    """Studies of several reports, and doses; no test writes."""
    memory = _warehouse(GROUPED)
    memory.build("evidence_map", "article_doses")
    return memory


def test_reports_of_one_study_are_one_in_the_cell_of_the_plainest_design(
    grouped: Warehouse,
) -> None:
    assert grouped.ask(
        "SELECT map_row, study_count, people_count, people_study_count, pmids "
        "FROM marts.evidence_map WHERE map_column = 'randomised' AND study_count > 0"
    ) == [("volunteers_and_users", 2, 40, 1, [1, 2, 3])]


def test_calls_and_posts_are_no_people(grouped: Warehouse) -> None:
    assert grouped.ask(
        "SELECT study_count, people_count, people_study_count, small_count "
        "FROM marts.evidence_map WHERE map_column = 'no_comparison' AND study_count > 0"
    ) == [(2, 0, 0, 0)]


def test_the_words_say_why(grouped: Warehouse) -> None:
    assert grouped.ask(
        "SELECT pmid, row_words, column_words FROM marts.evidence_map_articles "
        "WHERE pmid IN (1, 3, 4, 6) ORDER BY pmid"
    ) == [
        (1, ["words of users"], []),  # the other report says that it was randomised
        (3, ["words of users"], ["words of RCT"]),
        (4, ["words of users"], ["words of SURV"]),
        (6, ["words of healthy"], ["words of non_users"]),
    ]


def test_preprints_and_retracted_studies_stand_beside_the_count(grouped: Warehouse) -> None:
    assert grouped.ask(
        "SELECT map_row, map_column, study_count, preprint_count, retracted_count, pmids, "
        "other_pmids FROM marts.evidence_map WHERE len(other_pmids) > 0 ORDER BY ALL"
    ) == [
        ("animals", "design_not_readable", 0, 1, 1, [], [9, 10]),
        ("volunteers_and_users", "own_control", 1, 0, 0, [7], [8]),
    ]


def test_doses_are_numbers(grouped: Warehouse) -> None:
    assert grouped.ask(
        "SELECT value, amount_low, amount_high, unit, per, substance, is_kratom, mg_low, mg_high "
        "FROM marts.article_doses ORDER BY value"
    ) == [
        ("1 g/kg/day other_drug", 1, 1, "g", "kg/day", "other_drug", False, 1000, 1000),
        ("2.5-10 mg/kg mitragynine", 2.5, 10, "mg", "kg", "mitragynine", True, 2.5, 10),
        ("300 ml/day decoction", 300, 300, "ml", "day", "decoction", True, None, None),
        ("5 μg 7_hydroxymitragynine", 5, 5, "μg", "once", "7_hydroxymitragynine", True, 0.005,
         0.005),
    ]  # fmt: skip


def test_nothing_is_a_number_where_the_search_is_partial() -> None:
    memory = _warehouse([{"type": "CASE", "facets": [USERS]}], is_complete=False)
    assert memory.ask(
        "SELECT DISTINCT coverage, study_count, people_count, vendor_count "
        "FROM marts.evidence_map WHERE held_study_count > 0"
    ) == [("partial", None, None, None)]
