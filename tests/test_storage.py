"""Names that people give to directories and files: all work, or are refused before any writing."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import duckdb
import pytest

from pipeline import storage
from pipeline.cli import main
from pipeline.errors import ConfigurationError
from pipeline.journal import Journal
from pipeline.many_files import stamp
from pipeline.outputs.citations import export, selection
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.parsing.bytes import source_name
from pipeline.settings import Options, Settings
from pipeline.verify import verify_set
from pipeline.warehouse.database import write_copy
from tests import corpus

NASTY = [
    "Ana's", "a\u2028b", "a\u2029b", "a\x85b", "a\nb", "a\r\nb", "a\x0bb", "a\x1b[31mb", "[1]",
    "a[!b]", "a*b", "**", "a%41b", "a;b", "-lead", "--", 'a"b', "a b ", "{uuid}", "$HOME", "~",
    "x=1", "a#b", "a&b", "é", "е\u0301", "\u202eab", "a:b", "s3:", ":memory:", "a,b",
    "a'); DROP TABLE t; --", "n" * 200,
]  # fmt: skip
NOT_FOR_DUCKDB = ["a?b", "a\\b", os.fsdecode(b"caf\xe9")]


@pytest.fixture(params=NASTY)
def nasty(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory of a nasty name, beside others that a pattern would meet."""
    for decoy in ("axb", "a1b", "1", "ab", "aab"):
        (tmp_path / decoy).mkdir()
        (tmp_path / decoy / decoy).write_text("a\n9\n")
    found = tmp_path / request.param
    found.mkdir()
    return found


def test_a_database_is_made_and_copied_there(nasty: Path) -> None:
    with duckdb.connect(storage.for_duckdb(nasty / f"{nasty.name}.duckdb")) as con:
        con.execute("CREATE TABLE t AS SELECT 7 AS a")
        write_copy(con, nasty / "copy.duckdb")
        con.execute(f"COPY t TO {storage.literal(nasty / f'{nasty.name}.csv')} (FORMAT csv)")
    assert {path.name for path in nasty.iterdir()} == {
        f"{nasty.name}.duckdb", "copy.duckdb", f"{nasty.name}.csv",
    }  # fmt: skip
    with duckdb.connect(storage.for_duckdb(nasty / "copy.duckdb"), read_only=True) as con:
        assert con.execute("FROM t").fetchall() == [(7,)]


def test_only_the_file_that_was_named_is_read(nasty: Path) -> None:
    path = nasty / nasty.name
    path.write_text("a\n1\n")
    with duckdb.connect() as con:
        read = "FROM read_csv(?, header = true, hive_partitioning = false)"
        assert con.execute(read, [storage.for_reading(path)]).fetchall() == [(1,)]


def test_tables_of_an_export_are_written_and_read_again(nasty: Path) -> None:
    rows = [dict.fromkeys(export.COLUMNS) | {"pmid": 7, "title": "a\u2028b", "doi": "10.1/a\x85"}]
    target = nasty / f"{nasty.name}.parquet"
    export.write_parquet(rows, target)
    listed = nasty / f"{nasty.name}.jsonl"
    listed.write_text(export.json_lines(rows * 2), encoding="utf-8")
    assert selection.exported_before([target, listed]).pmids == {"7"}


@pytest.mark.parametrize("name", [*NASTY, *NOT_FOR_DUCKDB])
def test_any_name_stands_in_ledgers_and_journals(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    archive = Archive(tmp_path / "raw")
    entry = {"kind": "records", "file": storage.shown(Path(path.name)), "raw": str(path)}
    archive.note("run", {**entry, "stamp": stamp(path)})
    archive.note("run", {**entry, "stamp": source_name(path)})
    first, second = archive.entries("run")
    assert first["file"] == second["file"]
    assert first["raw"] == str(path)
    for word in (first["file"], first["stamp"], second["stamp"]):
        word.encode("utf-8")
    parameters = Options(from_files=(path,)).as_parameters()
    journal = Journal("r", "archive:files", "files", "2026-01-01", parameters, verdict=str(path))
    journal.save(tmp_path)
    assert json.loads((tmp_path / "r" / "run.json").read_bytes())["verdict"] == str(path)


@pytest.mark.parametrize("name", NOT_FOR_DUCKDB)
def test_names_that_duckdb_cannot_open_are_refused_before_a_byte_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KETUM_DATA", str(tmp_path / name))
    for command in (["status"], ["update", "--offline"], ["rebuild"], ["query", "SELECT 1"]):
        assert main(command) == 2
        assert "DuckDB cannot use the path" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    for give in (storage.for_duckdb, storage.literal):
        with pytest.raises(ConfigurationError):
            give(tmp_path / name)


def test_a_name_longer_than_the_machine_allows_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["verify", "n" * 300], ["query", f"{'n' * 300}.sql"]):
        assert main(command) == 2
        assert "File name too long" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\u2028b\x85c\x0bd\r\n\ne", ["a\u2028b\x85c\x0bd\r", "", "e"]),
    ],
)
def test_only_a_line_feed_ends_a_line(text: str, found: list[str]) -> None:
    assert storage.lines(text) == found


def test_an_error_that_says_nothing_has_a_first_line() -> None:
    assert storage.first_line(ValueError()) == "ValueError"
    assert storage.first_line(ValueError("a\u2028b\nc")) == "a\u2028b"


def test_nothing_cuts_our_records_at_other_signs_than_line_feeds() -> None:
    root = Path(storage.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if ".splitlines(" in path.read_text(encoding="utf-8")
    }
    assert found == set()


@pytest.mark.slow  # update, rebuild and exports
@pytest.mark.whole
def test_the_whole_way_under_nasty_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Update, verify, rebuild, query and export; an input file of bytes that are not UTF-8."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "Ana's [a]*\u2028 x=1\n;%41 \x85{uuid}"
    monkeypatch.setenv("KETUM_DATA", str(place / "data"))
    place.mkdir()
    given = place / os.fsdecode(b"-caf\xe9 [1]*?\\.xml")
    corpus.write(given, corpus.article(1, "Kratom and pain"))
    assert main(["update", "--from", str(given)]) == 0
    assert main(["verify"]) == 0
    assert main(["rebuild", "--origin", "archive:files"]) == 0
    for suffix in (".parquet", ".jsonl"):
        target = place / f"it's * [out]{suffix}"
        form = suffix[1:]
        assert (
            main(["export", "--search", "kratom", "--format", form, "--output", str(target)]) == 0
        )
        assert target.is_file()
        told = main(["export", "--search", "kratom", "--format", "ris", "--not-in", str(target)])
        assert told == 0 and "No record to export" in capsys.readouterr().err
    answer = place / "an*swer's.parquet"
    query = ["query", "--format", "parquet", "--output", str(answer)]
    assert main([*query, "SELECT pmid, raw_file, source_stamp FROM core.articles"]) == 0
    statement = place / "what's.sql"
    statement.write_text("SELECT source_stamp FROM core.articles")
    capsys.readouterr()
    assert main(["query", "--format", "csv", str(statement)]) == 0
    (_, (stamp,)) = csv.reader(capsys.readouterr().out.splitlines())
    # a spreadsheet would take the dash for a formula
    assert stamp.removeprefix("'").startswith("-caf\\xe9 [1]*?\\")
    published = (place / "data" / "published" / "latest").resolve()
    assert verify_set(published).is_whole
