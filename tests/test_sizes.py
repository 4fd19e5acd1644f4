"""What makes tests fast: units that stay small, and things made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

from pipeline.evidence.reference import Reference
from pipeline.replay import Archive, ReplayServer
from pipeline.settings import ROOT, Options
from pipeline.update import run_update
from tests.conftest import made_once


def test_a_unit_test_starts_no_process():
    with pytest.raises(AssertionError, match="starts a process"):
        subprocess.run([sys.executable, "--version"], check=False)


def test_a_unit_test_starts_no_server(tmp_path):
    with pytest.raises(AssertionError, match="starts a server"), ReplayServer(Archive([])):
        pass


def test_a_unit_test_makes_no_update(settings, clock, tmp_path):
    (tmp_path / "empty.nbib").write_text("PMID- 1\nTI  - Kratom\n")
    with pytest.raises(AssertionError, match="opens a warehouse file"):
        run_update(Options(from_files=(tmp_path / "empty.nbib",)), settings, clock)


def test_no_property_has_a_deadline():
    assert hypothesis.settings().deadline is None


def test_a_reference_file_that_changes_is_read_again(tmp_path: Path):
    directory = tmp_path / "reference"
    directory.mkdir()
    for path in (ROOT / "data" / "reference").glob("*"):
        if path.is_file():
            (directory / path.name).write_bytes(path.read_bytes())
    first = Reference.load(directory)
    same = Reference.load(ROOT / "data" / "reference")
    assert same.topics is first.topics, "the same bytes lie there"
    assert (first.directory, same.directory) == (directory, ROOT / "data" / "reference")
    topics = directory / "topics.toml"
    topics.write_text(topics.read_text().replace("minimum = 300", "minimum = 301"))
    again = Reference.load(directory)
    assert again.topics != first.topics
    assert again.facets is first.facets, "its file is the same"
    facets = directory / "facets.toml"
    facets.write_text(facets.read_text() + "\n# a remark\n")
    assert Reference.load(directory).facets is not first.facets


def test_what_is_made_once_is_made_again_only_after_a_failure(tmp_path_factory):
    made = []

    def fail(_place: Path) -> None:
        raise OSError("no space left")

    name = f"once-{tmp_path_factory.mktemp('x').name}"
    with pytest.raises(OSError):
        made_once(tmp_path_factory, name, fail)
    for _ in range(2):
        assert made_once(tmp_path_factory, name, lambda place: made.append(place)).is_dir()
    assert len(made) == 1
