"""Versions that break Prefect without a word must not be installed (see pyproject.toml)."""

from __future__ import annotations

import re
from importlib.metadata import version


def numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version(name))[:2])


def test_fastapi_is_one_that_prefect_can_run_flows_with():
    assert numbers("fastapi") < (0, 151)


def test_sqlalchemy_is_one_that_prefect_can_schedule_with():
    assert numbers("sqlalchemy") < (2, 1)


def test_prefect_is_three_and_duckdb_is_known():
    assert (3, 8) <= numbers("prefect") < (4, 0)
    assert (1, 4) <= numbers("duckdb") < (3, 0)
