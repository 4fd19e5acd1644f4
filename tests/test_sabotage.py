"""The list of faults can't rot: each old text stands once in the code, each near test is there."""

from __future__ import annotations

import ast

import pytest

from pipeline.settings import ROOT
from tests.sabotage.__main__ import DOC, MISSED, places, rows, with_table
from tests.sabotage.faults import FAULTS

NUMBERED = [pytest.param(fault, id=str(number)) for number, fault in enumerate(FAULTS, 1)]


@pytest.mark.parametrize("fault", NUMBERED)
def test_the_old_text_of_a_fault_stands_once_in_the_code(fault):
    assert len(places(fault)) == 1, fault.breaks
    assert fault.old != fault.new
    assert all((ROOT / name).exists() for name in fault.near), fault.near


@pytest.mark.parametrize("fault", NUMBERED)
def test_a_fault_is_one_that_runs(fault):
    """A syntax error would be noticed by every test, and show nothing."""
    (place,) = places(fault)
    text = (ROOT / place).read_text(encoding="utf-8").replace(fault.old, fault.new)
    if place.suffix == ".py":
        ast.parse(text)


def test_the_table_in_the_docs_has_every_fault_and_none_is_missed():
    page = DOC.read_text(encoding="utf-8")
    assert with_table(page, {}) == page, "python -m tests.sabotage NUMBERS"
    assert MISSED not in rows(page).values()
