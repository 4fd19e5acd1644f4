"""NLM's files in a series: their order, what is missing, and what many of them say together."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import journal as journals
from pipeline import many_files, workers
from pipeline.cli import main
from pipeline.errors import ConfigurationError, SourceError
from pipeline.scan import Scan, Scanner, Scans, TopicRules, check_md5
from pipeline.settings import ROOT, Settings
from tests.corpus import article, article_set
from tests.pubmed.one_by_one import Record, read_records

KRATOM, LEAF = "Kratom in mice", "Leaves of a tree"


def file(directory: Path, number: int, *records: str, deleted: tuple[int, ...] = ()) -> Path:
    """A file of the series, with its .md5 beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"pubmed26n{number:04d}.xml.gz"
    path.write_bytes(gzip.compress(article_set(*records, deleted=deleted).encode(), mtime=0))
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    path.with_name(f"{path.name}.md5").write_text(f"MD5({path.name})= {digest}\n")
    return path


# -- the series


def test_files_are_read_in_the_order_of_their_numbers(tmp_path):
    second, tenth = file(tmp_path / "b", 2), file(tmp_path / "a", 10)
    assert many_files.in_order([tmp_path / "a", tmp_path / "b"]) == (second, tenth)


def test_a_file_named_twice_is_refused(tmp_path):
    path = file(tmp_path, 2)
    with pytest.raises(ConfigurationError, match="the same file of the series"):
        many_files.in_order([tmp_path, path])


def test_only_files_of_a_directory_are_read(tmp_path):
    path = file(tmp_path, 2)
    os.mkfifo(tmp_path / "pubmed26n0003.xml.gz")  # nobody will write into it
    (tmp_path / "pubmed26n0004.xml").mkdir()
    assert many_files.in_order([tmp_path]) == (path,)


def test_a_place_without_files_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no PubMed XML"):
        many_files.in_order([tmp_path])


def test_missing_numbers_are_named():
    said = many_files.missing([Path(f"pubmed26n{n:04d}.xml.gz") for n in (1, 2, 5)])
    assert said is not None
    assert "pubmed26n0003, pubmed26n0004" in said
    assert many_files.missing([Path("pubmed26n0001.xml.gz"), Path("pubmed26n0002.xml")]) is None
    assert many_files.missing([Path("mine.xml"), Path("yours.xml")]) is None


def test_a_file_that_comes_late_is_named():
    late = [Path("pubmed26n0003.xml.gz")]
    assert "pubmed26n0004.xml.gz was read before" in str(
        many_files.late(late, ["pubmed26n0004.xml.gz", "x.nbib"])
    )
    assert many_files.late(late, ["pubmed26n0003.xml.gz", "pubmed25n1300.xml.gz"]) is None


def test_a_file_must_be_what_its_md5_says(tmp_path):
    path = file(tmp_path, 1, article(1, KRATOM))
    assert check_md5(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SourceError, match="MD5"):
        check_md5(path)
    path.with_name(f"{path.name}.md5").unlink()
    assert not check_md5(path)


# -- one file


@pytest.fixture(scope="module")
def rules() -> TopicRules:
    return TopicRules.load(ROOT / "data" / "reference")


@pytest.fixture
def scans(tmp_path: Path) -> Scans:
    return Scans(tmp_path / "scans", "k" * 64)


def scanner(rules: TopicRules, scans: Scans, held: tuple[int, ...] = ()) -> Scanner:
    searches = [search for search in rules.topics.searches if search.name == "kratom"]
    return Scanner(rules, searches, held, scans)


def kept(scans: Scans, scan: Scan) -> list[int]:
    return [item.pmid for item in read_records(scans.body(scan)) if isinstance(item, Record)]


def test_a_scan_keeps_what_matches_and_what_is_held(rules, scans, tmp_path):
    path = file(
        tmp_path, 1, article(1, KRATOM), article(2, LEAF), article(3, LEAF),
        article(4, "An &unknown; tree"), article(5, "<b>broken</i>"), deleted=(9,),
    )  # fmt: skip
    scan = scanner(rules, scans, held=(3,)).scan(path)
    assert kept(scans, scan) == [1, 3]
    assert list(scans.others(scan)) == [2]
    assert (scan.read, scan.kept, scan.deletions, scan.unreadable) == (3, 2, 1, 2)
    assert (scan.matched, scan.is_checked) == ((1,), True)
    assert b"broken" in scans.body(scan)


def test_a_scan_that_was_finished_is_taken_up(rules, scans, tmp_path, monkeypatch):
    path = file(tmp_path, 1, article(1, KRATOM))
    first = scanner(rules, scans).scan(path)
    again = scanner(rules, scans)
    monkeypatch.setattr(again, "read", None)
    assert again.scan(path) == first


def test_a_scan_for_something_else_is_not_taken_up(rules, scans, tmp_path):
    path = file(tmp_path, 1, article(1, KRATOM), article(2, LEAF))
    scanner(rules, scans).scan(path)
    other = Scans(scans.directory, "l" * 64)
    assert kept(other, scanner(rules, other, held=(2,)).scan(path)) == [1, 2]


def test_a_file_that_was_cut_leaves_no_scan(rules, scans, tmp_path):
    path = tmp_path / "pubmed26n0001.xml.gz"
    whole = gzip.compress(article_set(article(1, KRATOM)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cut or damaged"):
        scanner(rules, scans).scan(path)
    assert not scans.directory.exists()


# -- many files: whole updates


def load(settings: Settings, *places: Path, match: str = "kratom", processes: int = 1) -> int:
    arguments = ["bulk-load", *map(str, places), "--match", match, "--processes", str(processes)]
    return main([*arguments, "--quiet"])


def titles(published) -> list[tuple[object, ...]]:
    return published("SELECT pmid, pmid_version, title FROM core.articles ORDER BY pmid")


@pytest.mark.whole
@pytest.mark.usefixtures("database_alone")
def test_what_one_file_makes_us_keep_is_kept_from_all(settings, published, tmp_path, capsys):
    """A newer copy that matches no longer replaces the older; deletions count; gaps are said.

    Two processes read the files.
    """
    files = tmp_path / "files"
    file(files, 1, article(1, KRATOM), article(2, KRATOM), article(3, LEAF))
    file(files, 2, article(1, LEAF, revised="2026-02-05"), article(4, KRATOM))
    file(files, 4, article(5, LEAF), deleted=(2,))
    assert load(settings, files, processes=2) == 0
    assert titles(published) == [(1, 1, LEAF), (4, 1, KRATOM)]
    assert published("SELECT pmid FROM ops.search_hits WHERE search = 'kratom'") == [(4,)]
    (journal,) = journals.read_all(settings.runs)
    assert "pubmed26n0003" in str(journal.receipt["notes"])
    assert not settings.scans("archive:files").exists()


@pytest.mark.whole
def test_a_search_that_there_is_not_is_refused(settings, tmp_path, capsys):
    assert load(settings, tmp_path, match="tea") == 2
    assert "no search 'tea'" in capsys.readouterr().err


@pytest.mark.whole
def test_workers_end_when_their_parent_is_killed(tmp_path):
    """A worker that goes on alone would hold memory for ever."""
    program = (
        "import os, time\n"
        "from pipeline.workers import Processes\n"
        "if __name__ == '__main__':\n"
        "    with Processes(1).pool() as pool:\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        time.sleep(600)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, cwd=ROOT, env=environment
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    until = time.monotonic() + 60 * workers.LOOK_SECONDS
    while time.monotonic() < until:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker lives on")


@pytest.mark.slow  # Prefect's server
@pytest.mark.whole
@pytest.mark.usefixtures("database_alone")
def test_the_flow_does_the_same(settings, published, tmp_path, monkeypatch):
    from flows.upkeep import bulk_load

    monkeypatch.setenv("KETUM_DATA", str(settings.data))
    file(tmp_path / "files", 1, article(1, KRATOM), article(2, LEAF))
    state = bulk_load.fn(places=[str(tmp_path / "files")], match=["kratom"])
    assert state.is_completed()
    assert state.message == "2 read, 1 new, 0 changed."
    assert titles(published) == [(1, 1, KRATOM)]
