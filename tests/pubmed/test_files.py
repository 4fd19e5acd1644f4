"""MEDLINE exports, citation lists, and telling what a file is."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError, SourceError
from pipeline.pubmed.parsing.citation_list import pmid_of_doi
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import Batch, open_records
from tests.pubmed.test_records import article, file_of

EXPORT = """
PMID- 501
OWN - NLM
STAT- MEDLINE
DCOM- 20200102
LR  - 20210304
IS  - 1234-5678 (Electronic)
IS  - 1111-2222 (Linking)
DP  - 2019 Jul-Aug
TI  - Kratom leaves and
      pain.
LID - 10.1000/kratom [doi]
LID - S2 [pii]
AB  - BACKGROUND: One. RESULTS: Two.
FAU - Tan, Ana B Jr
AU  - Tan AB Jr
AUID- ORCID: 0000000218250097
AD  - University A.
AD  - Institute B.
FAU - Ng, Lee
AU  - Ng L
CN  - Leaf Group
LA  - eng
LA  - may
GR  - R01 DA1/DA/NIDA NIH HHS/United States
GR  - Fund/Malaysia
SI  - ClinicalTrials.gov/NCT1
PT  - Journal Article
DEP - 20190607
RN  - 0 (Mitragynine (leaf))
RIN - J Y. 2021;1:2. PMID: 777
MH  - *Pain/drug therapy/*etiology
MH  - Humans
OTO - NOTNLM
OT  - *kratom
CRDT- 2019/06/08 06:00
PHST- 2019/05/01 00:00 [received]
PMC - PMC5
AID - 10.1000/kratom [doi]
ZZZ - new
SO  - J X. 2019

PMID- none
TI  - Odd

PMID- 502
TI  - Two
"""


def read(source: Path | bytes) -> Batch:
    (batch,) = open_records(source)
    return batch


def rows(batch: Batch, table: str) -> list[dict[str, Any]]:
    return [dict(zip(PARSED_COLUMNS[table], row, strict=True)) for row in batch.tables[table]]


def test_an_export_gives_the_same_tables() -> None:
    batch = read(EXPORT.encode())
    first, second = rows(batch, "articles")
    assert (first["pmid"], second["pmid"]) == (501, 502)
    assert [odd.reason for odd in batch.unreadable] == ["PMID is no number that fits: 'none'"]
    assert (first["record_no"], second["record_no"]) == (1, 3)
    assert first["record_source"] == "nbib"
    assert first["title"] == "Kratom leaves and pain."
    assert first["languages"] == ["eng", "may"]
    assert (first["doi"], first["pmc_id"]) == ("10.1000/kratom", "PMC5")
    assert (first["issn"], first["issn_linking"]) == ("1234-5678", "1111-2222")
    assert (first["issue_year"], first["issue_month"], first["issue_date_precision"]) == (
        2019,
        7,
        "range",
    )
    assert first["electronic_day"] == 7
    assert str(first["date_revised"]) == "2021-03-04"
    assert dict(batch.tally) == {("element", "MEDLINE/ZZZ"): 1}
    assert all(
        len(row) == len(PARSED_COLUMNS[table])
        for table, found in batch.tables.items()
        for row in found
    )


def test_people_of_an_export_keep_their_places() -> None:
    batch = read(EXPORT.encode())
    people = [tuple(person.values())[1:] for person in rows(batch, "authors")]
    identifiers = ["ORCID: 0000000218250097"]
    assert people == [
        (
            1,
            "author",
            "Tan",
            "Ana B",
            "AB",
            "Jr",
            None,
            "0000-0002-1825-0097",
            identifiers,
            True,
            None,
        ),
        (2, "author", "Ng", "Lee", "L", None, None, None, [], True, None),
        (3, "author", None, None, None, None, "Leaf Group", None, [], True, None),
    ]
    assert [tuple(place.values())[1:4] for place in rows(batch, "affiliations")] == [
        (1, 1, "University A."),
        (1, 2, "Institute B."),
    ]


def test_lists_of_an_export() -> None:
    batch = read(EXPORT.encode())
    assert [tuple(h.values())[1:] for h in rows(batch, "mesh_headings")] == [
        (1, 1, None, "Pain", True, None, None, None, "drug therapy", False),
        (1, 2, None, "Pain", True, None, None, None, "etiology", True),
        (2, 0, None, "Humans", False, None, None, None, None, None),
    ]
    (chemical,) = rows(batch, "chemicals")
    assert (chemical["registry_number"], chemical["substance_name"]) == ("0", "Mitragynine (leaf)")
    assert [tuple(grant.values())[2:] for grant in rows(batch, "grants")] == [
        ("R01 DA1", "DA", "NIDA NIH HHS", "United States"),
        (None, None, "Fund", "Malaysia"),
    ]
    (link,) = rows(batch, "article_links")
    assert (link["ref_type"], link["linked_pmid"]) == ("RetractionIn", 777)
    assert [(h["pub_status"], str(h["event_at"])) for h in rows(batch, "history_dates")] == [
        ("entrez", "2019-06-08 06:00:00"),
        ("received", "2019-05-01 00:00:00"),
    ]
    assert [
        (i["element"], i["id_type"], i["value"]) for i in rows(batch, "article_identifiers")
    ] == [
        ("ELocationID", "doi", "10.1000/kratom"),
        ("ELocationID", "pii", "S2"),
        ("ArticleId", "doi", "10.1000/kratom"),
        ("ArticleId", "pmc", "PMC5"),
    ]
    (keyword,) = rows(batch, "keywords")
    assert (keyword["keyword_owner"], keyword["keyword"], keyword["is_major"]) == (
        "NOTNLM",
        "kratom",
        True,
    )


LIST = 'PMID,doi,Year,title,note\n7,,1999,Leaves,x\n,10.1000/ABC,,"Pain,\nagain",\n'


def test_a_citation_list() -> None:
    batch = read(LIST.encode())
    first, second = rows(batch, "articles")
    assert (first["pmid"], first["issue_year"], first["title"]) == (7, 1999, "Leaves")
    assert (first["record_kind"], first["record_source"]) == ("citation", "sparse")
    assert second["pmid"] == pmid_of_doi("10.1000/abc") < 0
    assert (second["doi"], second["title"]) == ("10.1000/ABC", "Pain,\nagain")
    assert first["record_sha256"] != second["record_sha256"]
    assert dict(batch.tally) == {("attribute", "citation list@note"): 1}


def test_the_number_of_a_doi_never_changes() -> None:
    """It is a key in published sets: another number would be another article."""
    assert pmid_of_doi("10.1000/abc") == pmid_of_doi(" https://doi.org/10.1000/ABC") == -282710414


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pmid,doi,year,title\n1,,1999,a\n,,2000,b\n", "line 3.*neither PMID nor DOI"),
        ("pmid,doi,year,title\nx1,,1999,a\n", "line 2.*'x1' is not a PMID"),
        ("pmid,doi,title\n1,,a\n", "no column year"),
    ],
)
def test_a_bad_citation_list_names_the_line(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        list(open_records(text.encode()))


@pytest.mark.parametrize("nothing", ["NA", "n/a", "-", "none", "NULL", "\u2013", "NaN", " "])
def test_a_cell_that_says_there_is_nothing_is_empty(nothing: str) -> None:
    text = f"pmid,doi,year,title,journal\n7,{nothing},{nothing},{nothing},{nothing}\n"
    (found,) = rows(read(text.encode()), "articles")
    assert (found["doi"], found["issue_date_verbatim"], found["title"]) == (None, None, None)
    assert (found["issue_date_precision"], found["journal_title"]) == (None, None)
    assert rows(read(text.encode()), "article_identifiers") == []


def test_two_rows_without_identifiers_are_two_faults_and_not_one_record() -> None:
    text = "pmid,doi,year,title\n,NA,2020,Leaves\n,n/a,2021,Roots\n7,-,2022,Bark\n"
    with pytest.raises(ConfigurationError, match=r"line 2: .*neither.*; line 3: .*neither"):
        read(text.encode())


def test_a_doi_is_one_however_it_is_written() -> None:
    ways = ("10.1000/ABC", "https://doi.org/10.1000/abc", " doi: 10.1000/Abc ", "10.1000/abc\u00a0")
    found = {
        rows(read(f"pmid,doi,year,title\n,{doi},,x\n".encode()), "articles")[0]["pmid"]
        for doi in ways
    }
    assert found == {pmid_of_doi("10.1000/abc")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('1,,1999,"a\n2,,2000,b\n3,,2001,c\n', "line 2: the row that begins here cannot be read"),
        ('1,,1999,"a\n2,,2000,"b"\n', "line 2: the row that begins here cannot be read"),
        ("1,,1999,a, b\n", "line 2: it has 5 fields"),
        ("1,,1999\n", "line 2: it has 3 fields"),
        ("1,,1999,a\n2,,2000,b\n1,,2001,c\n", "line 4: PMID 1 stands in line 2 already"),
        (",10.1/A,,x\n", "'10.1/A' is not a DOI"),
        (
            ",10.1000/A,,x\n,doi:10.1000/a,,y\n",
            "line 3: DOI 10.1000/a stands in line 2 already",
        ),
        ("5,10.1000/A,,x\n,10.1000/a,,y\n", "line 3: DOI 10.1000/a stands in line 2 already"),
        (",10.1000/A,,x\n5,10.1000/a,,y\n", "line 3: DOI 10.1000/a stands in line 2 already"),
        (",,,\n", "line 2: the citation has neither"),
    ],
)
def test_nothing_of_a_list_is_swallowed(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read(("pmid,doi,year,title\n" + text).encode())


def test_two_records_of_pubmed_may_share_a_doi() -> None:
    text = "pmid,doi,year,title\n5,10.1000/a,,x\n6,10.1000/a,,y\n"
    assert [row["pmid"] for row in rows(read(text.encode()), "articles")] == [5, 6]


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the column doi is there twice"):
        read(b"pmid,doi,year,title,DOI\n5,10.1000/a,,x,10.1000/b\n")


def test_the_text_of_a_row_is_what_tells_that_it_changed() -> None:
    """The head and other rows do not."""
    alone = read(b"pmid,doi,year,title\n7,,1999,Leaves\n")
    among = read(b"pmid,doi,year,title,note\r\n6,,1999,Bark,x\r\n7,,1999,Leaves,\r\n")
    assert rows(among, "articles")[1]["record_sha256"] == sha256(b"7,,1999,Leaves,").hexdigest()
    assert rows(alone, "articles")[0]["record_sha256"] == sha256(b"7,,1999,Leaves").hexdigest()


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    for name, content, source in (
        ("export.xml", EXPORT.encode(), "nbib"),
        ("list.nbib", gzip.compress(LIST.encode()), "sparse"),
        ("set.csv", file_of(article()), "pubmed_xml"),
        ("set.txt.gz", gzip.compress(file_of(article())), "pubmed_xml"),
        ("marked.txt", b"\xef\xbb\xbf" + EXPORT.strip().encode(), "nbib"),
        ("windows.nbib", EXPORT.replace("\n", "\r\n").encode(), "nbib"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert rows(read(path), "articles")[0]["record_source"] == source, name


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(file_of(article())[:-30])
    with pytest.raises(SourceError, match=r"cut\.xml was cut"):
        list(open_records(path))


def test_other_files_are_refused() -> None:
    with pytest.raises(SourceError, match="neither PubMed XML"):
        list(open_records(b"Dear Sir,\nplease find"))
    with pytest.raises(SourceError, match=r"nowhere\.xml cannot be opened"):
        list(open_records(Path("nowhere.xml")))
