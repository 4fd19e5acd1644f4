"""Rehearsals without PubMed: the live way against a replay server, in a directory of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline import journal as journals
from pipeline.errors import ConfigurationError
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.corpus import article, write

pytestmark = pytest.mark.whole


@pytest.fixture
def replay(tmp_path):
    write(tmp_path / "corpus" / "all.xml", article(1, "Kratom and pain in mice"))
    with ReplayServer(ReplayArchive.read(tmp_path / "corpus")) as server:
        yield server


def test_the_live_way_can_be_rehearsed_on_few_records_and_stays_apart(
    settings, clock, replay, monkeypatch, tmp_path, database_alone
):
    monkeypatch.setenv("KETUM_EUTILS_URL", replay.url)
    rehearsed = replace(Settings.from_environment(), pace_file=tmp_path / "pace")
    receipt = run_update(Options(), rehearsed, clock)  # bounds of all of PubMed do not stop it
    assert receipt.searches["kratom"]["members"] == 1
    clock.sleep(86_400)
    run_update(Options(), rehearsed, clock)

    real = replace(settings, eutils_url=replay.url)
    with pytest.raises(ConfigurationError, match="of a rehearsal") as caught:
        run_update(Options(), real, clock)
    assert caught.value.exit_code == 2
    assert len(journals.read_all(settings.runs)) == 2


def test_a_rehearsal_does_not_touch_records_of_pubmed(settings, clock, replay):
    journals.Journal(
        "r", "pubmed", "live", "2026-11-01T00:00:00", {}, state=journals.PUBLISHED
    ).save(settings.runs)  # fmt: skip
    rehearsed = replace(settings, eutils_url=replay.url, is_rehearsal=True)
    with pytest.raises(ConfigurationError, match="of PubMed"):
        run_update(Options(), rehearsed, clock)
    assert len(journals.read_all(settings.runs)) == 1
