"""The evidence map: who was studied down, how it was compared across, and how many studies."""

from __future__ import annotations

from typing import Any

from pipeline.outputs.page.facts import Facts, Search, rows_of
from pipeline.outputs.page.questions import STEPS

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
    cells = rows_of(
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
        "FROM marts.evidence_map"
    ).fetchall()
    named = {place: f"{row}, {column}".removesuffix(", All") for place, row, column in cells}
    return {
        f"{mark}:{place}": label for mark in ("map", "map_beside") for place, label in named.items()
    } | {f"badge:{badge}": words for badge, words in BADGES.items()}
