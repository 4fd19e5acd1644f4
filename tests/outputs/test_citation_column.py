"""The citation and title of a record show what is there, and no empty part of what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import rispy

from pipeline.outputs import claims, explain, query
from pipeline.outputs.citations import citation, export, nbib, reference_managers
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock
from tests.corpus import article, write
from tests.outputs.page.seen import records

pytestmark = pytest.mark.whole

PERSON = '<Author ValidYN="Y"><LastName>Leaf</LastName><Initials>A</Initials></Author>'
GROUP = '<Author ValidYN="Y"><CollectiveName>Tea Group.</CollectiveName></Author>'
WRONG = (
    '<Author ValidYN="N"><LastName>Leef</LastName><Initials>A</Initials></Author>'
    '<Author ValidYN="Y"><LastName>Leaf</LastName><Initials>A</Initials></Author>'
)
NAMELESS = (
    '<Author ValidYN="Y"><LastName> </LastName></Author>'
    '<Author ValidYN="Y"><ForeName>Bo</ForeName></Author>'
)
PAGES = "<Pagination><MedlinePgn>1-9</MedlinePgn></Pagination>"
VOLUME = "<Volume>7</Volume>"


def _record(pmid: int, title: str, *changes: tuple[str, str], **more: object) -> str:
    record = article(pmid, title, **more)
    for old, new in changes:
        assert old in record, old
        record = record.replace(old, new)
    return record


def _vernacular(title: str) -> tuple[str, str]:
    return "</Article>", f"<VernacularTitle>{title}</VernacularTitle></Article>"


AUTHOR = article(1, "x").split('<AuthorList CompleteYN="Y">')[1].split("</AuthorList>")[0]
NUMBER = '<ELocationID EIdType="pii" ValidYN="{}">{}</ELocationID>'
RECORDS = (
    _record(1, "Kratom one", (AUTHOR, GROUP)),
    _record(2, "Kratom two", (AUTHOR, GROUP + PERSON)),
    _record(3, "Kratom three", (AUTHOR, WRONG)),
    _record(4, "Kratom four", (AUTHOR, NAMELESS)),
    _record(5, "Kratom five", (PAGES, NUMBER.format("N", "e1") + NUMBER.format("Y", "e22"))),
    _record(6, "Kratom six", year=None),
    _record(7, "Kratom seven", (VOLUME, ""), year=None),
    _record(8, "Kratom eight", (VOLUME, ""), (PAGES, ""), (AUTHOR, ""), year=None),
    _record(9, "Kratom nine", (VOLUME, "<Issue>S1</Issue>"), ("J Tests<", "J Tests.<")),
    _record(10, "[Not Available].", _vernacular("Kratom gegen Schmerz bei Ratten.")),
    _record(11, "", _vernacular("Le kratom contre la douleur.")),
    _record(12, "[Kratom against pain.]", _vernacular("Kratom gegen Schmerz.")),
    _record(13, "Kratom thirteen", doi="doi:10.9999/Leaf.13"),
    _record(14, "Kratom fourteen", doi="https://dx.doi.org/10.9999/a%23b"),
    _record(15, "Kratom fifteen", doi="10.9999/a%20b#c"),
    _record(16, "Kratom sixteen", doi="none"),
    _record(17, "Kratom seventeen", ("</MedlineCitation>", "<KeywordList Owner='NOTNLM'>"
            "<Keyword MajorTopicYN='N'> </Keyword></KeywordList></MedlineCitation>")),
)  # fmt: skip


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    base = tmp_path_factory.mktemp("citation_column")
    settings = Settings(data=base / "data")
    path = write(base / "records.xml", *RECORDS)
    run_update(Options(from_files=(path,)), settings, FakeClock())
    return settings


@pytest.fixture(scope="module")
def con(held: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with query.open_published(held) as con:
        yield con


@pytest.fixture(scope="module")
def citations(con):
    return {record.pmid: record for record in citation.read(con, list(range(1, 18)))}


def _one(con: duckdb.DuckDBPyConnection, column: str, pmid: int) -> object:
    row = con.execute(f"SELECT {column} FROM marts.articles WHERE pmid = ?", [pmid]).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("pmid", "expected"),
    [
        (1, "Tea Group. J Tests. 2025;7:1-9. PMID 1"),
        (2, "Tea Group. J Tests. 2025;7:1-9. PMID 2"),
        (3, "Leaf A. J Tests. 2025;7:1-9. PMID 3"),
        (4, "Bo. J Tests. 2025;7:1-9. PMID 4"),
        (5, "Leaf A. J Tests. 2025;7:e22. PMID 5"),
        (6, "Leaf A. J Tests. 7:1-9. PMID 6"),
        (7, "Leaf A. J Tests. 1-9. PMID 7"),
        (8, "J Tests. PMID 8"),
        (9, "Leaf A. J Tests. 2025(S1):1-9. PMID 9"),
    ],
)
def test_a_citation_has_the_parts_that_are_known(pmid, expected, con):
    assert _one(con, "citation", pmid) == expected


def test_the_first_author_is_a_valid_one_or_the_group(con):
    assert [_one(con, "first_author", pmid) for pmid in (1, 2, 3, 4, 8)] == [
        "Tea Group.", "Tea Group.", "Leaf A", "Bo", None,
    ]  # fmt: skip


TITLES = {
    10: "Kratom gegen Schmerz bei Ratten.",
    11: "Le kratom contre la douleur.",
    12: "[Kratom against pain.]",
}


@pytest.mark.parametrize(("pmid", "title"), TITLES.items())
def test_the_vernacular_title_stands_where_there_is_no_other(pmid, title, con, held, citations):
    assert _one(con, "title", pmid) == title
    told = explain.text(explain.explain(con, pmid), is_terminal=False, today=date(2026, 11, 22))
    assert told.startswith(f"PMID {pmid}  {title}\n")
    details = records(held.latest / "index.html", "details")
    assert title in [row[details["columns"].index("title")] for row in details["rows"]]
    record = [citations[pmid]]
    cited = title.removesuffix(".")  # citation styles set their own full stop
    assert rispy.loads(reference_managers.ris_text(record, False))[0]["title"] == cited
    assert json.loads(reference_managers.csl_text(record, False))[0]["title"] == cited
    assert f"{{{{{cited}}}}}" in reference_managers.bibtex_text(record, False)
    assert export.row(record[0], False)["title"] == title


def test_nothing_says_not_available(held):
    for path in Path(held.latest).resolve().rglob("*"):
        is_faithful = path.name.startswith(("core.", "ketum.duckdb"))
        if path.is_file() and not is_faithful and path.suffix != ".parquet":
            assert "[Not Available]." not in path.read_text(encoding="utf-8"), path.name


def test_nbib_repeats_both_titles_as_pubmed_has_them(citations):
    text = nbib.render([citations[10]], False)
    assert "TI  - [Not Available].\nTT  - Kratom gegen Schmerz bei Ratten.\n" in text


def test_an_article_number_is_the_page_of_every_format(citations):
    record = [citations[5]]
    assert rispy.loads(reference_managers.ris_text(record, False))[0]["start_page"] == "e22"
    assert json.loads(reference_managers.csl_text(record, False))[0]["page"] == "e22"
    assert "pages = {e22}" in reference_managers.bibtex_text(record, False)
    assert export.row(record[0], False)["pages"] == "e22"


@pytest.mark.parametrize(
    ("pmid", "doi", "address"),
    [
        (13, "10.9999/Leaf.13", "https://doi.org/10.9999/Leaf.13"),
        (14, "10.9999/a#b", "https://doi.org/10.9999/a%23b"),
        (15, "10.9999/a%20b#c", "https://doi.org/10.9999/a%2520b%23c"),
        (16, None, None),
    ],
)
def test_a_doi_is_bare_and_its_address_escaped_once(pmid, doi, address, con, citations):
    assert (_one(con, "doi", pmid), _one(con, "doi_url", pmid)) == (doi, address)
    assert citations[pmid].doi_url == (address or "")
    assert rispy.loads(reference_managers.ris_text([citations[pmid]], False))[0].get("doi") == doi


def test_core_keeps_the_doi_as_printed(con):
    rows = con.execute("SELECT doi FROM core.articles WHERE pmid IN (13, 16) ORDER BY pmid")
    assert rows.fetchall() == [("doi:10.9999/Leaf.13",), ("none",)]


def test_no_line_of_an_export_is_empty(citations):
    records = list(citations.values())
    for line in reference_managers.ris_text(records, True).split("\r\n"):
        assert line in ("", "ER  - ") or line[6:].strip(), line
    for line in nbib.render(records, True).split("\n"):
        assert not line or line[6:].strip(), line
    for item in json.loads(reference_managers.csl_text(records, True)):
        assert all(item.get("author", ["one"])), item


def test_a_record_without_title_is_said_to_have_none():
    row = {"pmid": 1, "claim": "c", "how": "h", "study_type": "RCT", "citation": "x", "title": None}
    assert "None" not in claims.next_text([row])
