"""A listed record that cannot be read: each count of its searches is c, at most c + u."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import pytest

from pipeline.settings import Options
from pipeline.update import run_update
from pipeline.warehouse import completeness, load, stage
from tests.conftest import the_database_alone
from tests.corpus import article, article_set, write

pytestmark = pytest.mark.whole

CASE = (("D002363", "Case Reports"),)
FIRST = article(1, "Kratom in a patient with pain", types=CASE, year=2024)


def broken(record: str) -> str:
    """The record with a version that fits no column: it is kept in quarantine."""
    return record.replace('<PMID Version="1">', '<PMID Version="99999999">', 1)


def coverage(published):
    return dict(published("SELECT search, coverage FROM marts.search_totals"))


def unread(published):
    return published("SELECT search, pmid, is_held FROM marts.unread_records ORDER BY ALL")


def test_counts_are_at_most_one_higher_in_every_output(live_with_outputs, settings, published):
    with the_database_alone("page", "feeds"):
        receipt = live_with_outputs(FIRST, broken(article(2, "Kratom tea")))
    assert unread(published) == [("kratom", 2, False)]
    assert coverage(published) == {"kratom": "complete_list", "kratom_pain": "complete"}
    cells = published(
        "SELECT search, coverage, record_count, unread_count FROM marts.study_types_by_year "
        "WHERE year = 2025 AND study_type = 'RCT' ORDER BY 1"
    )
    assert cells == [("kratom", "complete_list", 0, 1), ("kratom_pain", "complete", 0, 0)]
    assert published("SELECT search, is_complete, unread_count FROM marts.search_log") == [
        ("kratom", False, 1),
        ("kratom_pain", True, 0),
    ]
    claims = "SELECT DISTINCT search, coverage FROM marts.claims_by_study_type_and_year ORDER BY 1"
    assert published(claims) == [("kratom", "complete_list"), ("kratom_pain", "complete")]

    assert any("PMID 2 (kratom)" in line for line in receipt.lines())
    of_kratom, of_kratom_and_pain = receipt.first_sentences
    assert "; 1 could not be read. " in of_kratom and "(at most" in of_kratom
    assert "could not be read" not in of_kratom_and_pain and "at most" not in of_kratom_and_pain
    assert "1 listed record could not be read: each count c means c, at most c + 1." in (
        receipt.text()
    )
    page = (settings.latest / "index.html").read_text(encoding="utf-8")
    section = page.partition("<h3>What could not be read</h3>")[2].partition("<h3>")[0]
    assert "PMID 2" in section and "not counted" in section and "99999999" in section
    assert "1 of the records it lists could not be read" in page
    assert "could not be read" in (settings.latest / "feed.atom").read_text(encoding="utf-8")
    log = json.loads((settings.latest / "search_log.json").read_text(encoding="utf-8"))
    assert [one["pmid"] for one in log["flow_identification"]["listed_and_not_read"]] == [2]
    assert list(log["flow_identification"]["databases"]) == ["kratom", "kratom_pain"]
    assert page.count(">1</a>, at most 2") > 3


def test_a_page_has_no_word_of_it_where_all_was_read(whole_set):
    page = (whole_set.latest / "index.html").read_text(encoding="utf-8")
    assert "<h3>What could not be read</h3>" not in page


@pytest.fixture
def con(memory):
    return memory.con


def take(con, *records, deleted=(), day=1):
    """Load what one day delivered, and look what the search is still missing."""
    stage.create_staging(con)
    body = article_set(*records, deleted=deleted).encode()
    stamp = f"202611{day:02d}T120000Z"
    name = hashlib.sha256(body).hexdigest()
    stage.stage_file(con, body, raw_file=name, stamp=stamp, first_record_no=1)
    load.merge(con, datetime(2026, 11, day, 12))
    completeness.note_unread(con, {"kratom": [1, 2]})
    return con.execute("SELECT pmid, is_held, reason FROM ops.unread_records").fetchall()


SECOND = article(2, "Kratom tea")


def test_the_same_spoilt_bytes_count_again_when_they_come_again(con):
    assert take(con, FIRST, SECOND) == []
    assert [row[:2] for row in take(con, FIRST, broken(SECOND), day=2)] == [(2, True)]
    assert take(con, FIRST, SECOND, day=3) == []
    assert [row[:2] for row in take(con, FIRST, broken(SECOND), day=4)] == [(2, True)]


def test_of_two_texts_in_one_run_the_later_one_decides(con):
    assert take(con, FIRST, broken(SECOND), SECOND) == []
    assert [row[:2] for row in take(con, SECOND, broken(SECOND), day=2)] == [(2, True)]


def test_a_record_that_is_deleted_where_it_comes_is_not_read(con):
    assert take(con, FIRST, SECOND, deleted=(2,)) == [
        (2, False, "what came with it says that it is deleted")
    ]


def test_a_record_that_never_came_is_not_read(con):
    assert take(con, FIRST) == [(2, False, "PubMed lists it and did not deliver it")]


def test_the_pmid_of_an_unreadable_nbib_record_is_seen(con):
    stage.create_staging(con)
    body = b"PMID- 1\nTI  - Kratom tea\n\nPMID- 99999999999\nTI  - Kratom too\n\n"
    stage.stage_file(con, body, raw_file="x", stamp="export", first_record_no=1)
    con.execute(
        "UPDATE staging.core.unreadable SET record_bytes = 'PMID- 77\nTI  - Kratom\n'::BLOB"
    )
    load.merge(con, datetime(2026, 11, 1, 12))
    assert con.execute("SELECT pmid FROM ops.quarantine").fetchall() == [(77,)]


def test_what_a_file_holds_and_cannot_be_read_is_listed(
    settings, clock, tmp_path, published, database_alone
):
    path = write(tmp_path / "export.xml", FIRST, broken(SECOND))
    run_update(Options(from_files=(path,)), settings, clock)
    found = published(
        "SELECT search, pmid, is_held, raw_file IS NOT NULL FROM marts.unread_records"
    )
    assert found == [(None, 2, False, True)]
