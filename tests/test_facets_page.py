"""docs/facets.md: its queries run on the demonstration and give the rows the page shows."""

from __future__ import annotations

import json
import re

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.settings import ROOT

PAGE = (ROOT / "docs" / "facets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"```sql\n(.*?)```\n+<!-- answer: (\w+) -->\n+```text\n(.*?)\n```", PAGE, re.DOTALL
)


def shown(result: duckdb.DuckDBPyConnection) -> str:
    """Rows as the page shows them: one a line, columns parted by ` | `."""
    lines = [" | ".join(column[0] for column in result.description or ())]
    lines += [" | ".join(map(_cell, row)) for row in result.fetchall()]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


def test_the_page_has_its_worked_examples():
    assert [name for _, name, _ in EXAMPLES] == [
        "pharmacologist",
        "map",
        "reviewer",
        "proofs",
        "analyst",
    ]


@pytest.mark.parametrize(("sql", "name", "answer"), EXAMPLES, ids=[e[1] for e in EXAMPLES])
def test_sql_gives_the_rows_of_the_page(demonstration, sql, name, answer):
    path = str((demonstration.latest / "ketum.duckdb").resolve())
    with duckdb.connect(path, read_only=True) as con:
        assert shown(con.execute(sql)) == answer


@pytest.mark.parametrize(("sql", "name", "answer"), EXAMPLES, ids=[e[1] for e in EXAMPLES])
def test_the_terminal_and_the_notebook_give_the_same_rows(
    demonstration, monkeypatch, capsys, sql, name, answer
):
    monkeypatch.setenv("KETUM_DATA", str(demonstration.data))
    assert main(["query", sql, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    lines = [" | ".join(told[0]), *(" | ".join(map(_cell, row.values())) for row in told)]
    assert "\n".join(lines) == answer
    path = str((demonstration.latest / "ketum.duckdb").resolve())
    with duckdb.connect(path, read_only=True) as con:
        frame = con.execute(sql).df()  # as notebooks/tour.ipynb asks
    rows = [" | ".join(map(_cell, map(_of_frame, row))) for row in frame.itertuples(index=False)]
    assert "\n".join([" | ".join(frame.columns), *rows]) == answer


def _of_frame(value: object) -> object:
    """A value of a pandas frame as DuckDB had it: arrays are lists, NaN is NULL, 2013.0 a year."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value
