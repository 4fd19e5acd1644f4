"""A backup, restored into an empty directory, is whole by `verify` and goes on by the next run."""

from __future__ import annotations

import tarfile
from dataclasses import replace

import pytest

from pipeline import journal as journals
from pipeline.backup import backup, restore
from pipeline.errors import CheckError, ConfigurationError, LockedError
from pipeline.outputs import sets
from pipeline.storage import hold_lock
from pipeline.verify import require_whole, verify
from tests.conftest import FIRST, SECOND
from tests.test_rebuild import tables_of

pytestmark = pytest.mark.whole


@pytest.mark.slow  # an update and a rebuild
def test_a_restored_backup_is_the_same_warehouse_and_is_whole(
    live_with_outputs, database_and_tables, begun, settings, clock, tmp_path
):
    kept = settings.latest.resolve().name
    sets.keep(settings, kept)
    clock.sleep(86_400)
    live_with_outputs(FIRST, SECOND)
    before = tables_of(settings.warehouse("pubmed"))
    backup(settings, tmp_path / "kept.tar", clock)

    new = replace(settings, data=tmp_path / "new")
    told = restore(new, tmp_path / "kept.tar", clock)
    assert "from 2 run(s)" in told
    reports = verify(new)
    require_whole(reports)
    assert {report.kind for report in reports} == {"set", "archive"}
    assert tables_of(new.warehouse("pubmed")) == before
    assert new.latest.resolve().name == settings.latest.resolve().name
    assert sets.kept(new) == [kept] and (new.published / kept / "ketum.duckdb").is_file()
    assert len(journals.read_all(new.runs)) == 2
    assert not (new.data / ".restoring").exists()


@pytest.fixture
def kept(settings, tmp_path):
    """A backup of a run that failed, which takes no time to make."""
    journals.Journal("r", "pubmed", "live", "2026-11-22T00:00:00", {}, state=journals.FAILED).save(
        settings.runs
    )
    path = settings.raw("pubmed") / "objects" / "aa" / "body.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a body" * 100)
    backup(settings, tmp_path / "kept.tar")
    return tmp_path / "kept.tar"


@pytest.mark.parametrize("how", ["cut", "flipped", "another"])
def test_a_damaged_backup_puts_nothing_in_place(how, kept, settings, tmp_path):
    body = bytearray(kept.read_bytes())
    if how == "cut":
        body = body[: len(body) // 2]
    elif how == "flipped":
        body[body.index(b"a bodya body")] ^= 1
    else:
        with tarfile.open(kept, "w") as tar:
            tar.add(__file__, "raw/file")
        body = bytearray(kept.read_bytes())
    kept.write_bytes(body)
    new = replace(settings, data=tmp_path / "new")
    with pytest.raises(CheckError) as caught:
        restore(new, kept)
    assert caught.value.exit_code == 4
    assert [path.name for path in new.data.iterdir()] == ["ketum.lock"]


def test_nothing_is_written_over(kept, settings):
    with pytest.raises(ConfigurationError, match="exists already"):
        backup(settings, kept)
    with pytest.raises(ConfigurationError, match="has data already"):
        restore(settings, kept)


def test_a_backup_waits_for_no_run_and_leaves_no_half_of_a_file(kept, settings, tmp_path):
    with hold_lock(settings.lock, "a-run"), pytest.raises(LockedError):
        backup(settings, tmp_path / "other.tar")
    assert not list(tmp_path.glob("*other*"))


def test_an_empty_directory_has_nothing_to_keep(settings, tmp_path):
    with pytest.raises(ConfigurationError, match="no run"):
        backup(settings, tmp_path / "kept.tar")
    with pytest.raises(ConfigurationError, match="There is no"):
        restore(settings, tmp_path / "nothing.tar")
