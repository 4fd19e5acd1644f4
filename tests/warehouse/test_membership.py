"""Who belongs to a search, since when and why, day by day."""

from __future__ import annotations

import pytest

from tests.corpus import article
from tests.in_memory import Warehouse

KRATOM = article(1, "Kratom and pain in mice")
STAYS = "SELECT pmid, left_reason FROM ops.search_hits WHERE search = 'kratom' ORDER BY ALL"


@pytest.fixture(scope="module")
def first_day() -> Warehouse:
    """What the first day found: KRATOM and another one; not to be changed."""
    warehouse = Warehouse()
    warehouse.day(KRATOM, article(2, "Kratom"))
    return warehouse


@pytest.fixture
def begun(first_day: Warehouse) -> Warehouse:
    """A warehouse in memory after that day."""
    return Warehouse(first_day)


@pytest.fixture(scope="module")
def deleted_day(first_day: Warehouse) -> Warehouse:
    """What the day after that one found: the other one is gone; not to be changed."""
    warehouse = Warehouse(first_day)
    warehouse.day(KRATOM)
    return warehouse


@pytest.fixture
def deleted(deleted_day: Warehouse) -> Warehouse:
    """A warehouse in memory after both days."""
    return Warehouse(deleted_day)


def test_a_first_run_is_a_baseline_and_announces_nothing(begun):
    assert begun.ask(
        "SELECT search, reason, pmid, record_count FROM marts.new_articles ORDER BY search"
    ) == [("kratom", "baseline", None, 2), ("kratom_pain", "baseline", None, 1)]


def test_a_record_that_the_search_no_longer_finds_has_left_and_is_kept(begun):
    begun.day(KRATOM, article(2, "Another plant after all", revised="2026-11-23"))
    assert begun.ask(STAYS) == [(1, None), (2, "left")]
    assert begun.counts["kratom"]["left"] == 1
    assert begun.ask("SELECT pmid FROM marts.articles") == [(1,)]
    assert begun.ask("SELECT DISTINCT pmid FROM marts.study_type_articles") == [(1,)]
    assert begun.ask("SELECT count(*) FROM core.articles") == [(2,)]


def test_a_record_that_pubmed_holds_no_longer_is_deleted(deleted):
    assert deleted.ask(STAYS) == [(1, None), (2, "deleted")]
    assert deleted.ask(
        "SELECT before, after FROM ops.article_changes WHERE pmid = 2 AND field = 'record'"
    ) == [("Kratom", "no longer delivered by PubMed")]


def test_a_record_that_comes_back_has_a_second_stay(deleted):
    deleted.day(KRATOM, article(2, "Kratom"))
    assert deleted.ask(STAYS) == [(1, None), (2, "deleted"), (2, None)]


def test_about_a_deleted_record_pubmed_and_the_predicate_do_not_differ(deleted):
    """It is held, and its words still match: but PubMed could not have listed it."""
    for is_later in (False, True):
        if is_later:
            deleted.day(KRATOM)
        assert deleted.ask("FROM ops.search_differences") == []
        assert deleted.ask("SELECT held_local_only_count FROM marts.search_totals") == [(0,), (0,)]


def test_of_several_records_with_the_doi_of_a_deleted_one_the_first_is_named(memory):
    same = {n: article(n, f"Kratom, copy {n}", doi="10.1/same") for n in (3, 4, 5, 6)}
    memory.day(*same.values())
    del same[3]
    same[4] = article(4, "Kratom, revised", doi="10.1/same", revised="2026-11-23")
    memory.day(*same.values())
    assert memory.ask(
        "SELECT left_reason, merged_into_pmid FROM ops.search_hits WHERE left_at IS NOT NULL"
    ) == [("merged", 4)]


def test_records_of_files_never_leave(memory):
    memory.day(KRATOM, is_live=False)
    memory.day(article(2, "Headache after exercise"), is_live=False)
    assert memory.ask("SELECT search, held_member_count FROM marts.search_totals ORDER BY 1") == [
        ("kratom", 1),
        ("kratom_pain", 1),
        ("pain", 2),
    ]
