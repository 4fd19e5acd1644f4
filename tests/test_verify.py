"""`ketum verify`: a whole set and archive pass; each kind of damage is seen, named and exits 4."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline import cli
from pipeline.errors import KetumError
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import DAY, FIRST, SECOND, FakeClock, copy_data, the_database_alone
from tests.corpus import write

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def made(days: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after two live runs and one of files."""
    base = tmp_path_factory.mktemp("made")
    settings, clock = Settings(base / "data", pace_file=base / "pace"), FakeClock()
    copy_data(days / "two", settings.data)
    clock.sleep(2 * DAY)
    export = write(base / "export.xml", FIRST, SECOND)
    with the_database_alone():
        run_update(Options(from_files=(export,)), settings, clock)
    return base / "data"


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    copy_data(made, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def sets(made: Path, tmp_path: Path) -> Path:
    """A copy that has its published sets alone."""
    copy_data(made / "published", tmp_path / "data" / "published")
    return tmp_path / "data"


@pytest.fixture
def archives(made: Path, tmp_path: Path) -> Path:
    """A copy that has its archives and journals alone."""
    for name in ("raw", "runs"):
        copy_data(made / name, tmp_path / "data" / name)
    return tmp_path / "data"


def verify(data: Path, *arguments: object) -> tuple[int, str]:
    """The command; gives its exit code and what it would say on stderr."""
    parsed = cli.build_parser().parse_args(["verify", *map(str, arguments)])
    try:
        return parsed.work(Settings(data=data), parsed) or 0, ""
    except KetumError as error:
        return error.exit_code, str(error)


def changed(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file, whatever its rights, and not those it shares its inode with."""
    body = path.read_bytes()
    path.unlink()
    path.write_bytes(change(body))
    assert path.read_bytes() != body, "nothing was damaged"


# -- whole


def test_the_latest_set_and_every_archive_are_whole(data, capsys):
    assert verify(data) == (0, "")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["whole", "set"], ["whole", "archive"], ["whole", "archive"],
    ]  # fmt: skip
    latest, files, pubmed = lines
    assert f"{data / 'published' / 'latest'}: " in latest and " relations" in latest
    assert f"{data / 'raw' / 'archive-files'}: 1 journals, 1 ledger lines" in files
    assert f"{data / 'raw' / 'pubmed'}: 2 journals" in pubmed


def test_in_json_for_programs(data, capsys):
    assert verify(data, "--json") == (0, "")
    found = json.loads(capsys.readouterr().out)
    assert [(report["kind"], report["is_whole"], report["faults"]) for report in found] == [
        ("set", True, []), ("archive", True, []), ("archive", True, []),
    ]  # fmt: skip
    assert found[0]["counts"]["files"] > 2 * found[0]["counts"]["relations"] > 60
    assert found[2]["counts"]["journals"] == 2


@pytest.mark.parametrize("place", ["published/LATEST", "raw/pubmed", "raw/archive-files"])
def test_one_place_alone(place, data, capsys):
    path = data / place
    if path.is_file():
        path = data / "published" / path.read_text().strip()
    assert verify(data, path) == (0, "")
    assert capsys.readouterr().out.count("whole") == 1


def test_a_place_that_is_neither_is_2(data, tmp_path, capsys):
    for path in (data, data / "runs", tmp_path / "nowhere", data / "published" / "LATEST"):
        code, told = verify(data, path)
        assert code == 2 and "neither a published set" in told
    assert capsys.readouterr().out == ""


def test_nothing_yet_is_2(tmp_path):
    code, told = verify(tmp_path)
    assert code == 2 and "ketum update" in told


def test_verifying_changes_nothing(data):
    def state() -> dict[str, tuple[int, float]]:
        return {str(p): (p.stat().st_ino, p.stat().st_mtime) for p in data.rglob("*")}

    before = state()
    assert verify(data)[0] == 0
    assert state() == before


# -- damaged sets


def restate(data: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the manifest says."""
    path = data / "published" / "latest" / "manifest.json"
    path = path.resolve()
    found = json.loads(path.read_text())
    change(found)
    path.unlink()
    path.write_text(json.dumps(found))


def miscount(found: dict[str, Any]) -> None:
    for resource in found["resources"]:
        if resource["path"].startswith("tables/core.articles."):
            resource["rowCount"] += 1


def foreign_database(latest: Path) -> None:
    """Another database in the place of this one, as the manifest states it."""
    path = latest.resolve() / "ketum.duckdb"
    path.unlink()
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA core; CREATE TABLE core.articles (pmid INTEGER)")
    _state_anew(latest)


def no_database(latest: Path) -> None:
    path = latest.resolve() / "ketum.duckdb"
    path.unlink()
    path.write_bytes(b"no database at all" * 1000)
    _state_anew(latest)


def _state_anew(latest: Path) -> None:
    body = (latest / "ketum.duckdb").read_bytes()

    def change(found: dict[str, Any]) -> None:
        for resource in found["resources"]:
            if resource["path"] == "ketum.duckdb":
                resource["bytes"] = len(body)
                resource["hash"] = f"sha256:{hashlib.sha256(body).hexdigest()}"

    restate(latest.parent.parent, change)


SET_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is gone": (
        lambda latest: (latest / "tables/core.authors.csv").unlink(),
        "tables/core.authors.csv is missing.",
    ),
    "a byte has changed": (
        lambda latest: changed(latest / "digest.md", lambda b: b.replace(b"a", b"b", 1)),
        "digest.md does not have the SHA-256 of the manifest.",
    ),
    "a file is cut": (
        lambda latest: changed(latest / "search_log.json", lambda b: b[:-10]),
        "search_log.json has ",
    ),
    "the database is cut": (
        lambda latest: changed(latest / "ketum.duckdb", lambda b: b[: len(b) // 2]),
        "ketum.duckdb has ",
    ),
    "the database is not one": (no_database, "ketum.duckdb cannot be read: "),
    "the database is another one": (
        foreign_database,
        "core.articles has 0 rows in ketum.duckdb and 2 in the manifest.",
    ),
    "a file too many": (
        lambda latest: (latest / "tables/extra.csv").write_text("x"),
        "tables/extra.csv is not in the manifest.",
    ),
    "rows that are not there": (
        lambda latest: restate(latest.parent.parent, miscount),
        "core.articles has 2 rows in ketum.duckdb and 3 in the manifest.",
    ),
    "no manifest": (
        lambda latest: (latest / "manifest.json").unlink(),
        "It cannot be held against its manifest: there is no manifest.json.",
    ),
    "a cut manifest": (
        lambda latest: changed(latest / "manifest.json", lambda b: b[:-100]),
        "It cannot be held against its manifest: manifest.json is no JSON",
    ),
    "a manifest without hashes": (
        lambda latest: restate(latest.parent.parent, lambda m: m["resources"][3].pop("hash")),
        "It cannot be held against its manifest: manifest.json lacks 'hash'.",
    ),
}


@pytest.mark.parametrize("how", SET_DAMAGE)
def test_a_damaged_set_is_4_and_says_where(how, sets, capsys):
    damage, words = SET_DAMAGE[how]
    latest = sets / "published" / "latest"
    damage(latest)
    code, told = verify(sets, latest)
    out = capsys.readouterr().out
    assert code == 4
    assert out.startswith("DAMAGED  set ")
    assert words in out
    assert str(latest) in told and "Next: `ketum rebuild" in told


# -- damaged archives


def ledgers(root: Path) -> list[Path]:
    return sorted((root / "runs").glob("*.jsonl"))


def entries(root: Path, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for path in ledgers(root) for line in path.read_text().splitlines()]
    return [entry for entry in found if entry["kind"] == kind]


def object_of(root: Path, kind: str) -> Path:
    return root / entries(root, kind)[0]["object"]


def reword(root: Path, kind: str, **words: object) -> None:
    """Change what the first ledger says in its first line of a kind."""
    path = ledgers(root)[0]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    line = next(line for line in lines if line["kind"] == kind)
    assert line | words != line
    line |= words
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def put(root: Path, kind: str, body: bytes) -> None:
    """Another body, properly stored, in the place of the first one of a kind."""
    digest = hashlib.sha256(body).hexdigest()
    path = root / "objects" / digest[:2] / f"{digest}.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(body))
    reword(root, kind, object=path.relative_to(root).as_posix(), bytes=len(body))


def a_reference_file(root: Path) -> Path:
    journal = json.loads(next((root.parent.parent / "runs").glob("*/run.json")).read_text())
    return root / journal["reference"]["topics.toml"]


ARCHIVE_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a body is gone": (lambda root: object_of(root, "records").unlink(), "No such file"),
    "a body is cut": (
        lambda root: changed(object_of(root, "records"), lambda b: b[:-20]),
        "cannot give objects/",
    ),
    "a body is another one": (
        lambda root: shutil.copy(object_of(root, "search"), object_of(root, "records")),
        "do not have the SHA-256",
    ),
    "a size is wrong": (lambda root: reword(root, "records", bytes=5), "bytes, not 5."),
    "a PMID is missing": (
        lambda root: reword(root, "records", pmids=[1, 2, 3]),
        "not those of the PMIDs listed",
    ),
    "a search found another number": (
        lambda root: reword(root, "search", count=7),
        "counts 1 records, not 7.",
    ),
    "a search lists fewer than it counts": (
        lambda root: put(
            root, "search", b"<eSearchResult><Count>1</Count><IdList/></eSearchResult>"
        ),
        "lists 0 records, not 1.",
    ),
    "a count is another one": (
        lambda root: reword(root, "count", count=70),
        "records, not 70.",
    ),
    "an error page among the searches": (
        lambda root: put(root, "search", b"<html><body>Blocked</body></html>"),
        "the search answer was a html",
    ),
    "an incomplete set": (
        lambda root: put(root, "records", b"<PubmedArticleSet><PubmedArticle>"),
        "not complete XML",
    ),
    "a broken line": (
        lambda root: changed(ledgers(root)[0], lambda b: b"{" + b),
        "its line 1 is broken",
    ),
    "a ledger is gone": (lambda root: ledgers(root)[1].unlink(), "of a committed run is missing"),
    "a ledger is cut": (
        lambda root: changed(ledgers(root)[1], lambda b: b[:-5]),
        "of a committed run is cut",
    ),
    "a reference file is gone": (
        lambda root: a_reference_file(root).unlink(),
        "topics.toml of run",
    ),
    "a journal is broken": (
        lambda root: changed(
            next((root.parent.parent / "runs").glob("*/run.json")), lambda b: b[:50]
        ),
        "run.json cannot be read",
    ),
}


@pytest.mark.parametrize("how", ARCHIVE_DAMAGE)
def test_a_damaged_archive_is_4_and_says_where(how, archives, capsys):
    damage, words = ARCHIVE_DAMAGE[how]
    root = archives / "raw" / "pubmed"
    damage(root)
    code, told = verify(archives, root)
    out = capsys.readouterr().out
    assert code == 4
    assert out.startswith("DAMAGED  archive ")
    assert words in out
    assert "ketum rebuild" in told and "from a copy" in told


def test_what_nothing_names_is_listed_and_no_fault(data, capsys):
    root = data / "raw" / "pubmed"
    orphan = root / "objects" / "00" / "left.part"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_text("x")
    assert verify(data, root) == (0, "")
    assert "1 file(s) that nothing names, harmless: objects/00/left.part" in capsys.readouterr().out


def test_a_run_that_was_cut_off_may_leave_half_a_line(data):
    """Its journal is not committed: the next run settles it."""
    root = data / "raw" / "pubmed"
    (root / "runs" / "20261130T000000Z-beef.jsonl").write_text('{"kind": "rec')
    assert verify(data, root) == (0, "")


def test_an_archive_without_its_journals_says_what_was_not_looked_for(data, tmp_path, capsys):
    shutil.copytree(data / "raw" / "pubmed", tmp_path / "copy")
    assert verify(data, tmp_path / "copy") == (0, "")
    out = capsys.readouterr().out
    assert "reference files were not looked for" in out
    assert "that nothing names" in out


def test_all_damage_is_told_at_once(data, capsys):
    (data / "published" / "latest" / "digest.md").unlink()
    object_of(data / "raw" / "pubmed", "records").unlink()
    code, told = verify(data)
    assert code == 4
    assert capsys.readouterr().out.count("DAMAGED") == 2
    assert "2 of 3 verified are damaged" in told
    assert "digest.md is missing" in told and "objects/" in told
