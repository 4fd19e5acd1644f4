"""What can be wrong with NLM's files: each fault has a clear verdict, and costs no other record.

The order of files, gaps, late files and .md5 files are tried in test_bulk_load.py, deletions and
going on after a kill there and in test_file_counts.py.
"""

from __future__ import annotations

import errno
import gzip
import json
from pathlib import Path

import pytest

from pipeline import scan as scans_module
from pipeline.cli import main
from pipeline.errors import SourceError
from pipeline.evidence.judged_files import ABOUT
from pipeline.file_counts import Counter
from pipeline.pubmed.parsing.reader import Unreadable
from pipeline.pubmed.records import read_batches
from pipeline.scan import FileReader, Scan, Scanner, Scans
from pipeline.settings import ROOT, Settings
from pipeline.whole_files import WholeFileReader
from tests.corpus import article, article_set
from tests.pubmed.one_by_one import read_records
from tests.test_bulk_load import KRATOM, LEAF, file, load, titles


def load_whole(_: Settings, files: Path) -> int:
    arguments = ["bulk-load", "--all", str(files), "--name", "files", "--processes", "1"]
    return main([*arguments, "--quiet"])


RULES = ROOT / "data" / "reference"
TWELVE_MB = 12 * 1024 * 1024


@pytest.fixture(params=[Scanner, Counter, WholeFileReader])
def scanned(request, tmp_path):
    """Scans a file for kratom, counts it or keeps it whole; gives the scan and what is kept."""
    scans = Scans(tmp_path / "scans", "k" * 64)

    def work(path: Path) -> tuple[Scan, bytes]:
        scan = reader(request.param, scans).scan(path)
        return scan, scans.body(scan) if request.param is Scanner else b""

    work.directory = scans.directory  # type: ignore[attr-defined]
    return work


def reader(kind: type[FileReader], scans: Scans) -> FileReader:
    rules = kind.load_rules(RULES)
    searches = [search for search in rules.topics.searches if search.name == "kratom"]
    return kind(rules, searches, (), scans)


def test_a_file_that_was_cut_is_named_and_leaves_nothing(scanned, tmp_path):
    path = tmp_path / "pubmed26n0001.xml.gz"
    whole = gzip.compress(article_set(article(1, KRATOM), article(2, LEAF)).encode())
    path.write_bytes(whole[:-30])
    with pytest.raises(SourceError, match=r"pubmed26n0001\.xml\.gz is cut or damaged") as error:
        scanned(path)
    assert error.value.exit_code == 3
    assert "fetch the file again" in error.value.next_step
    assert not scanned.directory.exists()
    path.write_bytes(whole)
    assert scanned(path)[0].read == 2


def test_xml_that_ends_too_early_is_named_though_its_gzip_is_whole(scanned, tmp_path):
    path = tmp_path / "pubmed26n0001.xml.gz"
    text = article_set(article(1, KRATOM)).replace("</PubmedArticleSet>", "")
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(SourceError, match="was cut") as error:
        scanned(path)
    assert "compare its checksum" in error.value.next_step


def test_a_file_that_its_md5_denies_is_not_read(scanned, tmp_path):
    path = file(tmp_path, 1, article(1, KRATOM))
    path.write_bytes(gzip.compress(article_set(article(1, LEAF)).encode()))
    with pytest.raises(SourceError, match="has the MD5") as error:
        scanned(path)
    assert "fetch both again" in error.value.next_step
    assert not scanned.directory.exists()


def test_another_dtd_and_elements_that_nobody_knows_lose_no_record(scanned, tmp_path):
    """What is new stands in the receipt (`unknown_values`), which the bytes that are kept say."""
    doctype = (
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2031//EN" '
        '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_310101.dtd">\n<PubmedArticleSet>'
    )
    text = article_set(article(1, KRATOM), article(2, LEAF))
    text = text.replace("<PubmedArticleSet>", doctype)
    text = text.replace("<Language>", "<ReadingTime Unit='h'>2</ReadingTime><Language>")
    path = tmp_path / "pubmed31n0001.xml.gz"
    path.write_bytes(gzip.compress(text.encode()))
    scan, body = scanned(path)
    assert (scan.read, scan.unreadable) == (2, 0)
    if body:
        (*_, last) = read_batches(body)
        assert last.tally["element", "Article/ReadingTime"] == 1
    for about in scanned.directory.rglob(ABOUT):  # of a whole file
        assert ["element", "Article/ReadingTime", 2] in json.loads(about.read_text())["unknown"]


def test_another_kind_of_document_is_refused(scanned, tmp_path):
    path = tmp_path / "pubmed26n0001.xml"
    path.write_text("<?xml version='1.0'?><pmc-articleset><article/></pmc-articleset>")
    with pytest.raises(SourceError, match="is not PubMed XML") as error:
        scanned(path)
    assert "PubmedArticleSet" in error.value.next_step


def test_a_record_of_twelve_megabytes_is_set_aside_and_costs_no_other(scanned, tmp_path):
    path = tmp_path / "pubmed26n0001.xml"
    huge = article(2, "Kratom", abstract="x" * TWELVE_MB)
    path.write_text(article_set(article(1, KRATOM), huge, article(3, KRATOM)))
    scan, body = scanned(path)
    assert (scan.read, scan.unreadable) == (2, 1)
    if body:
        (odd,) = [one for one in read_records(body) if isinstance(one, Unreadable)]
        assert len(odd.raw) > TWELVE_MB


@pytest.mark.whole
@pytest.mark.usefixtures("database_alone")
@pytest.mark.parametrize("load", [load, load_whole], ids=["match", "all"])
def test_a_damaged_file_and_a_full_disk_in_mid_load_are_said_and_cost_no_other_file(
    settings, published, tmp_path, capsys, monkeypatch, load
):
    files = tmp_path / "files"
    file(files, 1, article(1, KRATOM))
    second = file(files, 2, article(2, KRATOM))
    whole = second.read_bytes()
    second.write_bytes(whole[:-20])
    assert load(settings, files) == 3
    assert "pubmed26n0002" in capsys.readouterr().err
    assert len(list(settings.scans("archive:files").glob("*.json"))) == 1

    second.write_bytes(whole)
    write = scans_module.write_atomically

    def fill(path: Path, body: bytes) -> None:
        if path.suffix == ".json" and list(path.parent.glob("*.json")):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, body)

    with monkeypatch.context() as patch:
        patch.setattr(scans_module, "write_atomically", fill)
        assert load(settings, files) == 8
    told = capsys.readouterr().err
    assert "There is no space left" in told
    assert "make room" in told
    assert not settings.latest.exists()
    assert len(list(settings.scans("archive:files").glob("*.json"))) == 1
    assert load(settings, files) == 0
    assert titles(published) == [(1, 1, KRATOM), (2, 1, KRATOM)]
