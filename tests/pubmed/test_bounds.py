"""A search answer that cannot be right stops the run before anything is fetched."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from pipeline.errors import CheckError
from pipeline.evidence.topics import Search
from pipeline.pubmed import bounds
from pipeline.pubmed.search import SearchAnswer

SEARCH = Search("kratom", "Kratom", "live", ("kratom",), minimum=10, maximum=100)


def check(monkeypatch, found: int, *, before=None, is_changed=False, warnings=(), applies=True):
    monkeypatch.setattr(bounds.run_records, "last_answer", lambda *_: (before, is_changed))
    answer = SearchAnswer(tuple(range(1, found + 1)), "", warnings, b"")
    bounds.check(SimpleNamespace(bounds_apply=applies), SEARCH, answer)


def test_an_answer_within_bounds_goes_on(monkeypatch):
    check(monkeypatch, 50, before=60)


@pytest.mark.parametrize(
    ("found", "before", "warnings", "why"),
    [
        (9, None, (), "fewer than 10"),
        (40, 81, (), "after 81 last time"),
        (50, 50, ("FieldNotFound: tw",), "does not know part of the search"),
    ],
)
def test_too_little_or_a_lost_field_stops_the_run(monkeypatch, found, before, warnings, why):
    with pytest.raises(CheckError, match=why) as caught:
        check(monkeypatch, found, before=before, warnings=warnings)
    assert caught.value.exit_code == 4


def test_with_a_changed_strategy_bounds_are_only_reported(monkeypatch, caplog):
    logger = logging.getLogger("ketum")
    monkeypatch.setattr(logger, "propagate", True)
    check(monkeypatch, 5, before=500, is_changed=True)
    assert "only reported" in caplog.text


def test_too_much_is_reported(monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("ketum"), "propagate", True)
    check(monkeypatch, 101)
    assert "more than 100" in caplog.text


def test_an_archive_is_not_held_against_bounds_of_all_of_pubmed(monkeypatch):
    check(monkeypatch, 1, applies=False)
