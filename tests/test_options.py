"""What an update may be told, and what it refuses before anything is done."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pipeline import cli, status
from pipeline.errors import ConfigurationError
from pipeline.settings import DEMO_ARCHIVE, Options


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ({}, "pubmed"),
        ({"offline": True}, "archive:demo"),
        ({"offline": True, "archive": Path("/somewhere/trials")}, "archive:trials"),
        ({"from_files": (Path("a.xml"),)}, "archive:files"),
        ({"from_files": (Path("a.xml"),), "name": "mine"}, "archive:mine"),
    ],
)
def test_where_the_data_belongs(told, origin):
    assert Options(**told).origin == origin


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"from_files": (Path("a.xml"),), "offline": True}, "--from reads files"),
        ({"archive": Path("/somewhere/trials")}, "--archive is what --offline replays"),
        ({"name": "mine"}, "--name names an archive"),
        ({"from_files": (Path("a.xml"),), "name": "demo"}, "demo belongs to data/demo"),
        ({"offline": True, "archive": Path("/elsewhere/demo")}, "demo belongs to data/demo"),
        ({"from_files": (Path("a.xml"),), "name": "../../escaped"}, "cannot name an archive"),
        ({"from_files": (Path("a.xml"),), "processes": 0}, "--processes must be 1 or more"),
        ({"from_files": (Path("a.xml"),), "processes": -3}, "--processes must be 1 or more"),
    ],
)
def test_what_does_not_go_together_is_refused(told, why):
    with pytest.raises(ConfigurationError, match=why) as caught:
        Options(**told)
    assert caught.value.exit_code == 2


def test_a_list_given_twice_is_taken_whole():
    """The last one alone would leave out what was asked for, without a word."""
    read = cli.build_parser().parse_args
    load = read(["bulk-load", "DIR", "--match", "kratom", "--match", "pain", "kratom_pain"])
    assert load.match == ["kratom", "pain", "kratom_pain"]
    update = read(["update", "--from", "a.xml", "--from", "b.xml"])
    assert update.from_files == [Path("a.xml"), Path("b.xml")]
    line = "export --search kratom --format ris --study-type rct --study-type sr --not-in a"
    export = read([*line.split(), "--not-in", "b"])
    assert (export.study_type, export.not_in) == (["RCT", "SR"], [Path("a"), Path("b")])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("export --search kratom --format ris --since yesterday", "is not a date like 2026-01-31"),
        ("update --from nothing.xml", "There is no file nothing.xml."),
        ("bulk-load tests/corpus.py --processes 0", "--processes must be 1 or more"),
        (f"replay --archive {DEMO_ARCHIVE} --port 99999", "ports are numbered from 0 to 65535"),
    ],
)
def test_a_wrong_value_is_named_and_begins_no_run(line, told, settings, capsys):
    try:
        code = cli.main(line.split())
    except SystemExit as left:  # from argparse
        code = left.code
    assert code == 2
    assert told in capsys.readouterr().err
    assert not settings.data.exists()


def test_words_of_others_end_before_ours_begin():
    error = ConfigurationError("DuckDB says: no such table", effect="Nothing was read.")
    assert str(error) == "DuckDB says: no such table. Nothing was read."
    several = ConfigurationError("LINE 1: SELEC 1\n        ^^^^^", effect="Nothing was read.")
    assert str(several).splitlines()[-2:] == ["        ^^^^^", "Nothing was read."]


def test_a_path_that_cannot_be_read_is_not_blamed_on_the_data_directory(capsys, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/files/pubmed26n0001.xml.gz")

    monkeypatch.setattr(status, "status", refuse)
    assert cli.main(["status"]) == 8
    told = capsys.readouterr().err
    assert "/files/pubmed26n0001.xml.gz" in told
    assert "see that this path is there" in told and "data directory" not in told
