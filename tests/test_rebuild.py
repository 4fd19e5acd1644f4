"""`ketum rebuild`: the warehouse anew from its raw archive, offline, the same as before."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import requests

from pipeline import journal as journals
from pipeline import run as runs
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, LockedError
from pipeline.rebuild import rebuild
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.settings import Options, Settings
from pipeline.storage import hold_lock
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

pytestmark = pytest.mark.whole

FIRST = (
    article(1, "Kratom and pain in mice", abstract="Mitragynine relieved pain."),
    article(2, "Kratom for sale"),
    article(3, "Kratom that PubMed will delete"),
)
SECOND = (
    article(1, "Kratom and pain in rats", abstract="Mitragynine relieved.", revised="2026-02-01"),
    article(2, "Another plant after all", revised="2026-02-01"),
    article(4, "Kratom and chronic pain", entered="2026-11-23"),
)

Rows = dict[str, list[tuple[object, ...]]]


def live_run(base: Path, settings: Settings, clock: Clock, *records: str) -> None:
    """A live update against a server that holds these records (for module-wide fixtures)."""
    shutil.rmtree(base / "corpus", ignore_errors=True)
    write(base / "corpus" / "all.xml", *records)
    with (
        ReplayServer(ReplayArchive.read(base / "corpus")) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))
        run_update(Options(), replace(settings, eutils_url=server.url), clock)


def tables_of(path: Path) -> Rows:
    """Every table of a warehouse, rows in order."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1"
        ).fetchall()
        return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after two live runs: one record changed, one left, one deleted, one new."""
    base = tmp_path_factory.mktemp("twice")
    settings, clock = Settings(base / "data", pace_file=base / "pace"), FakeClock()
    with the_database_alone("marts"):
        live_run(base, settings, clock, *FIRST)
        clock.sleep(86_400)
        live_run(base, settings, clock, *SECOND)
    return base / "data"


@pytest.fixture
def settings_of(twice: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a copy of that data directory, without a network."""
    shutil.copytree(twice, tmp_path / "data", symlinks=True)

    def no_network(*_args: object, **_rest: object) -> None:
        raise AssertionError("rebuild asked the network")

    with pytest.MonkeyPatch.context() as patch, the_database_alone("marts"):
        patch.setattr(requests.Session, "send", no_network)
        yield Settings(data=tmp_path / "data")


def test_the_two_runs_hold_what_this_file_is_about(twice):
    held = tables_of(Settings(data=twice).warehouse("pubmed"))
    left = {(row[1], row[5]) for row in held["ops.search_hits"] if row[0] == "kratom"}
    assert left == {(1, None), (2, "left"), (3, "deleted"), (4, None)}
    assert len(held["ops.runs"]) == 2
    assert any(row[2] == "title" for row in held["ops.article_changes"])


def test_a_rebuilt_warehouse_is_the_same(settings_of):
    path = settings_of.warehouse("pubmed")
    before = tables_of(path)
    inode = path.stat().st_ino
    told = rebuild("pubmed", settings_of)
    assert path.stat().st_ino != inode, "this is not a new file"
    after = tables_of(path)
    assert after.keys() == before.keys()
    for name in before:
        assert after[name] == before[name], name
    assert "from 2 run(s)" in told
    assert [p.name for p in path.parent.iterdir()] == ["warehouse.duckdb"]
    assert not (settings_of.data / "warehouse" / ".rebuilding").exists()


@pytest.mark.slow  # one more rebuild
def test_a_run_killed_right_after_its_commit_is_rebuilt_too(settings_of):
    """Its journal does not know of the commit; the warehouse does."""
    journal = journals.read_all(settings_of.runs)[-1]
    journal.state = journals.RUNNING
    journal.save(settings_of.runs)
    before = tables_of(settings_of.warehouse("pubmed"))
    told = rebuild("pubmed", settings_of)
    assert "from 2 run(s)" in told
    assert tables_of(settings_of.warehouse("pubmed")) == before
    assert journals.read_all(settings_of.runs)[-1].state == journals.COMMITTED


@pytest.mark.slow  # one more rebuild
def test_a_run_killed_before_its_commit_is_not_rebuilt(settings_of):
    journal = replace(journals.read_all(settings_of.runs)[-1], run_id="20270101T000000Z-dead")
    journal.as_of, journal.state = "2027-01-01T00:00:00", journals.RUNNING
    journal.save(settings_of.runs)
    assert "from 2 run(s)" in rebuild("pubmed", settings_of)
    assert journals.read_all(settings_of.runs)[-1].state == journals.ABANDONED


@pytest.mark.slow  # one more rebuild
@pytest.mark.parametrize("old", ["missing", "damaged"])
def test_what_was_cut_off_is_left_out_where_no_old_warehouse_knows(old, settings_of):
    journal = journals.read_all(settings_of.runs)[-1]
    journal.state = journals.RUNNING
    journal.save(settings_of.runs)
    path = settings_of.warehouse("pubmed")
    path.unlink() if old == "missing" else path.write_bytes(b"no database")
    assert "from 1 run(s)" in rebuild("pubmed", settings_of)


@pytest.mark.slow  # one more rebuild
def test_after_a_rebuild_the_next_run_goes_on(twice, tmp_path):
    shutil.copytree(twice, tmp_path / "data", symlinks=True)
    settings, clock = Settings(tmp_path / "data", pace_file=tmp_path / "pace"), FakeClock()
    clock.sleep(3 * 86_400)
    settings.warehouse("pubmed").unlink()
    rebuild("pubmed", settings, clock)
    live_run(tmp_path, settings, clock, *SECOND)
    held = tables_of(settings.warehouse("pubmed"))
    assert len(held["ops.runs"]) == 3
    before = tables_of(Settings(data=twice).warehouse("pubmed"))
    for name in ("ops.search_hits", "ops.article_changes", "core.article_revisions"):
        assert held[name] == before[name], name


@pytest.mark.parametrize("how", ["missing", "cut", "another body"])
def test_a_damaged_archive_is_told_and_nothing_changes(how, settings_of):
    records = max(settings_of.raw("pubmed").rglob("*.gz"), key=lambda p: p.stat().st_size)
    body = records.read_bytes()
    if how == "missing":
        records.unlink()
    elif how == "cut":
        records.write_bytes(body[: len(body) // 2])
    else:
        other = min(settings_of.raw("pubmed").rglob("*.gz"), key=lambda p: p.stat().st_size)
        records.write_bytes(other.read_bytes())
    warehouse = settings_of.warehouse("pubmed").read_bytes()
    shown = settings_of.latest.resolve()
    with pytest.raises(ConfigurationError, match=records.name) as caught:
        rebuild("pubmed", settings_of)
    assert "Nothing changed" in caught.value.effect
    assert caught.value.next_step
    assert settings_of.warehouse("pubmed").read_bytes() == warehouse
    assert settings_of.latest.resolve() == shown
    assert not (settings_of.data / "warehouse" / ".rebuilding").exists()


def test_damaged_records_are_seen_not_only_damaged_rules(settings_of):
    """The bodies that are staged, not only those read through Archive.get."""
    (ledger, *_) = sorted((settings_of.raw("pubmed") / "runs").glob("*.jsonl"))
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    name = next(entry["object"] for entry in entries if entry["kind"] == "records")
    path = settings_of.raw("pubmed") / name
    body = gzip.decompress(path.read_bytes()).replace(b"mice", b"cats")
    path.write_bytes(gzip.compress(body))
    with pytest.raises(ConfigurationError, match=path.name):
        rebuild("pubmed", settings_of)
    assert not (settings_of.data / "warehouse" / ".rebuilding").exists()


def test_there_must_be_something_to_rebuild_from(settings_of):
    with pytest.raises(ConfigurationError, match="no committed run") as caught:
        rebuild("archive:never", settings_of)
    assert caught.value.exit_code == 2


def test_a_rebuild_waits_for_no_run(settings_of):
    with hold_lock(settings_of.lock, "a-run"), pytest.raises(LockedError, match="a-run"):
        rebuild("pubmed", settings_of)
