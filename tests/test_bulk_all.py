"""NLM's files kept whole: every record, the files in place, one load whatever the way there."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline import journal as journals
from pipeline import scan, whole_files
from pipeline.cli import main
from pipeline.settings import Settings
from pipeline.storage import sha256_of
from tests.conftest import the_database_alone
from tests.corpus import article, article_set
from tests.test_bulk_load import KRATOM, LEAF, file, titles

pytestmark = pytest.mark.whole

OUR_OWN = ("raw_file", "raw_offset", "raw_length", "source_stamp")
"""What says where a record lies, and not what it says."""


def load(*places: Path, name: str = "whole") -> int:
    arguments = ["bulk-load", "--all", *map(str, places), "--name", name]
    return main([*arguments, "--processes", "1", "--quiet"])


def tables(settings: Settings, name: str, where: str = "") -> dict[str, list[tuple[object, ...]]]:
    """Rows of core and evidence in the warehouse of an archive, times and places apart."""
    found = {}
    path = settings.warehouse(f"archive:{name}")
    with duckdb.connect(str(path), read_only=True) as con:
        shapes = con.execute(
            """
            SELECT schema_name || '.' || table_name,
                list(column_name) FILTER (
                    suffix(column_name, '_at') OR list_contains($own, column_name)
                ),
                bool_or(column_name = 'pmid')
            FROM duckdb_columns()
            WHERE schema_name IN ('core', 'evidence') AND database_name = current_database()
                AND table_name IN (SELECT table_name FROM duckdb_tables())
            GROUP BY ALL
            """,
            {"own": list(OUR_OWN)},
        ).fetchall()
        for table, left_out, has_pmid in shapes:
            exclude = f"EXCLUDE ({', '.join(left_out)})" if left_out else ""
            only = f"WHERE {where}" if where and has_pmid else ""
            found[table] = con.execute(f"SELECT * {exclude} FROM {table} {only} ORDER BY ALL")
            found[table] = found[table].fetchall()
    return found


def series(directory: Path) -> list[Path]:
    """A baseline of two files and two days: revisions, a version, deletions, odd records."""
    return [
        file(directory, 1, article(1, KRATOM), article(2, LEAF), article(3, KRATOM)),
        file(directory, 2, article(4, KRATOM), article(5, "<b>broken</i>"), article(6, LEAF)),
        file(
            directory, 3,
            article(2, f"{LEAF}, revised", revised="2026-02-05"), article(7, KRATOM),
            article(3, f"{KRATOM}, again", version=2), deleted=(6,),
        ),
        file(directory, 4, article(1, f"{KRATOM} no more", revised="2026-02-06"), deleted=(4,)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data directory after one load of the series; read only."""
    base = tmp_path_factory.mktemp("loaded")
    with the_database_alone(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("KETUM_DATA", str(base / "data"))
        assert load(*series(base / "files")) == 0
    return Settings(data=base / "data")


def test_every_record_is_kept_and_counts_in_the_search_for_everything(loaded):
    def published(sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(loaded.latest / "ketum.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    assert titles(published) == [
        (1, 1, f"{KRATOM} no more"),
        (2, 1, f"{LEAF}, revised"),
        (3, 2, f"{KRATOM}, again"),
        (7, 1, KRATOM),
    ]
    assert published("SELECT search, count(*) FROM ops.search_hits GROUP BY ALL ORDER BY ALL") == [
        ("everything", 4),
        ("kratom", 3),
    ]
    assert not loaded.scans("archive:whole").exists()


@pytest.mark.usefixtures("database_alone")
def test_an_update_from_the_files_holds_the_same_of_what_matches_and_in_an_archive_of_its_own(
    loaded, settings, tmp_path, capsys
):
    """Every table of core and evidence; an archive keeps everything or what matches."""
    shutil.copytree(loaded.data, settings.data, symlinks=True)
    files = [*map(str, series(tmp_path / "files"))]
    assert main(["update", "--from", *files, "--name", "whole", "--quiet"]) == 2
    assert "`ketum bulk-load --all FILES --name whole`" in capsys.readouterr().err
    assert main(["update", "--from", *files, "--name", "other", "--quiet"]) == 0
    assert load(Path(files[0]), name="other") == 2
    assert "give another --name" in capsys.readouterr().err
    where = "pmid IN (1, 3, 7)"
    ours, theirs = tables(loaded, "whole", where), tables(settings, "other", where)
    for found in (ours, theirs):  # what is said of all records, and the search of --all
        for table in ("core.journals", "core.deleted_citations", "evidence.searches"):
            found.pop(table, None)
    assert theirs["evidence.proofs"] and theirs["core.article_versions"]
    assert [name for name in theirs if ours[name] != theirs[name]] == []


@pytest.mark.usefixtures("database_alone")
def test_days_end_as_one_load_of_all_files_and_nothing_is_loaded_twice(
    loaded, settings, tmp_path, monkeypatch
):
    files = series(tmp_path / "files")
    hashed = []
    for module in (scan, whole_files):
        monkeypatch.setattr(
            module, "sha256_of", lambda path: hashed.append(path) or sha256_of(path)
        )
    for day in (files[:2], files[2:3], files):  # on the last day all of them once more
        assert load(*day, name="days") == 0
    assert hashed == [*files[:3], *files]
    at_once, in_days = tables(loaded, "whole"), tables(settings, "days")
    for found in (at_once, in_days):  # texts held meanwhile are not those of records gone by now
        found.pop("core.article_revisions")
    assert [name for name in at_once if at_once[name] != in_days[name]] == []
    last = journals.read_done(settings.runs, "archive:days")[-1]
    assert last.receipt["records_read"] == 1


@pytest.mark.usefixtures("database_alone")
def test_after_a_kill_no_file_is_read_again(settings, published, tmp_path, monkeypatch):
    files = series(tmp_path / "files")
    monkeypatch.setattr("pipeline.steps.marts.build", killed)
    with pytest.raises(SystemExit):
        load(*files)
    monkeypatch.undo()
    monkeypatch.setenv("KETUM_DATA", str(settings.data))
    monkeypatch.setattr("pipeline.whole_files.read_batches", killed)
    assert load(*files) == 0
    assert len(titles(published)) == 4


def killed(*_: object, **__: object) -> None:
    raise SystemExit


@pytest.mark.slow  # eight runs
@pytest.mark.usefixtures("database_and_tables")
def test_a_rebuild_and_verify_find_the_files_where_they_are(settings, published, tmp_path, capsys):
    files = series(tmp_path / "files")
    assert load(*files[:3]) == 0
    assert load(files[3]) == 0
    before = titles(published)
    objects = settings.raw("archive:whole") / "objects"
    assert sum(path.stat().st_size for path in objects.rglob("*.gz")) > 0  # the reference files
    assert main(["verify"]) == 0
    assert main(["rebuild", "--origin", "archive:whole"]) == 0
    assert titles(published) == before

    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "files", moved)
    capsys.readouterr()
    assert main(["verify"]) == 4
    assert "pubmed26n0001.xml.gz is no longer at" in capsys.readouterr().out
    assert main(["rebuild", "--origin", "archive:whole"]) == 2
    assert "a link to where it is now" in capsys.readouterr().err
    assert load(moved) == 0
    assert main(["verify"]) == 0
    assert main(["rebuild", "--origin", "archive:whole"]) == 0
    assert titles(published) == before

    changed = moved / "pubmed26n0001.xml.gz"
    changed.write_bytes(gzip.compress(article_set(article(1, LEAF)).encode()))
    capsys.readouterr()
    assert main(["verify"]) == 4
    assert "has other bytes than when it was loaded" in capsys.readouterr().out
    assert main(["rebuild", "--origin", "archive:whole"]) == 2
    assert titles(published) == before


@pytest.mark.usefixtures("database_alone")
def test_a_file_that_is_no_xml_is_refused(settings, tmp_path, capsys):
    path = tmp_path / "mine.nbib"
    path.write_text("PMID- 1\nTI  - Kratom\n\n")
    assert load(path) == 3
    assert "is not PubMed XML" in capsys.readouterr().err
