"""A manifest that ketum did not write, or that was changed since, is told and never followed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.outputs import manifest
from pipeline.outputs.manifest import OddManifestError
from tests.handmade import make_set

NAME = "2026-11-22-pubmed-0123456789ab"


def test_a_manifest_gives_what_it_states(settings):
    found = manifest.read(make_set(settings, NAME))
    assert (found.set_id, found.origin) == (NAME, "pubmed")
    assert f"{found.as_of}" == "2026-11-22 12:00:00"
    assert found.files["ketum.duckdb"].size == len(b"a database")


def path_of(name: object) -> Callable[[dict[str, Any]], object]:
    return lambda held: held["resources"][0].update(path=name)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no name": (lambda held: held.pop("name"), "lacks 'name'"),
    "another package": (lambda held: held.update(name="lions"), "'lions', not ketum's"),
    "no own part": (lambda held: held.pop("ketum"), "lacks 'ketum'"),
    "own part is a text": (lambda held: held.update(ketum="yes"), "another shape"),
    "no origin": (lambda held: held["ketum"].pop("origin"), "lacks 'origin'"),
    "a time that is none": (lambda held: held["ketum"].update(as_of="noon"), "another shape"),
    "a time with a zone": (
        lambda held: held["ketum"].update(as_of="2026-11-22T12:00:00+00:00"), "a zone",
    ),
    "an id that is no text": (lambda held: held.update(id=7), "another shape"),
    "no files": (lambda held: held.update(resources=[]), "states no file"),
    "files that are no list": (lambda held: held.update(resources=7), "another shape"),
    "a file without hash": (lambda held: held["resources"][0].pop("hash"), "lacks 'hash'"),
    "another kind of hash": (lambda held: held["resources"][0].update(hash="md5:12"), "a hash"),
    "a size that is no number": (
        lambda held: held["resources"][0].update(bytes="ten"), "another shape",
    ),
    "counts that are none": (
        lambda held: held["ketum"].update(searches={"kratom": 2}), "another shape",
    ),
    "an absolute path": (path_of("/etc/hostname"), "no file of a set"),
    "a path that leads out": (path_of("../other/ketum.duckdb"), "no file of a set"),
    "a path that leads out later": (path_of("tables/../../x"), "no file of a set"),
    "a path of two dots": (path_of(".."), "no file of a set"),
    "a path of none": (path_of(""), "no file of a set"),
    "a path that ends in a slash": (path_of("tables/"), "no file of a set"),
}  # fmt: skip


@pytest.mark.parametrize("how", CHANGES)
def test_an_odd_manifest_is_told(how, settings):
    directory = make_set(settings, NAME)
    change, words = CHANGES[how]
    path = directory / "manifest.json"
    held = json.loads(path.read_text())
    change(held)
    path.write_text(json.dumps(held))
    with pytest.raises(OddManifestError, match=words):
        manifest.read(directory)
    assert manifest.damage(directory)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[1, 2]", "another shape"),
        (b"null", "another shape"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_manifest_at_all_is_told(body, words, settings):
    directory = make_set(settings, NAME)
    (directory / "manifest.json").write_bytes(body)
    with pytest.raises(OddManifestError, match=words):
        manifest.read(directory)


def test_a_missing_manifest_is_told(settings):
    directory = make_set(settings, NAME)
    (directory / "manifest.json").unlink()
    with pytest.raises(OddManifestError, match="there is no manifest"):
        manifest.read(directory)


def test_what_the_disk_cannot_give_is_damage(settings, monkeypatch):
    directory = make_set(settings, NAME)

    def no_bytes(path):
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "sha256_of", no_bytes)
        assert manifest.damage(directory) == "ketum.duckdb cannot be read (Input/output error)."
    (directory / "manifest.json").unlink()
    (directory / "manifest.json").mkdir()
    with pytest.raises(OddManifestError, match="cannot be read"):
        manifest.read(directory)


def test_a_link_in_the_place_of_a_file_is_damage(settings, tmp_path):
    directory = make_set(settings, NAME)
    assert manifest.damage(directory) is None
    (tmp_path / "elsewhere").write_bytes((directory / "ketum.duckdb").read_bytes())
    (directory / "ketum.duckdb").unlink()
    (directory / "ketum.duckdb").symlink_to(tmp_path / "elsewhere")
    assert manifest.damage(directory) == "ketum.duckdb is missing."
