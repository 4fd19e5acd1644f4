"""Which sets stay, and what `latest` shows: by origin, ours alone, never the newest live one."""

from __future__ import annotations

import json
import shutil

import pytest

from pipeline.errors import ConfigurationError
from pipeline.outputs import sets
from pipeline.outputs.sets import SETS_KEPT
from tests.handmade import make_set, show

LIVE = "2026-11-{:02}-pubmed-0123456789ab"
FILES = "2026-11-{:02}-archive-files-0123456789ab"


def live(settings, day: int):
    return make_set(settings, LIVE.format(day), as_of=f"2026-11-{day:02}T06:00:00")


def of_files(settings, day: int):
    name = FILES.format(day)
    return make_set(settings, name, origin="archive:files", as_of=f"2026-11-{day:02}T07:00:00")


def names(settings) -> set[str]:
    return {path.name for path in settings.published.iterdir() if not path.is_symlink()}


# -- pruning


def test_sets_are_counted_by_origin(settings):
    live(settings, 1)
    live(settings, 2)
    for day in range(3, 3 + SETS_KEPT + 2):
        of_files(settings, day)
    show(settings, LIVE.format(2))
    told = sets.prune(settings)
    gone = {FILES.format(3), FILES.format(4)}
    assert [sentence.split()[3] for sentence in told] == sorted(gone)
    assert all("archive:files" in sentence for sentence in told)
    assert {LIVE.format(1), LIVE.format(2)} <= names(settings)
    assert not gone & names(settings)
    assert len(names(settings)) == 2 + SETS_KEPT + 1  # and LATEST
    assert sets.prune(settings) == []


def test_a_set_that_is_kept_on_purpose_stays_until_it_is_let_go(settings):
    for day in range(1, SETS_KEPT + 3):
        live(settings, day)
    sets.keep(settings, LIVE.format(1))
    assert sets.kept(settings) == [LIVE.format(1)]
    sets.prune(settings)
    assert LIVE.format(1) in names(settings) and LIVE.format(2) not in names(settings)
    sets.let_go(settings, LIVE.format(1))
    sets.prune(settings)
    assert LIVE.format(1) not in names(settings)


@pytest.mark.parametrize("act", [sets.keep, sets.let_go])
def test_only_a_set_that_is_there_can_be_kept_or_let_go(act, settings):
    live(settings, 1)
    with pytest.raises(ConfigurationError) as caught:
        act(settings, LIVE.format(2))
    assert caught.value.exit_code == 2 and caught.value.next_step
    assert sets.kept(settings) == []


def test_what_is_not_ours_stays(settings):
    for day in range(1, SETS_KEPT + 3):
        live(settings, day)
    shutil.copytree(settings.published / LIVE.format(1), settings.published / "for-the-paper")
    (settings.published / "notes").mkdir()
    (settings.published / "notes" / "manifest.json").write_text('{"name": "notes"}')
    (settings.published / "0-empty").mkdir()
    sets.prune(settings)
    assert {"for-the-paper", "notes", "0-empty"} < names(settings)
    assert LIVE.format(1) not in names(settings)


def test_an_old_set_that_latest_shows_stays(settings):
    for day in range(1, SETS_KEPT + 3):
        live(settings, day)
    show(settings, LIVE.format(1))
    assert len(sets.prune(settings)) == 1
    assert LIVE.format(1) in names(settings) and LIVE.format(2) not in names(settings)


def test_age_is_told_by_the_manifest_and_not_by_the_file_system(settings):
    for day in range(SETS_KEPT + 1, 0, -1):  # written newest first, as a copy may be
        live(settings, day)
    sets.prune(settings)
    assert LIVE.format(1) not in names(settings)
    assert LIVE.format(SETS_KEPT + 1) in names(settings)


def test_a_set_that_cannot_be_removed_is_told_and_stops_nothing(settings, monkeypatch):
    for day in range(1, SETS_KEPT + 3):
        live(settings, day)

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(sets, "remove", denied)
        told = sets.prune(settings)
    assert len(told) == 2 and all("could not be removed" in sentence for sentence in told)


def test_what_a_killed_run_left_is_cleared_away(settings):
    live(settings, 1)
    for name in (".building-1", ".removing-2", ".replaced-3"):
        (settings.published / name).mkdir()
    sets.remove_leftovers(settings)
    assert names(settings) == {LIVE.format(1)}


# -- latest


def test_a_new_live_set_is_shown_whatever_was(settings):
    of_files(settings, 3)
    show(settings, FILES.format(3))
    live(settings, 1)
    assert sets.offer(settings, LIVE.format(1), "pubmed") is None
    assert settings.latest.resolve().name == LIVE.format(1)
    assert (settings.published / "LATEST").read_text() == LIVE.format(1) + "\n"


@pytest.mark.parametrize("lost", ["no link", "dangling link", "manifest of an offline set"])
def test_where_latest_was_lost_the_newest_live_set_is_brought_back(lost, settings):
    live(settings, 1)
    live(settings, 2)
    of_files(settings, 3)
    of_files(settings, 4)
    if lost == "dangling link":
        show(settings, LIVE.format(9))
    elif lost == "manifest of an offline set":
        show(settings, FILES.format(3))
    told = sets.offer(settings, FILES.format(4), "archive:files")
    assert settings.latest.resolve().name == LIVE.format(2)
    assert told is not None and LIVE.format(2) in told


def test_a_damaged_live_set_is_not_brought_back(settings):
    live(settings, 1)
    (live(settings, 2) / "ketum.duckdb").write_bytes(b"A database")
    of_files(settings, 3)
    sets.offer(settings, FILES.format(3), "archive:files")
    assert settings.latest.resolve().name == LIVE.format(1)


def test_damaged_live_data_gives_no_place_to_an_offline_set(settings):
    (live(settings, 1) / "ketum.duckdb").unlink()
    of_files(settings, 3)
    told = sets.offer(settings, FILES.format(3), "archive:files")
    assert not settings.latest.exists()
    assert told is not None and "ketum rebuild --origin pubmed" in told


def test_a_live_set_whose_manifest_is_odd_gives_no_place_either(settings):
    (live(settings, 1) / "manifest.json").write_text("{}")
    show(settings, LIVE.format(1))
    of_files(settings, 3)
    told = sets.offer(settings, FILES.format(3), "archive:files")
    assert settings.latest.resolve().name == LIVE.format(1)
    assert told is not None and "damaged" in told


def test_an_offline_set_whose_manifest_is_odd_is_replaced(settings):
    (of_files(settings, 1) / "manifest.json").write_text(json.dumps([]))
    show(settings, FILES.format(1))
    of_files(settings, 3)
    assert sets.offer(settings, FILES.format(3), "archive:files") is None
    assert settings.latest.resolve().name == FILES.format(3)


def test_a_copy_in_the_place_of_the_link_is_refused_with_the_way_back(settings):
    live(settings, 1)
    shutil.copytree(settings.published / LIVE.format(1), settings.latest)
    with pytest.raises(ConfigurationError, match="not a link") as caught:
        sets.require_link(settings)
    command, source, target = caught.value.next_step.split("`")[1].split()
    assert command == "mv"
    shutil.move(source, target)
    sets.require_link(settings)
    show(settings, LIVE.format(1))
    assert settings.latest.resolve().name == LIVE.format(1)


def test_a_damaged_set_gives_way_to_the_new_one_of_its_name(settings, tmp_path):
    target = live(settings, 1)
    building = settings.published / ".building-1"
    building.mkdir()
    (building / "new").write_text("new")
    sets.put_in_place(building, target)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert names(settings) == {LIVE.format(1)}


# -- what a new set shares files with


def test_a_set_shares_files_with_the_last_of_its_origin(settings):
    assert sets.before(settings, "archive:files") is None
    live(settings, 1)
    show(settings, LIVE.format(1))
    assert sets.before(settings, "archive:files").name == LIVE.format(1)
    of_files(settings, 2)
    of_files(settings, 3)
    assert sets.before(settings, "archive:files").name == FILES.format(3)
    assert sets.before(settings, "pubmed").name == LIVE.format(1)
    show(settings, FILES.format(2))
    assert sets.before(settings, "archive:files").name == FILES.format(2)


def test_a_damaged_set_that_is_shown_is_the_one_before(settings):
    """So that publishing says that it is damaged."""
    of_files(settings, 1)
    live(settings, 2)
    show(settings, LIVE.format(2))
    (settings.published / LIVE.format(2) / "manifest.json").write_text("{")
    assert sets.before(settings, "archive:files").name == LIVE.format(2)
