"""The comparison of foreign files finds what it is made to find, and survives what it is given."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import Batch
from tests.corpus import article, write

from . import foreign_files

EXPORT = """
PMID- 901
OWN - NLM
STAT- MEDLINE
DCOM- 20200102
LR  - 20210304
IS  - 0000-0019 (Print)
IS  - 0000-0027 (Linking)
VI  - 7
DP  - 2019 Jul-Aug
TI  - Pre-
      and post-kratom
\tleaves.
LID - S2 [pii]
AB  - One.

      Two.
FAU - Leaf, Ana B Jr
AU  - Leaf AB Jr
AUID- ORCID: 0000-0002-1825-0097
AD  - University A.
AU  - Ng L
CN  - Leaf Group of the
      South
LA  - eng
SI  - ClinicalTrials.gov/NCT00000001
GR  - R01 DA1/DA/NIDA NIH HHS/United States
PT  - Journal Article
DEP - 20190607
RN  - 0 (Leafine (tea))
NM  - Leaf itch
RIN - J Tea. 2021;1:2. PMID: 777
MH  - *Pain/drug therapy
OAB - Publisher: Wir.
OABL- ger
OTO - NOTNLM
OT  - *kratom
CRDT- 2019/06/08 06:00
PHST- 2019/05/01 00:00 [pmc-release]
PMC - PMC5
AID - 10.9999/kratom [doi]
GN  - KIE: note
ZZZ - new
SO  - J Tea. 2019

PMID- 902
TI  - Kratom tea
BTI - Teas
PB  - Tea Press
EN  - 2nd
PL  - Leafton
FED - Edit, Ed
ED  - Edit E
AID - NBK902 [bookaccession]
"""
SPOILT = {
    "articles": ("title", "TI"), "authors": ("last_name", "FAU"), "affiliations": (None, "AD"),
    "publication_types": ("publication_type", "PT"), "mesh_headings": ("is_major_qualifier", "MH"),
    "chemicals": ("substance_name", "RN"), "supplementary_concepts": (None, "NM"),
    "keywords": ("is_major", "OT"), "grants": ("agency", "GR"), "article_links": (None, "RIN"),
    "databank_accessions": ("accession_number", "SI"), "history_dates": (None, "CRDT"),
    "abstract_sections": ("text", "AB"), "article_identifiers": ("value", "LID"),
    "books": ("publisher_location", "PL"),
}  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, str]:
    code = foreign_files.main([str(path) for path in paths])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("wrapped", [str.encode, lambda text: gzip.compress(text.encode())])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_whole_export_has_no_differences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrapped: Any, end: str
) -> None:
    (tmp_path / "a.nbib").write_bytes(wrapped(EXPORT.replace("\n", end)))
    write(tmp_path / "b.xml", article(903, "Leaves", abstract="<i>One</i> &lt; two"))
    code, told = run(capsys, tmp_path)
    assert (code, told) == (
        0,
        "0 differences in 3 records of 2 files (0 records quarantined, 0 files refused,"
        " 0 of another kind)\n",
    )


@pytest.mark.parametrize("table", SPOILT)
def test_what_was_changed_or_left_out_is_found(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    table: str,
) -> None:
    column, tag = SPOILT[table]
    read = foreign_files.open_records

    def spoilt(path: Path) -> Iterator[Batch]:
        for batch in read(path):
            first = list(batch.tables[table][0])
            if column is None:
                del batch.tables[table][0]
            else:
                at = PARSED_COLUMNS[table].index(column)
                first[at] = not first[at] if isinstance(first[at], bool) else "other"
                batch.tables[table][0] = tuple(first)
            yield batch

    monkeypatch.setattr(foreign_files, "open_records", spoilt)
    (tmp_path / "a.nbib").write_text(EXPORT, encoding="utf-8")
    code, told = run(capsys, tmp_path)
    assert code == 1
    pmid = 902 if table == "books" else 901
    assert f"a.nbib: PMID {pmid}: {tag}: " in told


def test_a_record_that_is_lost_or_made_up_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = foreign_files.open_records

    def one_less(path: Path) -> Iterator[Batch]:
        for batch in read(path):
            for rows in batch.tables.values():
                rows[:] = [row for row in rows if row[0] != 1]
            yield batch

    monkeypatch.setattr(foreign_files, "open_records", one_less)
    (tmp_path / "a.nbib").write_text(EXPORT, encoding="utf-8")
    write(tmp_path / "b.xml", article(903, "Leaves"))
    code, told = run(capsys, tmp_path)
    assert code == 1
    assert "PMID 901: record: lost without a word" in told
    assert "PMID 903: record: lost without a word" in told


def test_a_changed_value_of_xml_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = foreign_files.open_records

    def spoilt(path: Path) -> Iterator[Batch]:
        for batch in read(path):
            at = PARSED_COLUMNS["authors"].index("fore_name")
            row = batch.tables["authors"][0]
            batch.tables["authors"][0] = (*row[:at], "Anna", *row[at + 1 :])
            yield batch

    monkeypatch.setattr(foreign_files, "open_records", spoilt)
    write(tmp_path / "b.xml", article(903, "Leaves"))
    code, told = run(capsys, tmp_path)
    assert code == 1 and "PMID 903: authors.fore_name: " in told


def test_wild_files_are_survived_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress(EXPORT.encode())
    xml = f"<PubmedArticleSet>{article(904, 'Leaves')}\n{article(905, 'Tea')}</PubmedArticleSet>"
    wild = {
        "empty.nbib": b"",
        "latin.nbib": EXPORT.replace("Leaf", "L\xe9af").encode("latin-1"),
        "utf16.nbib": EXPORT.encode("utf-16"),
        "cut.nbib": EXPORT.strip().encode()[:-40],
        "cut.nbib.gz": whole[: len(whole) // 2],
        "noise.xml": bytes(range(256)) * 64,
        "wide.nbib": b"PMID- 906\nAB  - " + b"kratom " * 400_000,
        "many.nbib": b"PMID- 907\n" + b"AU  - Leaf A\n" * 40_000,
        "numbers.nbib": b"PMID- " + b"9" * 5000 + b"\nTI  - x\nPMID- 908\nDP  - " + b"2" * 5000,
        "cut.xml": xml.encode()[:-40],
        "odd.xml": xml.replace("</Journal>", "", 1).encode(),
        "page.xml": b"<html><body>Sorry</body></html>",
        "latin.xml": b'<?xml version="1.0" encoding="iso-8859-1"?>'
        + xml.replace("Leaves", "L\xe9aves").encode("latin-1"),
    }
    for name, content in wild.items():
        (tmp_path / name).write_bytes(content)
    code, told = run(capsys, tmp_path)
    assert code == 0, told
    for name, words in (
        ("latin.nbib: PMID ?", "it is not UTF-8"),
        ("cut.nbib: PMID 902", "the export was cut"),
        ("many.nbib: PMID 907", "40000 rows of authors"),
        ("numbers.nbib: PMID 999", "PMID is no number"),
        ("odd.xml: PMID ?", "not well-formed"),
    ):
        assert any(name in line and words in line for line in told.split("\n")), name
    refused = [line for line in told.split("\n") if line.startswith("refused: ")]
    assert len(refused) == 4


def test_what_is_shared_reads_the_same(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, shared / "cases", shared / "pubmed" / "efetch", shared / "eutils")
    assert code == 0, told
    assert "10.nbib: PMID ?: it is not UTF-8" in told
