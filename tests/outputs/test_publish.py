"""What goes from one set into the next: files that are what they are said to be, no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.outputs import manifest, publish
from pipeline.storage import sha256_of
from tests.conftest import DAY, FIRST, SECOND, copy_data, the_database_alone
from tests.handmade import FILES, make_set

NAME = "2026-11-22-pubmed-0123456789ab"
LEAVES = "tables/core.leaves.csv"


@pytest.fixture
def previous(settings) -> Path:
    return make_set(settings, NAME)


@pytest.fixture
def building(settings) -> Path:
    """The same files, about to be published again."""
    directory = settings.published / ".building-1"
    for name, body in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(body)
    return directory


def is_shared(building: Path, previous: Path, name: str) -> bool:
    return (building / name).stat().st_ino == (previous / name).stat().st_ino


def assert_whole(building: Path, sums: dict[str, tuple[str, int]]) -> None:
    for name, body in FILES.items():
        assert (building / name).read_bytes() == body
        assert sums[name] == (sha256_of(building / name), len(body))
    assert {p.relative_to(building).as_posix() for p in building.rglob("*") if p.is_file()} == set(
        FILES
    )


def test_equal_files_are_shared(building, previous):
    sums, damage = publish.hash_and_link(building, previous)
    assert damage is None
    assert_whole(building, sums)
    assert all(is_shared(building, previous, name) for name in FILES)


@pytest.mark.parametrize("how", ["flipped", "cut", "missing", "a directory"])
def test_a_damaged_file_is_told_and_not_shared(how, building, previous):
    path = previous / LEAVES
    body = path.read_bytes()
    path.unlink()
    if how == "flipped":
        path.write_bytes(body.replace(b"red", b"rad"))
    elif how == "cut":
        path.write_bytes(body[:-1])
    elif how == "a directory":
        path.mkdir()
    sums, damage = publish.hash_and_link(building, previous)
    assert damage is not None and NAME in damage and LEAVES in damage
    assert_whole(building, sums)
    assert is_shared(building, previous, "ketum.duckdb")


def test_of_a_set_without_a_manifest_nothing_is_shared(building, previous):
    (previous / "manifest.json").write_text("[]")
    sums, damage = publish.hash_and_link(building, previous)
    assert damage is not None and NAME in damage and "another shape" in damage
    assert_whole(building, sums)
    assert not any(is_shared(building, previous, name) for name in FILES)


def test_a_file_system_without_links_is_no_fault(building, previous, monkeypatch):
    def no_links(*_arguments, **_rest):
        raise OSError(31, "Too many links")

    monkeypatch.setattr(os, "link", no_links)
    sums, damage = publish.hash_and_link(building, previous)
    assert damage is None
    assert_whole(building, sums)


def test_after_damage_the_next_update_ends_with_a_whole_set(
    live_with_outputs, days, clock, settings
):
    """Also where nothing is new, so that the files of the set before would be shared."""
    copy_data(days / "two", settings.data)
    first = settings.latest.resolve()
    authors, gone = first / "tables" / "core.authors.csv", first / "tables" / "core.grants.csv"
    body = authors.read_bytes()
    authors.unlink()
    authors.write_bytes(body.replace(b"Leaf", b"Loaf"))
    gone.unlink()
    clock.sleep(2 * DAY)
    with the_database_alone("tables"):
        receipt = live_with_outputs(FIRST, SECOND)
    second = settings.latest.resolve()
    assert receipt.is_unchanged and second != first
    assert manifest.damage(second) is None
    assert [note for note in receipt.notes if first.name in note and "core.authors.csv" in note]
