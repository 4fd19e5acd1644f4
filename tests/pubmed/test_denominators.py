"""PubMed's own records by year: when they are counted, what is believed, what shares they make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import requests

from pipeline.clock import Clock
from pipeline.evidence.reference import Reference
from pipeline.pubmed.about_pubmed import read_count
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer
from pipeline.rebuild import rebuild
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer, Response
from pipeline.replay.answers import Exchange, Fault
from pipeline.run import Run
from pipeline.settings import Settings
from pipeline.steps import Made, count, load
from tests.conftest import FakeClock
from tests.corpus import article, write
from tests.in_memory import Warehouse, pmids_of

pytestmark = pytest.mark.whole  # a server on loopback is asked

DAY = 86_400
SHARES = (
    "SELECT search, denominator, year, member_count, denominator_count, records_per_100k "
    "FROM marts.topic_share_by_year ORDER BY ALL"
)
COUNTS = "SELECT denominator, year, record_count FROM ops.denominators ORDER BY ALL"


def entered(pmid: int, title: str, edat: int, created: int | None = None) -> str:
    """A record with an Entry Date (EDAT) in one year and, if given, made (CRDT) in another."""
    text = article(pmid, title, entered=f"{edat}-06-01")
    if created:
        date = f'PubStatus="entrez"><Year>{edat}'
        assert date in text
        text = text.replace(date, f'PubStatus="entrez"><Year>{created}')
    return text


RECORDS = (
    entered(1, "Kratom and pain in mice", 2024),
    entered(2, "Kratom for sale", 2026),
    entered(3, "Pain of another kind", 2024),
    entered(4, "Something else", 2024, created=2026),
    entered(5, "Something else again", 2026),
)


class Days:
    """Days in memory: records are read, a server asked for counts, shares made."""

    def __init__(self, memory: Warehouse, settings: Settings, clock: Clock, base: Path) -> None:
        self.memory, self.settings, self.clock, self.base = memory, settings, clock, base
        self.ask = memory.ask

    def __call__(
        self, *records: str, fault: Fault | None = None, is_undone: bool = False
    ) -> tuple[tuple[str, ...], list[str]]:
        """What the receipt would say of a day, and what was asked for."""
        write(self.base / "corpus" / "all.xml", *records)
        with ReplayServer(ReplayArchive.read(self.base / "corpus"), fault=fault) as server:
            client = EutilsClient(self.clock, pace_file=None, base_url=server.url)
            run = self.memory.run(self.settings, self.clock, client)
            self.memory.stage(*records)
            made, _ = count(run, Made())
            made, _ = load(run, made)
        if not is_undone:
            self.memory.judge()
            self.memory.find(pmids_of(records))
        self.memory.con.execute("ROLLBACK" if is_undone else "COMMIT")
        return made.notes, [request.parameters["term"] for request in server.requests]


@pytest.fixture
def day(memory, settings, clock, tmp_path) -> Days:
    return Days(memory, settings, clock, tmp_path)


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> tuple[Days, list[str]]:
    """A day with RECORDS, not to be changed; and what was asked for."""
    base = tmp_path_factory.mktemp("counted")
    day = Days(Warehouse(), Settings(data=base / "data"), FakeClock(), base)
    _, asked = day(*RECORDS)
    return day, asked


@pytest.fixture
def later(counted, settings, clock, tmp_path) -> Days:
    """Days after that one."""
    shutil.copytree(counted[0].settings.data, settings.data)
    return Days(Warehouse(counted[0].memory), settings, clock, tmp_path)


def at(clock, text: str) -> None:
    """Let the clock show this UTC time."""
    clock.sleep((datetime.fromisoformat(text) - clock.now()).total_seconds())


def in_a_count(number: int, answer: Callable[[str], Response]) -> Fault:
    """Gives `answer` (made of the term) to the n-th count, and from there on."""
    seen = []

    def fault(exchange: Exchange) -> Response:
        term = exchange.parameters["term"] if exchange.parameters.get("rettype") == "count" else ""
        if not term:
            return exchange.right
        seen.append(term)
        return answer(term) if len(seen) >= number else exchange.right

    return fault


# -- what is asked for, and what comes of it


def test_pubmed_and_pain_are_counted_by_entry_date_year_by_year(counted):
    day, asked = counted
    assert day.ask(COUNTS) == [
        ("pain", 2024, 2), ("pain", 2025, 0), ("pain", 2026, 0),
        ("pubmed", 2024, 3), ("pubmed", 2025, 0), ("pubmed", 2026, 2),
    ]  # fmt: skip
    assert [term for term in asked if term.startswith("all")] == [
        "all[sb] AND 2024:2026[edat]", "all[sb] AND 2024[edat]", "all[sb] AND 2025[edat]",
        "all[sb] AND 2026[edat]",
    ]  # fmt: skip
    (pain,) = [topic.query for topic in day.memory.reference.topics.topics if topic.name == "pain"]
    assert day.ask(
        "SELECT DISTINCT denominator, date_tag, strategy FROM ops.denominators ORDER BY 1"
    ) == [("pain", "edat", pain), ("pubmed", "edat", "all[sb]")]
    assert f"{pain} AND 2025[edat]" in asked
    assert len(asked) == 8  # two to see that the years add up


def test_shares_compare_a_search_with_all_of_pubmed_and_with_what_contains_it(counted):
    day, _ = counted
    third = pytest.approx(100_000 / 3)
    assert day.ask(SHARES) == [
        ("kratom", "pubmed", 2024, 1, 3, third),
        ("kratom", "pubmed", 2025, 0, 0, None),
        ("kratom", "pubmed", 2026, 1, 2, 50_000),
        ("kratom_pain", "pain", 2024, 1, 2, 50_000),
        ("kratom_pain", "pain", 2025, 0, 0, None),
        ("kratom_pain", "pain", 2026, 0, 0, None),
        ("kratom_pain", "pubmed", 2024, 1, 3, third),
        ("kratom_pain", "pubmed", 2025, 0, 0, None),
        ("kratom_pain", "pubmed", 2026, 0, 2, 0),
    ]
    assert day.ask(
        "SELECT DISTINCT year, date_tag, as_of_date::VARCHAR FROM marts.topic_share_by_year "
        "WHERE is_partial_year"
    ) == [(2026, "edat", "2026-11-22")]


def test_both_counts_go_by_the_same_date(day, memory):
    """A record made in 2026 of an article of 2024: EDAT says 2024, CRDT 2026."""
    day(entered(1, "Kratom", 2024, created=2026), entered(2, "Kratom again", 2026))
    assert memory.ask("SELECT pmid, entry_year, edat_year FROM core.article_years ORDER BY 1") == [
        (1, 2026, 2024),
        (2, 2026, 2026),
    ]
    shares = memory.ask(
        "SELECT year, member_count, denominator_count FROM marts.topic_share_by_year "
        "WHERE search = 'kratom' AND member_count > 0 ORDER BY year"
    )
    assert shares == [(2024, 1, 1), (2026, 1, 1)]


def test_retracted_articles_and_notices_stand_in_both_counts(day, memory):
    day(
        article(1, "Kratom", types=(("D016441", "Retracted Publication"),)),
        article(2, "Erratum: kratom", types=(("D016425", "Published Erratum"),)),
        article(3, "Kratom, sound"),
    )
    assert memory.ask(
        "SELECT member_count, denominator_count FROM marts.topic_share_by_year "
        "WHERE search = 'kratom' AND year = 2025"
    ) == [(3, 3)]


# -- when


def test_they_are_counted_once_a_month(counted, later, clock):
    _, first = counted
    clock.sleep(28 * DAY)  # a Sunday again
    notes, again = later(*RECORDS)
    assert first and not again
    assert not any("counted" in note for note in notes)
    clock.sleep(7 * DAY)
    _, asked = later(*RECORDS, entered(6, "New, and something else", 2026))
    assert len(asked) == len(first)
    assert later.ask(
        "SELECT counted_at::DATE::VARCHAR, record_count FROM ops.denominators "
        "WHERE denominator = 'pubmed' AND year = 2026 ORDER BY 1"
    ) == [("2026-11-22", 2), ("2026-12-27", 3)]
    assert later.ask(
        "SELECT DISTINCT denominator_count FROM marts.topic_share_by_year "
        "WHERE year = 2026 AND denominator = 'pubmed'"
    ) == [(3,)]


def test_in_peak_hours_they_wait_and_the_receipt_says_until_when(day, clock, memory):
    at(clock, "2026-11-24 15:00")  # Tuesday, ten in the morning in New York
    notes, asked = day(*RECORDS)
    assert not asked
    (told,) = [note for note in notes if "counted" in note]
    assert "2026-11-25 02:00 UTC" in told
    assert memory.ask(SHARES) == []
    at(clock, "2026-11-25 02:00")
    notes, asked = day(*RECORDS)
    assert asked and not any("counted" in note for note in notes)
    assert memory.ask("SELECT count(*) FROM marts.topic_share_by_year") == [(9,)]


def test_members_of_days_after_the_counting_wait_for_the_next_one(day, clock, memory):
    """Else January's members would be compared with PubMed's first of January."""
    at(clock, "2026-12-27 12:00")
    day(*RECORDS)
    at(clock, "2027-01-10 12:00")
    new = article(7, "Kratom of this week", entered="2027-01-05")
    late = article(8, "Kratom after Christmas", entered="2026-12-30")
    day(*RECORDS, new, late)
    of_kratom = (
        "SELECT year, member_count, is_partial_year FROM marts.topic_share_by_year "
        "WHERE search = 'kratom' AND year > 2025 ORDER BY year"
    )
    assert memory.ask(of_kratom) == [(2026, 1, True)]
    at(clock, "2027-01-31 12:00")
    day(*RECORDS, new, late)
    assert memory.ask(of_kratom) == [(2026, 2, False), (2027, 1, True)]


def test_a_year_nobody_asked_for_has_no_share(later, clock):
    clock.sleep(DAY)
    later(*RECORDS, entered(9, "Kratom in an old paper", 2022))
    assert later.ask(
        "SELECT year, member_count, denominator_count, records_per_100k "
        "FROM marts.topic_share_by_year WHERE search = 'kratom' AND year < 2024 ORDER BY year"
    ) == [(2022, 1, None, None), (2023, 0, None, None)]


def test_another_pain_query_asks_again_and_takes_its_shares_out_until_then(
    later, clock, settings, tmp_path
):
    reference = tmp_path / "reference"
    shutil.copytree(settings.reference, reference)
    path = reference / "topics.toml"
    text = path.read_text().replace(
        '{ word = "pains", tag = "tiab" },', '{ word = "pains", tag = "tw" },'
    )
    assert text != path.read_text(), "the word this test changes is gone"
    path.write_text(text)
    later.memory.reference = Reference.load(reference)
    at(clock, "2026-11-23 15:00")
    notes, asked = later(*RECORDS)
    assert not asked and any("counted" in note for note in notes)
    of = "SELECT DISTINCT denominator FROM marts.topic_share_by_year ORDER BY 1"
    assert later.ask(of) == [("pubmed",)]
    at(clock, "2026-11-24 03:00")
    _, asked = later(*RECORDS)
    assert asked
    assert later.ask(of) == [("pain",), ("pubmed",)]


def test_an_archive_in_pubmeds_place_is_not_counted(asked_alone):
    run, made = asked_alone(mode="offline")
    assert run.client.request_count == 0
    assert made.notes == ()


# -- what is not believed


def page(count: int, extra: str = "") -> Response:
    return Response(f"<eSearchResult><Count>{count}</Count>{extra}</eSearchResult>".encode())


def lost(kind: str, text: str) -> str:
    return f"<ErrorList><{kind}>{text}</{kind}></ErrorList>"


UNBELIEVED = {
    "the server fails": (lambda _: Response(b"down", 503), "server error 503"),
    "a web page": (lambda _: Response(b"<html>maintenance</html>"), "web page"),
    "cut off": (lambda _: Response(b"<eSearchResult><Count>1</Cou"), "not complete XML"),
    "no count": (lambda _: Response(b"<eSearchResult></eSearchResult>"), "no count"),
    "an ERROR": (
        lambda _: Response(b"<eSearchResult><ERROR>Backend failed</ERROR></eSearchResult>"),
        "Backend failed",
    ),
    "an unknown field": (lambda _: page(7, lost("FieldNotFound", "edat")), "'edat'"),
    "a year it did not read": (
        lambda term: page(7, lost("PhraseNotFound", term[-10:])),
        "did not understand 2025[edat] (pubmed)",
    ),
    "years that overlap": (lambda _: page(4), "hold 11 records one by one and 5 together"),
}


@pytest.fixture
def asked_alone(memory, settings, clock, tmp_path) -> Callable[..., tuple[Run, Made]]:
    """The step alone: a run with one record of 2024 in staging has asked a server."""

    def work(fault: Fault | None = None, mode: str = "live") -> tuple[Run, Made]:
        write(tmp_path / "corpus" / "all.xml", *RECORDS)
        with ReplayServer(ReplayArchive.read(tmp_path / "corpus"), fault=fault) as server:
            client = EutilsClient(clock, pace_file=None, base_url=server.url)
            run = replace(memory.run(settings, clock, client), mode=mode)
            memory.stage(RECORDS[0])
            made, _ = count(run, Made())
        return run, made

    return work


@pytest.mark.parametrize("how", UNBELIEVED)
def test_what_is_not_believed_is_told_and_none_of_it_kept(how, asked_alone):
    answer, words = UNBELIEVED[how]
    run, made = asked_alone(in_a_count(3, answer))
    (told,) = made.notes
    assert words in told and told.endswith("The next update asks again.")
    assert run.archive.entries(run.run_id) == []


def test_what_is_believed_is_kept(asked_alone):
    run, made = asked_alone()
    assert made.notes == ()
    assert [
        (entry["denominator"], entry["year"], entry["count"])
        for entry in run.archive.entries(run.run_id)
    ] == [
        ("pubmed", 2024, 3), ("pubmed", 2025, 0), ("pubmed", 2026, 2),
        ("pain", 2024, 2), ("pain", 2025, 0), ("pain", 2026, 0),
    ]  # fmt: skip


def test_a_failure_on_the_way_fails_no_run_and_the_next_one_asks_again(day, clock, memory):
    notes, _ = day(*RECORDS, fault=in_a_count(7, lambda _: Response(b"down", 503)))
    assert any("could not be counted" in note for note in notes)
    assert memory.ask("SELECT count(*) FROM core.articles") == [(5,)], "the run itself is whole"
    assert memory.ask(COUNTS) == []
    assert memory.ask(SHARES) == []
    clock.sleep(600)
    notes, asked = day(*RECORDS)
    assert asked and not any("counted" in note for note in notes)
    assert memory.ask("SELECT count(*) FROM ops.denominators") == [(6,)]


def test_old_counts_stay_when_new_ones_fail(later, clock):
    before = later.ask(SHARES)
    clock.sleep(35 * DAY)
    later(*RECORDS, fault=in_a_count(2, lambda _: Response(b"down", 503)))
    assert later.ask(SHARES) == before


def test_what_was_counted_for_a_run_that_was_undone_is_counted_again(day, clock, memory):
    _, first = day(*RECORDS, is_undone=True)
    clock.sleep(600)
    _, asked = day(*RECORDS)
    assert asked == first
    assert memory.ask("SELECT count(*) FROM ops.denominators") == [(6,)]


# -- whole updates: the ledger, and what a rebuild makes of it


@pytest.mark.slow  # two updates and a rebuild
def test_a_rebuild_fills_the_same_rows_from_the_ledger_without_a_network(
    live, clock, settings, monkeypatch
):
    first = live(*RECORDS)
    clock.sleep(35 * DAY)
    live(*RECORDS, entered(6, "New, and something else", 2026))
    root = settings.raw("pubmed")
    lines = (root / "runs" / f"{first.run_id}.jsonl").read_text().splitlines()
    noted = [entry for entry in map(json.loads, lines) if entry["kind"] == "count"]
    assert len(noted) == 6
    for entry in noted:
        assert entry["parameters"]["term"].endswith(f" AND {entry['year']}[edat]")
        assert not entry["parameters"].keys() & {"api_key", "email"}
        assert (root / entry["object"]).is_file()
        assert datetime.fromisoformat(entry["received_at"]).year == 2026
    tables = ("ops.denominators", "marts.topic_share_by_year")

    def held() -> list[list[tuple[object, ...]]]:
        with duckdb.connect(str(settings.warehouse("pubmed")), read_only=True) as con:
            return [con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in tables]

    def no_network(*_args: object, **_rest: object) -> None:
        raise AssertionError("rebuild asked the network")

    before = held()
    assert len(before[0]) == 12 and before[1]
    monkeypatch.setattr(requests.Session, "send", no_network)
    rebuild("pubmed", settings, clock)
    assert held() == before


# -- the answer itself


def test_a_count_and_the_phrases_not_held_are_read():
    body = page(12, lost("PhraseNotFound", "odd word")).body
    assert read_count(body) == (12, ["odd word"])
    assert read_count(b"<eSearchResult><Count>0</Count></eSearchResult>") == (0, [])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<eFetchResult><Count>1</Count></eFetchResult>", TransientAnswer),
        (b"<eSearchResult><Count></Count></eSearchResult>", TransientAnswer),
        (b"<eSearchResult><Count>-1</Count></eSearchResult>", TransientAnswer),
        (page(1, lost("FieldNotFound", "edta")).body, PermanentAnswer),
    ],
)
def test_other_answers_are_no_counts(body, kind):
    with pytest.raises(kind):
        read_count(body)
