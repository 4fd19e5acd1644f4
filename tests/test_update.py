"""The whole way: what a second run sees, what is announced as new, what stops a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import duckdb
import pytest

from pipeline import journal as journals
from pipeline.errors import (
    CheckError,
    ConfigurationError,
    KetumError,
    LockedError,
    SourceError,
)
from pipeline.evidence import judge as judging
from pipeline.outputs import digest, marts, publish
from pipeline.outputs.receipt import Receipt
from pipeline.rebuild import rebuild
from pipeline.settings import Options, Settings
from pipeline.storage import hold_lock
from pipeline.update import run_update
from tests.conftest import FIRST
from tests.corpus import article, write
from tests.handmade import make_set

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("database_alone")]


def test_the_manifest_states_every_file_with_its_hash(whole_set):
    manifest = json.loads((whole_set.latest / "manifest.json").read_text())
    stated = {r["path"]: r["hash"].removeprefix("sha256:") for r in manifest["resources"]}
    files = {
        p.relative_to(whole_set.latest.resolve()).as_posix(): p
        for p in whole_set.latest.resolve().rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }
    assert stated.keys() == files.keys()
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stated[name]


def test_the_journal_tells_how_a_run_went(whole_set):
    written = max(whole_set.runs.glob("*/run.json"))
    journal = json.loads(written.read_text())
    assert journal["state"] == "published"
    assert [step["step"] for step in journal["steps"]] == [
        "search", "fetch", "parse", "count", "load", "compare", "judge", "place", "note", "build",
        "check", "report", "commit", "publish",
    ]  # fmt: skip


def test_italics_in_a_title_are_not_cut(memory):
    memory.read(FIRST)
    assert memory.ask("SELECT title FROM core.articles") == [
        ("Effects of Mitragyna speciosa on pain in mice",)
    ]


def test_one_unreadable_record_does_not_stop_the_others(memory):
    broken = article(2, "Kratom").replace('<PMID Version="1">', '<PMID Version="99999999">')
    assert memory.read(FIRST, broken)["quarantined"] == 1
    assert memory.ask("SELECT pmid FROM ops.quarantine") == [(2,)]
    assert memory.ask("SELECT pmid FROM core.articles") == [(1,)]


def test_a_record_that_appears_is_new_and_told(days):
    settings = Settings(data=days / "two")
    receipt = Receipt.from_dict(journals.read_all(settings.runs)[-1].receipt)
    assert receipt.searches["kratom"]["entered"] == 1
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        assert con.execute(
            "SELECT search, reason, pmid FROM marts.new_articles ORDER BY 1"
        ).fetchall() == [("kratom", "new_in_pubmed", 2), ("kratom_pain", "new_in_pubmed", 2)]
        news = digest.markdown(digest.since_last_set(con))
    assert "/2/" in news
    assert (settings.latest / "digest.md").read_text(encoding="utf-8").endswith(news)


def test_a_record_that_changes_is_logged(memory):
    memory.day(FIRST)
    again = article(1, "Effects of <i>Mitragyna speciosa</i> on pain in rats", revised="2026-11-22")
    assert memory.read(again)["changed"] == 1
    assert memory.ask(
        "SELECT field, before, after FROM marts.article_changes WHERE field = 'title'"
    ) == [
        (
            "title",
            "Effects of Mitragyna speciosa on pain in mice",
            "Effects of Mitragyna speciosa on pain in rats",
        )
    ]


def test_a_failing_check_undoes_the_run_and_publishes_nothing(
    live, clock, settings, published, tmp_path, monkeypatch, begun
):
    before = settings.latest.resolve()
    sql = tmp_path / "sql"
    sql.mkdir()
    for name in ("schema", "marts"):
        (sql / name).symlink_to(settings.sql / name)
    (sql / "checks").mkdir()
    (sql / "checks" / "no_mice.sql").write_text(
        "-- severity: error\n-- No record speaks of cats.\n"
        "SELECT pmid FROM core.articles WHERE title LIKE '%cats%'"
    )
    object.__setattr__(settings, "sql", sql)
    clock.sleep(86_400)
    with pytest.raises(CheckError, match="no_mice") as caught:
        live(FIRST, article(2, "Kratom for cats"))
    assert caught.value.exit_code == 4
    assert settings.latest.resolve() == before
    with duckdb.connect(str(settings.warehouse("pubmed"))) as con:
        assert con.execute("SELECT pmid FROM core.articles").fetchall() == [(1,)]
        assert con.execute("SELECT count(*) FROM ops.runs").fetchall() == [(1,)]


def test_no_network_changes_nothing(settings, clock):
    nowhere = replace(settings, eutils_url="http://127.0.0.1:9/")
    with pytest.raises(SourceError, match="refused") as caught:
        run_update(Options(), nowhere, clock)
    assert caught.value.exit_code == 3
    assert "Nothing changed" in str(caught.value)
    assert clock.passed < 10
    assert not settings.warehouse("pubmed").exists()
    assert not settings.raw("pubmed").exists()
    assert not settings.published.exists()


def test_a_second_run_at_the_same_time_is_refused_at_once(settings, clock):
    with hold_lock(settings.lock, "another"), pytest.raises(LockedError, match="another"):
        run_update(Options(offline=True), settings, clock)


def test_an_offline_run_never_takes_the_place_of_live_data(settings, clock, tmp_path, begun):
    shown = settings.latest.resolve()
    archive = write(tmp_path / "small" / "all.xml", FIRST).parent
    receipt = run_update(Options(offline=True, archive=archive), settings, clock)
    assert settings.latest.resolve() == shown
    assert any("latest" in note for note in receipt.notes)
    assert "archive-small" in receipt.published_path


def test_a_warehouse_of_another_shape_names_rebuild(live, settings, clock, begun):
    with duckdb.connect(str(settings.warehouse("pubmed"))) as con:
        con.execute("UPDATE ops.warehouse SET schema_version = 'old'")
    with pytest.raises(ConfigurationError, match="ketum rebuild") as caught:
        live(FIRST)
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_pubmed_file_changes_nothing(settings, clock, tmp_path):
    page = tmp_path / "error.xml"
    page.write_text("<html><body>Service unavailable</body></html>")
    with pytest.raises((ConfigurationError, SourceError)):
        run_update(Options(from_files=(page,)), settings, clock)
    assert not settings.published.exists()
    assert not settings.warehouse("archive:files").exists()


def test_a_later_copy_that_no_longer_matches_still_replaces_the_one_held(
    settings, clock, tmp_path, memory
):
    one = write(tmp_path / "pubmed26n0001.xml", FIRST, article(2, "Kratom"))
    two = write(
        tmp_path / "pubmed26n0002.xml",
        article(1, "Effects of another plant in mice", revised="2026-06-01"),
    )
    for path in (one, two):
        memory.update(memory.run(settings, clock, options=Options(from_files=(path,))))
        clock.sleep(60)
    assert memory.ask("SELECT title FROM core.articles WHERE pmid = 1") == [
        ("Effects of another plant in mice",)
    ]
    assert memory.ask("SELECT count(*) FROM core.article_revisions WHERE pmid = 1") == [(2,)]


def test_a_second_run_on_the_same_day_is_a_set_of_its_own(settings):
    for name in ("2026-11-22-pubmed-0123", "2026-11-22-pubmed-0123-2"):
        assert marts._free_name(settings, "2026-11-22-pubmed-0123") == name
        make_set(settings, name)


def test_a_run_that_is_stopped_leaves_the_published_set_and_its_records_are_fetched_again(
    live, begun, clock, published, monkeypatch
):
    """By a bad reference file, and by a full disk: no old body is fed to later runs."""
    before = begun.latest.resolve()
    for place, name, failing, told in (
        (judging, "judge", refuse, "a bad override"),
        (publish, "write_copy", full, "no space left"),
    ):
        clock.sleep(60)
        with monkeypatch.context() as patch, pytest.raises(KetumError, match=told) as caught:
            patch.setattr(place, name, failing)
            live(article(1, f"Mitragyna, stopped by {name}", revised="2026-11-22"))
        assert begun.latest.resolve() == before
        journal = journals.read_all(begun.runs, "pubmed")[-1]
        assert journal.exit_code == caught.value.exit_code
    clock.sleep(60)
    live(article(1, "Mitragyna, revised", revised="2026-11-22"))
    assert published("SELECT title FROM core.articles") == [("Mitragyna, revised",)]


def refuse(*_arguments):
    raise ConfigurationError("a bad override")


def full(_con, _path):
    raise duckdb.IOException('Could not write file "x": No space left on device')


def test_a_damaged_set_of_the_same_run_is_written_anew(live, settings, begun):
    damaged = settings.latest / "digest.md"
    damaged.resolve().unlink()
    rebuild("pubmed", settings)
    assert damaged.exists()
