"""What Prefect's pages say: names, messages and artifacts, without a server."""

from __future__ import annotations

from datetime import datetime

import pytest

from flows import scheduled
from pipeline.errors import SourceError
from pipeline.outputs.digest import Changed
from pipeline.outputs.receipt import Receipt
from tests.handmade import make_set, show

NOW = datetime(2026, 11, 22, 4, 0)


def receipt(**values) -> Receipt:
    return Receipt(run_id="r", origin="pubmed", as_of=NOW, published_path="/d/latest", **values)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "22 November pubmed"),
        ({"pubmed": {"full": True}}, "22 November pubmed (full)"),
        ({"source": {"offline": True}}, "22 November archive:demo"),
        ({"source": {"from_files": ["a.xml"], "name": "mine"}}, "22 November archive:mine"),
        ({"source": {"archive": "x"}}, "22 November ?"),
    ],
)
def test_a_run_is_named_by_day_and_origin(parameters, name):
    assert scheduled.run_name("22 November", parameters) == name


def test_a_completed_run_says_what_came_and_what_is_to_be_feared():
    one = [Changed(1, "A title", "retracted")]
    changed = {"new": 12 * one, "retracted": one, "corrected": []}
    searches = {"kratom": {"members": 850}, "pain": {"members": 9}}
    told = scheduled.done_message(receipt(records={"changed": 3}, searches=searches), changed)
    assert told == "12 new, 3 revised, 1 retracted: 850 record(s) of kratom; 9 record(s) of pain."


def test_a_day_without_change_is_no_row_of_zeros():
    assert "Nothing differs" in scheduled.done_message(receipt(is_unchanged=True), {"new": []})


def test_a_failed_run_says_which_tables_stand(settings):
    error = SourceError("PubMed is unreachable.", effect="Nothing changed.", next_step="wait.")
    assert scheduled.failed_message(error, settings).endswith("Nothing is published yet.")
    make_set(settings, "a-set", as_of="2026-11-21T04:00:00")
    show(settings, "a-set")
    told = scheduled.failed_message(error, settings)
    assert told.startswith("PubMed is unreachable.")
    assert told.endswith("The tables of 21 November 2026 stand.")


def test_the_page_of_a_run_names_new_records_by_title_and_the_page():
    text = scheduled.receipt_page(receipt(), {"new": [Changed(7, "An invented title", "review")]})
    assert "An invented title" in text and "/7/" in text
    assert "/d/latest/index.html" in text


def test_the_table_has_a_row_for_each_search():
    rows = scheduled.search_table(
        receipt(searches={"kratom": {"members": 3, "entered": 1, "odd": 9}})
    )
    assert rows == [
        {"search": "kratom", "members": 3, "entered": 1, "left": 0, "retracted": 0,
         "unclassified": 0}
    ]  # fmt: skip


def test_a_set_that_cannot_be_read_costs_the_list_and_not_the_run(settings, caplog):
    path = make_set(settings, "a-set")
    assert scheduled.changed_in(path) == {}
    assert "could not be read" in caplog.text
