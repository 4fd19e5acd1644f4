"""A search answer that cannot be right stops the run before anything is fetched."""

from __future__ import annotations

import logging

import pytest

from pipeline import asking
from pipeline.errors import CheckError
from pipeline.evidence.topics import Search
from pipeline.pubmed.search import SearchAnswer
from pipeline.warehouse.searches import LastSearch

SEARCH = Search(
    name="kratom", label="Kratom", mode="live", topics=("kratom",), minimum=10, maximum=100
)
READ = '"mitragyna"[MeSH Terms:noexp] OR "kratom*"[Text Word] OR "ketum"[Title/Abstract]'


@pytest.fixture
def check():
    def run_check(
        found, *, before=None, read=READ, was_read=READ, is_other=False, warnings=(),
        had_warnings=(), accept=False,
    ):  # fmt: skip
        last = None if before is None else LastSearch(before, was_read, had_warnings, is_other)
        answer = SearchAnswer(tuple(range(1, found + 1)), read, warnings, ())
        return asking.check(SEARCH, answer, last, accepts=accept)

    return run_check


def stops(work, why: str) -> CheckError:
    with pytest.raises(CheckError, match=why) as caught:
        work()
    assert caught.value.exit_code == 4
    assert caught.value.effect == "Nothing changed."
    return caught.value


def test_an_answer_as_the_last_one_goes_on_in_silence(check):
    assert check(50, before=52) == ("same", [])


def test_a_first_answer_has_nothing_to_be_compared_with(check):
    assert check(50) == ("first", [])


def test_fewer_than_the_minimum_stops_the_run_whatever_is_accepted(check):
    stops(lambda: check(9), "fewer than 10")
    stops(lambda: check(9, before=9, accept=True), "fewer than 10")


def test_more_than_the_maximum_is_reported(check):
    status, notes = check(101, before=100)
    assert status == "same"
    assert "more than 100" in notes[0]


@pytest.mark.parametrize(("found", "before"), [(89, 100), (40, 81), (10, 100)])
def test_sudden_shrinkage_stops_the_run(check, found, before):
    error = stops(lambda: check(found, before=before), f"found {found} .* after {before}")
    assert "--accept-translation" in error.next_step


@pytest.mark.parametrize(("found", "before"), [(90, 100), (12, 17)])
def test_a_small_loss_is_the_course_of_things(check, found, before):
    assert check(found, before=before)[0] == "same"


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ('"mitragyna"[MeSH Terms:noexp] OR "kratom*"[Text Word]', 'ketum"\\[title/abstract'),
        (READ.replace('"ketum"[Title/Abstract]', '"ketum"[All Fields]'), "no longer reads"),
        (READ.replace(" OR ", " AND ", 1), "in another way"),
        (f"({READ}) NOT x[ti]", "in another way"),
        ("", "no longer reads"),
    ],
    ids=["a dropped word", "another field", "OR became AND", "an added NOT", "nothing at all"],
)
def test_a_query_read_as_less_stops_the_run_unless_accepted(check, read, why):
    error = stops(lambda: check(60, before=50, read=read), why)
    assert "--accept-translation" in error.next_step
    status, notes = check(60, before=50, read=read, accept=True)
    assert status == "accepted"
    assert notes


def test_brackets_case_and_order_do_not_count(check):
    same = f"(({READ.split(' OR ')[2]}) OR ({READ.split(' OR ')[0].upper()[:12]}{READ[12:56]}))"
    assert check(50, before=50, read=same)[0] == "same"


def test_a_query_that_only_grew_is_published_with_a_warning(check):
    status, notes = check(55, before=50, read=f'{READ} OR "mitragyna speciosa"[MeSH Terms:noexp]')
    assert status == "grown"
    assert "mitragyna speciosa" in notes[0]


def test_a_query_that_grew_and_finds_less_stops_the_run(check):
    grown = f'{READ} OR "mitragyna speciosa"[MeSH Terms:noexp]'
    stops(lambda: check(49, before=50, read=grown), "and yet found 49")


@pytest.mark.parametrize(
    "warning",
    ["PhraseNotFound: ketum", "FieldNotFound: tw", "QuotedPhraseNotFound: \"biak biak\"[tiab]",
     "PhraseIgnored: kratom", "OutputMessage: something new"],
)  # fmt: skip
def test_a_new_warning_stops_the_run_unless_accepted(check, warning):
    stops(lambda: check(50, before=50, warnings=(warning,)), "did not last time")
    assert check(50, before=50, warnings=(warning,), accept=True)[0] == "accepted"
    assert check(50, before=50, warnings=(warning,), had_warnings=(warning,))[0] == "same"


def test_a_first_answer_names_what_pubmed_left_out(check):
    status, notes = check(50, warnings=('QuotedPhraseNotFound: "biak biak"[tiab]',))
    assert status == "first"
    assert "biak biak" in notes[0]


def test_a_field_pubmed_does_not_know_stops_even_the_first_run(check):
    stops(lambda: check(50, warnings=("FieldNotFound: tw",)), "does not know part of it")


def test_notices_of_paging_are_no_warnings(check):
    notice = "OutputMessage: Restrictions achieved. start and count adjusted to 0, 9999"
    assert check(50, before=50, warnings=(notice,)) == ("same", [])


def test_with_a_changed_strategy_bounds_are_only_reported(check, caplog):
    logger = logging.getLogger("ketum")
    logger.propagate, before = True, logger.propagate
    status, notes = check(5, before=500, is_other=True)
    logger.propagate = before
    assert status == "first"
    assert "only reported" in caplog.text
    assert "only reported" in notes[0]
