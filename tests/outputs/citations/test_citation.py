"""What a citation says before any format: kinds, dates, pages, marks, keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.outputs.citations.citation import ARTICLE, CHAPTER, UNKNOWN
from tests.outputs.citations.conftest import GROUP, HARD_TITLE

pytestmark = pytest.mark.whole


def test_all_members_are_there_once(citations):
    assert set(citations) == {101, 102, 103, 104, 105, 106, 107, 108, 109, 110, None}


def test_mark_up_is_flattened_and_nothing_cut(citations):
    assert citations[101].text("title") == HARD_TITLE


def test_corrected_names_are_left_out_and_order_is_kept(citations):
    assert [person.inverted() for person in citations[101].authors] == [
        "Leaf, Ana B, Jr", "Müller-Źdan, Øyvind", GROUP,
    ]  # fmt: skip
    assert len(citations[102].authors) == 600
    assert [person.family for person in citations[107].editors] == ["Edit"]


def test_kinds(citations):
    assert citations[101].kind == ARTICLE
    assert (citations[107].kind, citations[107].container) == (CHAPTER, "Teas of the World")
    assert citations[None].kind == UNKNOWN


@pytest.mark.parametrize(
    ("pmid", "expected"),
    [
        (101, "2024-07-05"),
        (102, "2023"),
        (105, "2025-03-02"),  # electronic only
        (106, "2020"),  # a range of months has no one month
        (109, ""),
        (None, "2022"),
    ],
)
def test_dates_say_what_is_known(pmid, expected, citations):
    assert citations[pmid].iso_date == expected


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("368-9", ("368", "369")),
        ("1-9", ("1", "9")),
        ("S12-S15", ("S12", "S15")),
        ("S12-5", ("S12", "S15")),
        ("99-104", ("99", "104")),
        ("e123", ("e123", "")),
        ("1-4; discussion 5", ("1-4; discussion 5", "")),
        ("iii-iv", ("iii-iv", "")),
        (None, ("", "")),
    ],
)
def test_pages(pages, expected, citations):
    record = citations[101]
    columns = {**record.columns, "pages": pages, "locator": pages}
    assert replace(record, columns=columns).page_range == expected


def test_marks_tell_type_group_retraction_and_preprint(citations):
    assert citations[103].marks == (
        "Study type: Case report", "Evidence group: Case reports and series",
        "Retracted Publication",
    )  # fmt: skip
    assert citations[104].marks[-1] == "Preprint"
    assert all(len(record.marks) >= 2 for record in citations.values())


def test_no_keyword_holds_a_semicolon_and_none_comes_twice(citations):
    record = citations[101]
    assert record.keywords[-3:] == ("Mice", "Models, Animal", "tea, leaves")
    assert record.keywords == (*record.marks, *record.findings, *record.keywords[-3:])


def test_keywords_say_what_ketum_read_in_a_record(citations):
    assert "First author's country: Malaysia" in citations[101].findings
    assert "Species: Mouse" in citations[101].findings
    assert "Registration: NCT01234567" in citations[102].findings
    assert any(word.startswith("Claim: analgesia (") for word in citations[102].findings)
    assert not any("not_stated" in word for word in citations[102].findings)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Kratom tea.", "Kratom tea"),
        ("[Kratom bei Schmerz].", "[Kratom bei Schmerz]"),
        ("Is kratom tea?", "Is kratom tea?"),
        ("Kratom, and so on...", "Kratom, and so on..."),
        ("Kratom in the U.S.", "Kratom in the U.S."),
    ],
)
def test_a_title_loses_the_final_stop_of_pubmed_and_nothing_else(title, shown, citations):
    record = citations[101]
    assert replace(record, columns={**record.columns, "title": title}).title == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Kratom tea.", "RETRACTED: Kratom tea"),
        ("RETRACTED: Kratom tea.", "RETRACTED: Kratom tea"),
        ("[Retracted] Kratom tea.", "[Retracted] Kratom tea"),
    ],
)
def test_a_title_says_once_that_the_article_was_retracted(title, shown, citations):
    record = citations[103]
    assert replace(record, columns={**record.columns, "title": title}).title == shown


def test_keys_are_plain_and_differ(citations):
    keys = {pmid: record.key for pmid, record in citations.items()}
    assert keys[101] == "pmid101"
    assert keys[None] == "doi-10-9999-listed-1"


def test_the_address_of_an_old_doi_has_no_semicolon(citations):
    assert citations[101].doi_url == (
        "https://doi.org/10.1002/(SICI)1097-0000(199901)1:2%3C3::AID-KT4%3E3.0.CO%3B2-%23"
    )
    assert citations[None].url == "https://doi.org/10.9999/Listed.1"
