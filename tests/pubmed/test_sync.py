"""What a run reads again, and what it costs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import run as runs
from pipeline.errors import CheckError, ConfigurationError, IncompleteError
from pipeline.evidence.reference import Reference
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed import sync
from pipeline.pubmed.client import EutilsClient
from pipeline.replay import Archive, ReplayServer
from pipeline.replay.answers import Fault
from pipeline.settings import Options, Settings
from pipeline.steps import Made
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write
from tests.in_memory import Warehouse

pytestmark = pytest.mark.whole

DAY = 86_400


class Pubmed:
    """A PubMed whose records a test sets; each run asks it over HTTP as it stands then.

    Runs go as far as what they note in a warehouse in memory; `publish` is a whole update.
    """

    def __init__(self, base: Path, memory: Warehouse, settings: Settings, clock: FakeClock) -> None:
        self.base, self.memory, self.settings, self.clock = base, memory, settings, clock
        self.ask = memory.ask
        self.records: dict[int, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def set(self, pmid: int, title: str, **rest: object) -> None:
        """Put a record there, or another one in its place."""
        self.records[pmid] = article(pmid, title, **rest)  # type: ignore[arg-type]

    def run(self, fault: Fault | None = None, **options: object) -> Made:
        """One run; afterwards `asked` holds its requests, and a day has passed."""
        with self.serve(fault) as server:
            client = EutilsClient(self.clock, pace_file=None, base_url=server.url)
            run = self.memory.run(
                self.settings,
                self.clock,
                client,
                Options(**options),  # type: ignore[arg-type]
            )
            return self.memory.update(run)

    def publish(self, fault: Fault | None = None, **options: object) -> Receipt:
        """One whole update; afterwards as with `run`."""
        with self.serve(fault) as server, the_database_alone():
            return run_update(
                Options(**options),  # type: ignore[arg-type]
                replace(self.settings, eutils_url=server.url),
                self.clock,
            )

    @contextmanager
    def serve(self, fault: Fault | None) -> Iterator[ReplayServer]:
        write(self.base / "corpus" / "all.xml", *self.records.values())
        with ReplayServer(Archive.read(self.base / "corpus"), fault=fault) as server:
            try:
                yield server
            finally:
                self.asked = [(r.tool, r.parameters) for r in server.requests]
                self.clock.sleep(DAY)

    def read(self) -> list[int]:
        """PMIDs the last run asked EFetch for."""
        return sorted(
            int(pmid) for tool, given in self.asked if tool == "efetch"
            for pmid in given["id"].split(",")
        )  # fmt: skip

    def today(self, days: int = 0) -> str:
        return f"{self.clock.now() + timedelta(days):%Y-%m-%d}"


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    monkeypatch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))


def of_two_records(base: Path, memory: Warehouse, settings: Settings, clock: FakeClock) -> Pubmed:
    made = Pubmed(base, memory, settings, clock)
    made.set(1, "Kratom and pain in mice")
    made.set(2, "Kratom for sale")
    return made


@pytest.fixture
def pubmed(tmp_path, memory, settings, clock):
    """A PubMed of two records that was never asked."""
    return of_two_records(tmp_path, memory, settings, clock)


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory) -> Pubmed:
    """A PubMed of two records, which one run read; not to be changed."""
    base = tmp_path_factory.mktemp("asked")
    settings = Settings(data=base / "data", pace_file=None)
    made = of_two_records(base, Warehouse(), settings, FakeClock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))
        made.run()
    return made


@pytest.fixture
def begun(asked_once, tmp_path, settings, clock):
    """A PubMed of two records, which one run read a day ago."""
    shutil.copytree(asked_once.settings.data, settings.data)
    clock.sleep(DAY)
    return of_two_records(tmp_path, Warehouse(asked_once.memory), settings, clock)


def test_the_first_run_reads_everything(pubmed):
    made = pubmed.run()
    assert pubmed.read() == [1, 2]
    assert made.asked.is_full_read


def test_an_unchanged_day_asks_three_times_a_search_at_most(begun):
    begun.run()
    assert [tool for tool, _ in begun.asked] == ["esearch"] * 3  # two searches, what was modified


def test_new_records_are_read_and_announced(begun):
    begun.set(3, "Mitragynine", entered=begun.today())
    begun.set(4, "Ketum, found late", entered="2011-05-05")
    begun.run()
    assert begun.read() == [3, 4]
    assert begun.ask("SELECT pmid, reason FROM marts.new_articles WHERE search = 'kratom'") == [
        (3, "new_in_pubmed"),
        (4, "newly_matched"),
    ]


def test_revised_records_are_read_by_their_date_of_modification(begun):
    begun.set(1, "Kratom and pain in rats", revised=begun.today())
    made = begun.run()
    assert begun.read() == [1]
    assert made.loaded["changed"] == 1
    assert begun.ask("SELECT title FROM core.articles WHERE pmid = 1") == [
        ("Kratom and pain in rats",)
    ]


def test_a_revision_that_reaches_the_index_late_is_not_missed(begun):
    begun.clock.sleep(10 * DAY)
    begun.run()
    begun.set(1, "Kratom and pain in rats", revised=begun.today(-25))
    made = begun.run()
    assert made.loaded["changed"] == 1


def test_a_silent_change_is_found_by_the_monthly_full_read_at_the_latest(begun):
    begun.set(1, "Kratom and pain in rats")  # DateRevised as before, long ago
    days = 0
    while not (made := begun.run()).loaded["changed"]:
        begun.clock.sleep(10 * DAY)
        days += 11
        assert days <= 33  # the first of these runs that is a month later
    assert made.asked.is_full_read
    begun.run()
    assert begun.read() == []


def test_a_full_read_can_be_asked_for(begun):
    begun.set(1, "Kratom and pain in rats")
    made = begun.run(full=True)
    assert made.asked.is_full_read
    assert made.loaded["changed"] == 1


def test_records_of_a_status_that_is_not_final_are_asked_for_in_turn(pubmed, monkeypatch):
    for pmid in (5, 6, 7):
        pubmed.records[pmid] = article(pmid, "Kratom").replace('"MEDLINE"', '"Publisher"')
    monkeypatch.setattr(sync, "UNSETTLED_PER_RUN", 2)
    pubmed.run()
    seen = []
    for _ in range(3):
        pubmed.run()
        seen.append(pubmed.read())
    assert seen == [[5, 6], [5, 7], [5, 6]]  # those not seen for longest first


def test_a_record_whose_newest_text_cannot_be_read_is_asked_for_until_it_can(begun):
    """It counts by the text that is held, and nobody need revise it for the next run to ask."""
    coverage = "SELECT DISTINCT coverage FROM marts.search_totals"
    unread = "SELECT search, pmid, is_held FROM marts.unread_records ORDER BY ALL"
    sound = begun.records[1]
    begun.set(1, "Kratom and pain in mice", revised=begun.today())
    begun.records[1] = begun.records[1].replace('<PMID Version="1">', '<PMID Version="99999999">')
    assert not begun.run().compared.is_unchanged
    assert begun.ask(unread) == [("kratom", 1, True), ("kratom_pain", 1, True)]
    assert begun.ask(coverage) == [("complete_list",)]
    assert begun.ask("SELECT count(*) FROM core.articles") == [(2,)]
    begun.records[1] = sound
    begun.clock.sleep(2 * DAY)
    begun.run()
    assert begun.read() == [1]
    assert begun.ask(unread) == []
    assert begun.ask(coverage) == [("complete",)]


def test_a_record_that_nobody_could_read_is_new_once_it_can_be_read(begun):
    coverage = "SELECT search, coverage FROM marts.search_totals ORDER BY 1"
    unread = "SELECT search, pmid, is_held FROM marts.unread_records"
    begun.set(3, "Kratom tea", entered=begun.today())
    sound = begun.records[3]
    begun.records[3] = sound.replace('<PMID Version="1">', '<PMID Version="99999999">')
    begun.run()
    assert begun.ask(unread) == [("kratom", 3, False)]
    assert begun.ask(coverage) == [("kratom", "complete_list"), ("kratom_pain", "complete")]
    begun.records[3] = sound
    begun.run()
    assert begun.ask(unread) == []
    assert begun.ask(coverage) == [("kratom", "complete"), ("kratom_pain", "complete")]
    assert begun.ask("SELECT pmid FROM marts.new_articles WHERE search = 'kratom'") == [(3,)]


def test_a_record_that_leaves_is_asked_for_once_more_and_no_longer(begun):
    begun.set(1, "Pain in mice")  # no date of modification gives it away
    begun.run()
    assert begun.read() == [1]
    assert begun.ask("SELECT search, pmid, left_reason FROM ops.search_hits WHERE pmid = 1") == [
        ("kratom", 1, "left"),
        ("kratom_pain", 1, "left"),
    ]
    assert begun.ask("SELECT title FROM core.articles WHERE pmid = 1") == [("Pain in mice",)]
    begun.run()
    assert begun.read() == []


def test_a_record_that_comes_back_is_read_and_has_a_second_stay(begun):
    begun.set(1, "Pain in mice")
    begun.run()
    begun.set(1, "Kratom and pain in mice")
    begun.run()
    assert begun.read() == [1]
    assert begun.ask(
        "SELECT count(*), count(left_at) FROM ops.search_hits WHERE search = 'kratom' AND pmid = 1"
    ) == [(2, 1)]


def test_a_deleted_record_is_told_from_one_that_left(begun):
    del begun.records[1]
    begun.run()
    assert begun.ask("SELECT DISTINCT left_reason FROM ops.search_hits WHERE pmid = 1") == [
        ("deleted",)
    ]
    assert begun.ask("SELECT field, after FROM ops.article_changes WHERE pmid = 1") == [
        ("record", "no longer delivered by PubMed")
    ]


def test_a_merge_is_claimed_only_with_evidence(pubmed):
    pubmed.set(1, "Kratom and pain in mice", doi="10.1000/same")
    pubmed.set(8, "Kratom in mice, twice in PubMed", doi="10.1000/SAME")
    pubmed.run()
    del pubmed.records[1], pubmed.records[2]
    pubmed.run()
    assert pubmed.ask(
        "SELECT pmid, left_reason, merged_into_pmid FROM ops.search_hits "
        "WHERE search = 'kratom' ORDER BY 1"
    ) == [(1, "merged", 8), (2, "deleted", None), (8, None, None)]


def test_a_loss_is_believed_only_when_said_twice(begun):
    """One of NCBI's machines lags behind and does not list a record for a moment."""

    def lags(exchange):
        first = exchange.tool == "esearch" and len(seen) == 0
        seen.append(1)
        if not first:
            return exchange.right
        body = exchange.right.body.replace(b"<Count>2<", b"<Count>1<").replace(b"<Id>1</Id>\n", b"")
        return replace(exchange.right, body=body)

    seen: list[int] = []
    made = begun.run(fault=lags)
    assert made.placed.hits["kratom"]["left"] == 0
    assert begun.ask("SELECT count(*) FROM ops.search_hits WHERE left_at IS NOT NULL") == [(0,)]


def test_a_record_that_is_listed_and_never_delivered_stops_the_run(begun):
    begun.set(3, "Kratom, listed only", entered=begun.today())

    def withholds(exchange):
        if exchange.tool != "efetch":
            return exchange.right
        body = exchange.right.body
        start = body.find(b"<PubmedArticle>")
        return replace(exchange.right, body=body[:start] + b"</PubmedArticleSet>\n")

    with pytest.raises(IncompleteError, match=r"asked twice \(first: \[3\]\)") as caught:
        begun.run(fault=withholds)
    assert caught.value.exit_code == 5
    assert begun.ask("SELECT count(*) FROM core.articles") == [(2,)]
    begun.run()
    assert begun.ask("SELECT count(*) FROM core.articles") == [(3,)]


def test_a_widened_search_announces_one_line(pubmed, settings, tmp_path):
    reference = tmp_path / "reference"
    shutil.copytree(settings.reference, reference)
    pubmed.set(9, "Salvia divinorum")
    pubmed.set(10, "Salvia officinalis")
    pubmed.run()
    topics = reference / "topics.toml"
    text = topics.read_text().replace(
        '{ word = "kratom*", tag = "tw" },',
        '{ word = "kratom*", tag = "tw" },\n    { word = "salvia", tag = "tiab" },',
    )
    topics.write_text(text)
    pubmed.memory.reference = Reference.load(reference)
    pubmed.set(11, "Salvia, new today", entered=pubmed.today())
    pubmed.run()
    assert pubmed.ask(
        "SELECT reason, pmid, record_count FROM marts.new_articles WHERE search = 'kratom'"
    ) == [("search_changed", None, 3)]


def reads_more(exchange):
    """PubMed reads one more heading into the first search, as with a new MeSH year."""
    if exchange.tool != "esearch" or "mdat" in exchange.parameters["term"]:
        return exchange.right
    body = exchange.right.body.replace(
        b"<QueryTranslation>", b'<QueryTranslation>"mitragyna new"[MeSH Terms:noexp] OR '
    )
    return replace(exchange.right, body=body)


def test_a_translation_that_grew_announces_the_truly_new_and_one_line(pubmed, monkeypatch):
    monkeypatch.setattr(runs.Run, "bounds_apply", property(lambda _run: True))
    _few_are_enough(pubmed)
    pubmed.run()
    pubmed.set(3, "Kratom, new today", entered=pubmed.today())
    pubmed.set(4, "Kratom, old", entered="2011-01-01")
    made = pubmed.run(fault=reads_more)
    assert any("mitragyna new" in note for note in made.asked.notes)
    assert pubmed.ask(
        "SELECT reason, pmid, record_count FROM marts.new_articles WHERE search = 'kratom' "
        "ORDER BY 1"
    ) == [("new_in_pubmed", 3, 1), ("search_changed", None, 1)]
    assert pubmed.ask(
        "SELECT translation_status FROM ops.searches WHERE search = 'kratom' ORDER BY searched_at"
    ) == [("first",), ("grown",)]


def test_a_dropped_word_stops_the_run_until_it_is_accepted(pubmed, monkeypatch):
    monkeypatch.setattr(runs.Run, "bounds_apply", property(lambda _run: True))
    _few_are_enough(pubmed)
    pubmed.run(fault=reads_more)
    with pytest.raises(CheckError, match="no longer reads") as caught:
        pubmed.run()
    assert "--accept-translation" in caught.value.next_step
    assert pubmed.ask("SELECT count(*) FROM ops.runs") == [(1,)]
    made = pubmed.run(accept_translation=True)
    assert any("Accepted" in note for note in made.asked.notes)
    assert pubmed.ask("SELECT count(*) FROM ops.runs") == [(2,)]
    pubmed.run()  # accepted once, it is what the next run compares with


def _few_are_enough(pubmed: Pubmed) -> None:
    reference = pubmed.base / "few"
    shutil.copytree(pubmed.settings.reference, reference)
    topics = reference / "topics.toml"
    topics.write_text(topics.read_text().replace("minimum = 300", "minimum = 1"))
    pubmed.memory.reference = Reference.load(reference)


def test_a_budget_of_requests_ends_a_run_that_goes_on_later(pubmed, published, monkeypatch):
    monkeypatch.setattr(sync, "BATCH_SIZE", 1)
    for pmid in range(3, 9):
        pubmed.set(pmid, "Kratom")
    with pytest.raises(IncompleteError, match="budget of 5 requests") as caught:
        pubmed.publish(max_requests=5)
    assert "3 of 8 records" in caught.value.effect
    pubmed.clock.passed -= DAY - 60
    pubmed.publish()
    assert pubmed.read() == [4, 5, 6, 7, 8]
    assert published("SELECT count(*) FROM core.articles") == [(8,)]


def test_whether_a_record_is_gone_is_asked_and_not_resumed(pubmed, published):
    """That a dead run got it says nothing of the hour after, in which PubMed deleted it."""
    pubmed.publish()
    pubmed.set(1, "Kratom and pain in rats", revised=pubmed.today())
    pubmed.set(3, "Kratom, listed only", entered=pubmed.today())
    with pytest.raises(IncompleteError):
        pubmed.publish(fault=without_record_3)
    assert 1 in pubmed.read()
    del pubmed.records[1]
    pubmed.clock.passed -= DAY - 60
    pubmed.publish()
    assert 1 in pubmed.read()
    assert published("SELECT DISTINCT left_reason FROM ops.search_hits WHERE pmid = 1") == [
        ("deleted",)
    ]


def without_record_3(exchange):
    pieces = exchange.right.body.split(b"<PubmedArticle>")
    kept = [piece for piece in pieces if b">3</PMID>" not in piece]
    if exchange.tool != "efetch" or len(kept) == len(pieces):
        return exchange.right
    end = b"" if b"</PubmedArticleSet>" in kept[-1] else b"</PubmedArticleSet>\n"
    return replace(exchange.right, body=b"<PubmedArticle>".join(kept) + end)


def test_a_large_job_waits_for_quiet_hours_when_asked_to(pubmed, monkeypatch):
    monkeypatch.setattr(sync, "LARGE_JOB", 1)
    pubmed.clock.start = pubmed.clock.start.replace(day=24, hour=15)  # a Tuesday, 10:00 Eastern
    pubmed.run(off_peak=True)
    at = pubmed.clock.now() - timedelta(days=1)
    assert (at.day, at.hour) == (25, 2)


@pytest.mark.parametrize(
    "wrong", [{"offline": True, "full": True}, {"offline": True, "accept_translation": True},
              {"offline": True, "max_requests": 5}, {"max_requests": 0}],
)  # fmt: skip
def test_options_about_pubmed_need_pubmed(wrong):
    with pytest.raises(ConfigurationError):
        Options(**wrong)
