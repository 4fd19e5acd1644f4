"""A run under a wrong clock: refused, named, and undone by what the message says."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipeline import cli, update
from pipeline import journal as journals
from pipeline.errors import ConfigurationError
from pipeline.journal import Journal
from pipeline.outputs import manifest
from pipeline.rebuild import forget
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.replay.answers import Exchange, Response
from pipeline.settings import Options
from pipeline.update import run_update
from tests.conftest import FIRST, FakeClock
from tests.corpus import article, write
from tests.test_rebuild import tables_of

pytestmark = pytest.mark.whole

REVISED = article(1, "Kratom and pain in rats", revised="2026-11-23")
YEARS = timedelta(days=3_653)


def journal_of(settings, clock, run_id: str, *, ahead: timedelta, state: str) -> Journal:
    """A journal as a run under a clock that was ahead leaves it."""
    as_of = (clock.now() + ahead).isoformat()
    journal = Journal(run_id, "pubmed", "live", as_of, {}, state=state)
    journal.save(settings.runs)
    return journal


def way_back(error: ConfigurationError) -> list[str]:
    """The arguments of the command of ours that a message names."""
    command = error.next_step.split("`")[1]
    assert command.startswith("ketum ")
    return shlex.split(command)[1:]


@pytest.mark.slow  # two updates and a rebuild
def test_a_run_ahead_is_refused_and_going_back_leaves_no_trace(
    live_with_outputs, begun, settings, clock, database_and_tables, published
):
    live = live_with_outputs
    before = tables_of(settings.warehouse("pubmed"))
    shown = settings.latest.resolve()
    clock.sleep(YEARS.total_seconds())
    live(REVISED, article(2, "Kratom"))
    wrong = settings.latest.resolve()
    clock.sleep(86_400 - YEARS.total_seconds())
    with pytest.raises(ConfigurationError, match=r"20361122T\S+ is dated in the future") as caught:
        live(REVISED)
    assert caught.value.exit_code == 2
    command, *arguments = way_back(caught.value)
    parsed = cli.build_parser().parse_args([command, *arguments])
    assert not parsed.work(settings, parsed)

    assert tables_of(settings.warehouse("pubmed")) == before
    assert settings.latest.resolve() == shown and manifest.damage(shown) is None
    assert not wrong.exists()
    assert [journal.time.year for journal in journals.read_all(settings.runs)] == [2026]
    (aside,) = (settings.data / "forgotten").iterdir()
    assert {path.name for path in aside.iterdir()} == {"run.json", "ledger.jsonl"}

    live(REVISED)  # what was revised is asked from the day of the first run on
    assert published("SELECT title FROM core.articles") == [("Kratom and pain in rats",)]
    assert published("SELECT max(as_of)::DATE::VARCHAR FROM ops.runs") == [("2026-11-23",)]


def test_the_only_run_can_be_forgotten_and_the_next_begins_anew(
    live, begun, settings, clock, database_alone
):
    (run,) = journals.read_all(settings.runs)
    told = forget([run.run_id], settings, clock)
    assert "no other set is left" in told
    assert not settings.latest.is_symlink() and not settings.warehouse("pubmed").exists()
    clock.sleep(-86_400)
    live(FIRST)
    assert settings.latest.exists()


def test_a_run_that_another_stands_on_is_not_forgotten_alone(settings, clock):
    for day in range(3):
        journal_of(settings, clock, f"run-{day}", ahead=timedelta(days=day), state="published")
    with pytest.raises(ConfigurationError, match="run-2 came after run-1") as caught:
        forget(["run-1"], settings, clock)
    assert way_back(caught.value) == ["runs", "forget", "run-1", "run-2"]
    with pytest.raises(ConfigurationError, match="There is no run run-7"):
        forget(["run-7"], settings, clock)
    assert len(journals.read_all(settings.runs)) == 3


def test_all_runs_ahead_are_named_together(settings, clock):
    for day in (1, 2):
        journal_of(settings, clock, f"run-{day}", ahead=timedelta(days=day), state="published")
    with pytest.raises(ConfigurationError) as caught:
        run_update(Options(offline=True), settings, clock)
    assert way_back(caught.value) == ["runs", "forget", "run-1", "run-2"]
    assert len(journals.read_all(settings.runs)) == 2, "a refused run left a journal"


def test_a_run_that_failed_under_a_clock_ahead_is_set_aside(settings, clock, tmp_path):
    journal_of(settings, clock, "run-1", ahead=YEARS, state="failed")
    archive = write(tmp_path / "small" / "all.xml", FIRST).parent
    with update.open_run(Options(offline=True, archive=archive), settings, clock):
        pass
    assert (settings.data / "forgotten" / "run-1" / "run.json").exists()
    assert [one.time for one in journals.read_all(settings.runs)] == [clock.now()]


def test_an_hour_is_no_matter(settings, clock):
    hour = journal_of(settings, clock, "run-1", ahead=timedelta(hours=1), state="published")
    assert journals.ahead([hour], clock.now()) == []
    assert journals.ahead([hour], clock.now() - timedelta(seconds=1)) == [hour]


# -- PubMed's own clock


@pytest.mark.parametrize(
    ("theirs", "refused"),
    [
        (timedelta(0), False),
        (timedelta(hours=1), False),
        (timedelta(hours=1, seconds=1), True),
        (-timedelta(hours=2), True),
        (-YEARS, True),
    ],
)
def test_a_live_run_is_held_against_the_clock_of_pubmed(
    theirs, refused, settings, clock, tmp_path, monkeypatch, database_alone
):
    from pipeline import asking

    monkeypatch.setattr(asking, "check", lambda *_, **__: asking.Verdict("first", []))
    write(tmp_path / "corpus" / "all.xml", FIRST)
    moment = clock.now() + theirs
    told = f"{moment:%a, %d %b %Y %H:%M:%S} GMT"

    def dated(exchange: Exchange) -> Response:
        return replace(exchange.right, headers={**exchange.right.headers, "Date": told})

    with ReplayServer(ReplayArchive.read(tmp_path / "corpus"), fault=dated) as server:
        here = replace(settings, eutils_url=server.url)

        def search() -> None:
            with update.open_run(Options(), here, clock) as progress:
                progress.take(update.STEPS[0])

        if not refused:
            search()
            return
        with pytest.raises(ConfigurationError, match="by its own") as caught:
            search()
    assert str(moment) in caught.value.cause and str(clock.now()) in caught.value.cause
    assert not settings.raw("pubmed").exists() and not settings.published.exists()
    (left,) = journals.read_all(settings.runs)
    assert left.state == journals.FAILED


@pytest.mark.parametrize("clock_of_server", [None, datetime(2026, 11, 22, 12, 0, 0)])
def test_a_replay_bears_the_date_of_its_clock_if_it_has_one(
    clock_of_server, settings, clock: FakeClock, tmp_path
):
    from datetime import UTC

    from pipeline.pubmed.client import EutilsClient

    write(tmp_path / "corpus" / "all.xml", FIRST)
    given = {}
    if clock_of_server:
        given["clock"] = lambda: clock_of_server.replace(tzinfo=UTC)
    with ReplayServer(ReplayArchive.read(tmp_path / "corpus"), **given) as server:
        client = EutilsClient(clock, pace_file=None, base_url=server.url)
        client.ask("esearch", {"db": "pubmed", "term": "kratom"}, lambda body: body)
    assert client.server_time == clock_of_server
