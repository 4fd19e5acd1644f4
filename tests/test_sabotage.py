"""The list of faults can't rot: each old text stands once in the code, each near test is there."""

from __future__ import annotations

import ast

from pipeline.settings import ROOT
from tests.sabotage.__main__ import DOC, MISSED, places, rows, with_table
from tests.sabotage.faults import FAULTS


def test_the_old_text_of_every_fault_stands_once_in_the_code_and_the_new_one_runs():
    """A syntax error would be noticed by every test, and show nothing."""
    for fault in FAULTS:
        (place,) = places(fault)
        assert fault.old != fault.new, fault.breaks
        assert all((ROOT / name).exists() for name in fault.near), fault.near
        text = (ROOT / place).read_text(encoding="utf-8").replace(fault.old, fault.new)
        if place.suffix == ".py":
            ast.parse(text, fault.breaks)


def test_the_table_in_the_docs_has_every_fault_and_none_is_missed():
    page = DOC.read_text(encoding="utf-8")
    assert with_table(page, {}) == page, "python -m tests.sabotage NUMBERS"
    assert MISSED not in rows(page).values()
