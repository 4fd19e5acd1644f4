"""The complete UID set, whatever its size and however its dates lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import IncompleteError
from pipeline.pubmed import search
from pipeline.pubmed.search import RECOUNT, WHOLE, Page, SearchAnswer, esearch, read_page
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer
from tests.conftest import FakeClock

SMALL_WINDOW = 10
Entry = tuple[int, date | None]


class FakePubmed:
    """Answers ESearch from (PMID, entry date) pairs, one window of the highest PMIDs at most.

    `before_each` is called with the number of the request and may change the records.
    """

    def __init__(
        self, entries: list[Entry], before_each: Callable[[int], None] = lambda _: None
    ) -> None:
        self.entries = dict(entries)
        self.before_each = before_each
        self.clock = FakeClock()
        self.terms: list[str] = []

    def ask(
        self, tool: str, parameters: dict[str, str], check: Callable[[bytes], object]
    ) -> object:
        assert tool == "esearch"
        self.terms.append(parameters["term"])
        self.before_each(len(self.terms))
        found = sorted(
            (p for p in self.entries if self.matches(p, parameters["term"])), reverse=True
        )
        shown = found[: min(int(parameters["retmax"]), search.WINDOW + 1)]
        ids = "".join(f"<Id>{pmid}</Id>" for pmid in shown)
        body = (
            f"<eSearchResult><Count>{len(found)}</Count><RetMax>{len(shown)}</RetMax>"
            f"<RetStart>0</RetStart><IdList>{ids}</IdList>"
            "<QueryTranslation>q</QueryTranslation></eSearchResult>"
        )
        return check(body.encode())

    def matches(self, pmid: int, term: str) -> bool:
        entered = self.entries[pmid]
        for operator, low, high, tag in re.findall(r"(AND|NOT) ([\d/]+):([\d/]+)\[(\w+)\]", term):
            if tag == "uid":
                within = int(low) <= pmid <= int(high)
            else:
                ends = [date.fromisoformat(end.replace("/", "-")) for end in (low, high)]
                within = entered is not None and ends[0] <= entered <= ends[1]
            if within == (operator == "NOT"):
                return False
        return True


@pytest.fixture(autouse=True, scope="module")
def small_window():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "WINDOW", SMALL_WINDOW)
        patch.setattr(search, "WINDOW", SMALL_WINDOW)
        yield


def spread(count: int, day: Callable[[int], date | None]) -> list[Entry]:
    return [(1000 + 7 * n, day(n)) for n in range(count)]


NEW_YEAR = date(2020, 1, 1)


@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_one_answer_is_enough_below_the_window(count):
    pubmed = FakePubmed(spread(count, lambda n: NEW_YEAR))
    answer = esearch(pubmed, "q")
    assert set(answer.pmids) == set(pubmed.entries)
    assert [page.role for page in answer.pages] == [WHOLE]


@pytest.mark.parametrize(
    "day",
    [
        lambda n: NEW_YEAR + timedelta(n),
        lambda n: NEW_YEAR,
        lambda n: None,
        lambda n: date(1850, 1, 1) + timedelta(n * 500),
        lambda n: [NEW_YEAR, None, date(1799, 5, 5), date(2027, 1, 1)][n % 4],
        lambda n: date(2030, 1, 1),
    ],
    ids=["spread", "one day", "undated", "two centuries", "mixed", "dated ahead"],
)
@pytest.mark.parametrize("count", [11, 40, 173])
def test_larger_sets_come_whole(count, day):
    pubmed = FakePubmed(spread(count, day))
    answer = esearch(pubmed, "q")
    assert answer.pmids == tuple(sorted(pubmed.entries))
    assert answer.pages[0].role == WHOLE
    assert answer.pages[-1].role == RECOUNT
    assert SearchAnswer.of(answer.pages) == answer  # what a rebuild makes of the archive


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.integers(1, 99_999_999),
        st.one_of(st.none(), st.dates(date(1781, 1, 1), date(2028, 1, 1))),
        max_size=80,
    )
)
@example(dict.fromkeys(range(1, 12), date(1945, 1, 1)))
@example({99_999_999 - n: date(2027, 11, 23) for n in range(12)})
def test_any_set_comes_whole(entries):
    assert set(esearch(FakePubmed(list(entries.items())), "q").pmids) == set(entries)


def test_a_part_that_fits_is_asked_for_once_and_no_half_that_is_known_to_be_too_large():
    pubmed = FakePubmed(spread(100, lambda n: NEW_YEAR + timedelta(n)))
    esearch(pubmed, "q")
    assert len(set(pubmed.terms)) == len(pubmed.terms) - 1  # the recount asks the whole again
    assert len(pubmed.terms) < 4 * (100 // SMALL_WINDOW)


def test_a_set_that_changes_while_it_is_read_is_read_again():
    pubmed = FakePubmed(spread(30, lambda n: NEW_YEAR + timedelta(n)))

    def drift(number: int) -> None:
        if number == 4:
            pubmed.entries[5] = NEW_YEAR

    pubmed.before_each = drift
    answer = esearch(pubmed, "q")
    assert 5 in answer.pmids
    assert len(answer.pmids) == 31
    assert [page.role for page in answer.pages].count(WHOLE) == 1  # of the second reading only


def test_one_that_leaves_while_another_comes_is_seen_too():
    """The count stays the same; the parts do not add up to it, or the next reading has both."""
    pubmed = FakePubmed(spread(30, lambda n: NEW_YEAR + timedelta(n)))

    def drift(number: int) -> None:
        if number == 3:
            del pubmed.entries[1000]
            pubmed.entries[5] = NEW_YEAR + timedelta(29)

    pubmed.before_each = drift
    assert set(esearch(pubmed, "q").pmids) == set(pubmed.entries)


def test_a_set_that_never_stands_still_ends_the_run():
    pubmed = FakePubmed(spread(30, lambda n: NEW_YEAR + timedelta(n)))
    pubmed.before_each = lambda number: pubmed.entries.update({number: NEW_YEAR})
    with pytest.raises(IncompleteError, match="changed each of the 3 times") as caught:
        esearch(pubmed, "q")
    assert "Nothing changed" in caught.value.effect
    assert caught.value.exit_code == 5


def test_a_record_listed_twice_does_not_make_up_for_one_that_was_missed():
    """All counts agree: one record moved into the second half, and one came into the first."""
    early, late = date(1950, 1, 1), date(2026, 1, 1)
    pubmed = FakePubmed(spread(16, lambda n: early if n < 8 else late))

    def drift(number: int) -> None:
        if number == 3:  # the first half was read
            pubmed.entries[1000] = late
            del pubmed.entries[1000 + 7 * 15]
            pubmed.entries[5] = early

    pubmed.before_each = drift
    assert esearch(pubmed, "q").pmids == tuple(sorted(pubmed.entries))
    assert pubmed.terms.count("q") == 4, "counted before and after, and read once more"


@pytest.mark.parametrize("listed", ["", "<Id>7</Id>", "<Id>7</Id><Id>8</Id>"])
def test_a_page_that_lists_fewer_than_it_counts_is_asked_for_again(listed):
    class Client:
        clock = FakeClock()

        def ask(self, _tool, _parameters, check):
            return check(
                f"<eSearchResult><Count>3</Count><IdList>{listed}</IdList>"
                "<QueryTranslation>q</QueryTranslation></eSearchResult>".encode()
            )

    with pytest.raises(TransientAnswer, match="counted 3 records and listed"):
        search.ask_page(Client(), "q", WHOLE)


# -- single answers


def page(body: str) -> Page:
    return read_page(body.encode(), WHOLE, {}, datetime(2026, 1, 1))


def test_warnings_are_kept_word_by_word_from_both_lists():
    found = page(
        "<eSearchResult><Count>0</Count><IdList/><QueryTranslation>a</QueryTranslation>"
        "<ErrorList><PhraseNotFound>ketum</PhraseNotFound><FieldNotFound>tw</FieldNotFound>"
        "</ErrorList><WarningList><QuotedPhraseNotFound>&quot;biak biak&quot;[tiab]"
        "</QuotedPhraseNotFound><OutputMessage>No items found.</OutputMessage></WarningList>"
        "</eSearchResult>"
    )
    assert found.warnings == (
        "PhraseNotFound: ketum",
        "FieldNotFound: tw",
        'QuotedPhraseNotFound: "biak biak"[tiab]',
        "OutputMessage: No items found.",
    )


@pytest.mark.parametrize(
    "body",
    [
        "<eSearchResult><Count>1</Count></eSearchResult>",
        "<eSearchResult><IdList/></eSearchResult>",
        "<eSearchResult><Count>-1</Count><IdList/></eSearchResult>",
        "<eSearchResult><Count>1</Count><IdList><Id>x</Id></IdList></eSearchResult>",
        "<eSearchResult><Count>1</Count><IdList><Id/></IdList></eSearchResult>",
        "<eSearchResult><Count>9</Count><RetStart>5</RetStart><IdList/></eSearchResult>",
        "<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>",
        "<eSearchResult><ERROR>Search Backend failed: try again</ERROR></eSearchResult>",
        "<PubmedArticleSet/>",
        "<eSearchResult><Count>0</Count>",
        '{"esearchresult":{"count":"0"}}',
    ],
)
def test_half_an_answer_is_asked_for_again(body):
    with pytest.raises(TransientAnswer):
        page(body)


def test_an_error_about_the_request_itself_is_final():
    with pytest.raises(PermanentAnswer, match="larger than 9998"):
        page("<eSearchResult><ERROR>'retstart' cannot be larger than 9998.</ERROR></eSearchResult>")
