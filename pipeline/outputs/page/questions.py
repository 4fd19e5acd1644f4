"""The questions: how many studies looked at each, what they state; and the evidence map."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from pipeline.evidence.stated import FINDINGS
from pipeline.identifiers import doi_url
from pipeline.outputs import claims
from pipeline.outputs.page.facts import BANDS, Facts, Search, read_on_kratom
from pipeline.outputs.rows import named_rows

# -- The questions: studies, what they state, the nearest in people

STEPS = (1, 2, 5, 10, 30)
"""From how many studies on a cell has its next darker shade."""
IN_PEOPLE = tuple(name for band in list(BANDS)[:3] for name in BANDS[band])
"""Groups of studies of people, those that come nearest to an answer first."""


def questions(facts: Facts, search: Search) -> dict[str, Any] | None:
    """A row a question with its card; those that no record addresses apart."""
    rows = facts.claim_maps.get(search.name)
    if rows is None:
        return None
    newest = _newest(facts, search)
    leaned_on = _leaned_on(facts)
    asked = _asked(facts)
    for row in rows:
        row |= asked[row["claim"]]
        is_counted = row["coverage"] != "none"
        row["looked"] = claims.looked_in(row, "looked") if is_counted else {}
        row["reviews"] = row["held_review_count"] or 0
        row["shade"] = sum(row["looked"].get("looked", 0) >= step for step in STEPS)
        row["kinds"] = _kinds(row)
        row["nearest"] = next(
            (kind for name in IN_PEOPLE for kind in row["kinds"] if kind["group"] == name), None
        )
        row["rest"] = claims.rest(row) if is_counted else ""
        row["newest"] = [newest[pmid] for pmid in row["newest_pmids"] or []]
        row["leaned_on"] = leaned_on.get(row["claim"], [])
    return {
        "findings": FINDINGS,
        "warning": claims.LOOKED_AT,
        "groups": [
            (label, list(group))
            for label, group in groupby(
                (row for row in rows if row["held_count"]), lambda row: row["group_label"]
            )
        ],
        "unknown": [row for row in rows if not row["held_count"]],
    }


def _asked(facts: Facts) -> dict[str, dict[str, Any]]:
    """By claim, its group, what counts, whether the article asks it, and how often it is right."""
    rows = named_rows(
        facts.con,
        """
        SELECT c.claim, g.label AS group_label, c.asks = 'does_it' AS is_yes_or_no, c.definition,
            c.what_counts, list_contains(c.cards, 'article') AS is_in_the_article,
            a.said_right_count, a.said_count, a.read_found_count, a.read_count
        FROM evidence.claims AS c JOIN evidence.question_groups AS g USING (question_group)
        LEFT JOIN evidence.claim_accuracy AS a USING (claim)
        """,
    )
    for row in rows:
        right, said, found, read = (
            row.pop(name)
            for name in ("said_right_count", "said_count", "read_found_count", "read_count")
        )
        has_rules = said is not None  # without any, the remark on its card says so
        row["right"] = read_on_kratom(right, said) if has_rules else ""
        row["found"] = read_on_kratom(found, read) if has_rules else ""
    return {row["claim"]: row for row in rows}


def _kinds(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The kinds of studies that looked at a question, each with what they state."""
    return [
        {
            "group": name,
            "count": cell["looked"],
            "as": "review" if cell["is_summary"] else "study",
            "findings": [(cell[code], label) for code, label in FINDINGS.items() if cell[code]],
        }
        for name, cell in row["groups"].items()
        if cell["looked"]
    ]


def _leaned_on(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """By claim, the studies that the popular article leans on."""
    found = claims.leaned_on(facts.con)
    for study in (study for studies in found.values() for study in studies):
        study["doi_url"] = doi_url(study["doi"])
    return found


def _newest(facts: Facts, search: Search) -> dict[int, dict[str, Any]]:
    rows = named_rows(
        facts.con,
        """
        SELECT DISTINCT a.pmid, a.title, a.citation, a.doi_url FROM marts.articles AS a
        WHERE a.pmid IN (SELECT unnest(newest_pmids) FROM marts.claim_totals WHERE search = ?)
        """,
        search.name,
    )
    return {row["pmid"]: row for row in rows}


# -- The evidence map: who was studied down, how it was compared across, and how many studies

STATED = (
    "other_patients", "people_not_readable", "other_comparison", "design_not_readable",
)  # fmt: skip
"""Rows and columns beside the four by four; without a study they are left out."""
BADGES = {
    "small": "under 30 people",
    "one_sex": "one sex",
    "self_selected": "self-selected",
    "other_drugs": "other drugs too",
    "vendor": "paid by vendors",
}
BESIDE = ("preprint", "retracted")


def evidence_map(facts: Facts, search: Search) -> dict[str, Any]:
    """The cells of a search as rows and columns, and the records that stand beside the map."""
    cells = named_rows(
        facts.con,
        "SELECT * FROM marts.evidence_map WHERE search = ? ORDER BY row_order, column_order",
        search.name,
    )
    for cell in cells:
        cell["place"] = f"{cell['map_row']}.{cell['map_column']}"
        cell["shade"] = sum(cell["held_study_count"] >= step for step in STEPS)
        cell["badges"] = [
            (badge, words, cell[f"held_{badge}_count"])
            for badge, words in BADGES.items()
            if cell[f"held_{badge}_count"]
        ]
        cell["beside"] = [
            (badge, cell[f"held_{badge}_count"]) for badge in BESIDE if cell[f"held_{badge}_count"]
        ]
    studies = [cell for cell in cells if cell["part"] == "studies"]
    columns = _names(studies, "map_column", "column_label")
    rows = [
        {"label": label, "cells": [cell for cell in studies if cell["map_row"] == name
                                   and cell["map_column"] in columns]}
        for name, label in _names(studies, "map_row", "row_label").items()
    ]  # fmt: skip
    return {
        "columns": list(columns.values()),
        "rows": rows,
        "beside": [cell for cell in cells if cell["part"] != "studies"],
        "caption": cells[0]["caption"] if cells else "",
    }


def _names(cells: list[dict[str, Any]], name: str, label: str) -> dict[str, str]:
    """Names and labels of the rows or columns that are shown, in their order."""
    filled = {cell[name] for cell in cells if cell["held_study_count"] or cell["beside"]}
    return {
        cell[name]: cell[label]
        for cell in cells
        if cell[name] not in STATED or cell[name] in filled
    }


def labels(facts: Facts) -> dict[str, str]:
    """What the marks of the map are called: each cell by its row and column, and each badge."""
    cells = facts.con.execute(
        "SELECT DISTINCT concat(map_row, '.', map_column), row_label, column_label "
        "FROM marts.evidence_map ORDER BY ALL"  # the same tables, the same page
    ).fetchall()
    named = {place: f"{row}, {column}".removesuffix(", All") for place, row, column in cells}
    return {
        f"{mark}:{place}": label for mark in ("map", "map_beside") for place, label in named.items()
    } | {f"badge:{badge}": words for badge, words in BADGES.items()}
