"""The raw store: bodies whole or not at all, each once, damage seen and made good."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.errors import ConfigurationError
from pipeline.pubmed.archive import Archive
from pipeline.storage import write_atomically

BODY = b"<PubmedArticleSet>" + b"kratom " * 1000 + b"</PubmedArticleSet>"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "raw")


def test_a_body_comes_back_as_it_went_in(archive):
    assert archive.get(archive.put(BODY)) == BODY


def test_the_same_body_is_stored_once(archive):
    first = archive.put(BODY)
    stored = archive.path(first).stat()
    assert archive.put(BODY) == first
    assert archive.path(first).stat().st_mtime_ns == stored.st_mtime_ns
    assert len(list(archive.root.rglob("*.gz"))) == 1


def test_equal_bodies_give_equal_files_whenever_they_are_written(tmp_path):
    files = []
    for place in ("a", "b"):
        store = Archive(tmp_path / place)
        files.append(store.path(store.put(BODY)).read_bytes())
    assert files[0] == files[1]


def damage(how: str, path: Path) -> None:
    held = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(held[: len(held) // 2])
    elif how == "no gzip":
        path.write_bytes(BODY)
    elif how == "a bit flipped":
        path.write_bytes(held[:20] + bytes([held[20] ^ 0xFF]) + held[21:])
    elif how == "another body":
        path.write_bytes(gzip.compress(BODY.replace(b"kratom", b"ketum")))


DAMAGES = ("missing", "cut", "no gzip", "a bit flipped", "another body")


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_is_told_with_the_name_of_the_file(how, archive):
    name = archive.put(BODY)
    damage(how, archive.path(name))
    with pytest.raises(ConfigurationError, match=name) as caught:
        archive.get(name)
    assert caught.value.exit_code == 2
    assert "Nothing changed" in caught.value.effect


@pytest.mark.parametrize("how", DAMAGES)
def test_fetching_the_same_body_again_makes_damage_good(how, archive):
    name = archive.put(BODY)
    damage(how, archive.path(name))
    assert archive.put(BODY) == name
    assert archive.get(name) == BODY


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    write_atomically(tmp_path / "kept", b"before")
    monkeypatch.setattr(storage.os, "fsync", full)
    for name in ("kept", "new"):
        with pytest.raises(OSError, match="No space"):
            write_atomically(tmp_path / name, b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == b"before"


def test_a_ledger_gives_its_lines_in_order_and_by_kind(archive):
    archive.note("run", {"kind": "search", "search": "kratom", "text": "μ-opioid"})
    archive.note("run", {"kind": "records", "pmids": [1]})
    archive.note("run", {"kind": "records", "pmids": [2]})
    assert [entry["kind"] for entry in archive.entries("run")] == ["search", "records", "records"]
    assert [entry["pmids"] for entry in archive.entries("run", "records")] == [[1], [2]]
    assert archive.entries("run")[0]["text"] == "μ-opioid"


def test_a_last_line_cut_by_a_crash_is_left_out(archive):
    archive.note("run", {"kind": "records", "pmids": [1]})
    with archive.ledger("run").open("a") as file:
        file.write(json.dumps({"kind": "records", "pmids": [2]})[:15])
    assert [entry["pmids"] for entry in archive.entries("run")] == [[1]]


def test_a_broken_line_in_the_middle_is_damage_and_hides_nothing(archive):
    archive.note("run", {"kind": "records", "pmids": [1]})
    with archive.ledger("run").open("a") as file:
        file.write('{"kind": "rec\n')
    archive.note("run", {"kind": "records", "pmids": [2]})
    with pytest.raises(ConfigurationError, match="its line 2 is broken"):
        archive.entries("run")


def test_a_run_without_a_ledger_has_no_entries(archive):
    assert archive.entries("never") == []
