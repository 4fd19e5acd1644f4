"""Each text format read back by a library that is not ours: what is there, and what is not."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors
from Bio import Medline
from hypothesis import given
from hypothesis import strategies as st

from pipeline.escaping import for_bibtex
from pipeline.outputs.citations import nbib, reference_managers
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import open_records
from tests.outputs.citations.conftest import CANARY, GROUP, HARD_TITLE, OLD_WILEY_DOI

pytestmark = pytest.mark.whole

ANY_LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1
).map(lambda text: f"T {' '.join(text.split(' '))} t")


@pytest.fixture(scope="module")
def all_of_them(citations):
    return list(citations.values())


@pytest.fixture(scope="module")
def numbered(all_of_them):
    return [record for record in all_of_them if record.pmid is not None]


def read_ris(text):
    return rispy.loads(
        text.replace("\r\n", "\n"),
        mapping=reference_managers.MAPPING,
        list_tags=reference_managers.LIST_TAGS,
    )


def read_bibtex(text):
    library = bibtexparser.parse_string(
        text, append_middleware=[SeparateCoAuthors(), LatexDecodingMiddleware()]
    )
    assert library.failed_blocks == []
    return {entry.key: entry for entry in library.entries}


# -- RIS


def test_ris_holds_every_record_with_what_programs_keep(all_of_them):
    found = {
        e.get("accession_number"): e
        for e in read_ris(reference_managers.ris_text(all_of_them, False))
    }
    assert len(found) == len(all_of_them)
    first = found["101"]
    assert first["type_of_reference"] == "JOUR"
    assert first["title"] == HARD_TITLE
    assert first["authors"] == ["Leaf, Ana B, Jr", "Müller-Źdan, Øyvind", GROUP]
    assert (first["year"], first["date"]) == ("2024", "2024/07/05/")
    assert (first["start_page"], first["end_page"]) == ("368", "369")
    assert first["doi"] == OLD_WILEY_DOI
    assert first["urls"] == ["https://pubmed.ncbi.nlm.nih.gov/101/"]
    assert first["name_of_database"] == "PubMed"
    assert first["database_provider"].startswith("ketum 2026-11-22-archive-files-")
    assert "Study type: Animal study" in first["keywords"]
    assert len(found["102"]["authors"]) == 600
    assert "Retracted Publication" in found["103"]["keywords"]
    assert found["103"]["title"] == "RETRACTED: Kratom in a patient: a case report"
    assert found["104"]["type_of_reference"] == "UNPB"
    assert found["105"]["date"] == "2025/03/02/"
    assert "year" not in found["109"] and "date" not in found["109"]
    chapter = found["107"]
    assert (chapter["type_of_reference"], chapter["secondary_title"]) == (
        "CHAP", "Teas of the World",
    )  # fmt: skip
    assert chapter["secondary_authors"] == ["Edit, Ed"]
    assert (chapter["publisher"], chapter["issn"]) == ("Tea Press", "9780000000002")
    listed = found[None]
    assert listed["type_of_reference"] == "GEN" and listed["doi"] == "10.9999/Listed.1"
    assert "name_of_database" not in listed


def test_nothing_stands_in_ris_notes(all_of_them):
    """ASReview reads its own labels from notes, and other programs bury them."""
    for dialect in (reference_managers.PLAIN, reference_managers.Dialect(True, True, True, True)):
        assert not re.search(
            r"^(N1|N2|RN)  - ", reference_managers.ris_text(all_of_them, True, dialect), re.M
        )


def test_ris_lines_are_tags_and_end_as_specified(all_of_them):
    text = reference_managers.ris_text(all_of_them, True)
    assert "\n" not in text.replace("\r\n", "")
    for line in text.split("\r\n"):
        assert line == "" or re.match(r"[A-Z][A-Z0-9]  - ", line), line


def test_the_abstract_is_one_line_with_its_labels(citations):
    (found,) = read_ris(reference_managers.ris_text([citations[101]], True))
    assert found["abstract"] == (
        f"METHODS: Ten mice drank tea. {CANARY}. RESULTS: TY  - is no tag here; 3 = 3."
    ).replace("TY  -", "TY -")


def test_zotero_finds_pmid_and_pmcid_where_it_looks_for_them(citations):
    text = reference_managers.ris_text(
        [citations[101], citations[None]], False, reference_managers.Dialect(ids_in_extra=True)
    )
    found = [entry.get("extra") for entry in read_ris(text)]
    assert found == [["PMID: 101", "PMCID: PMC7000101"], None]


def test_endnote_gets_its_own_fields(citations):
    dialect = reference_managers.Dialect(
        pmcid_in_custom_2=True, type_of_work=True, closes_groups=True
    )
    (found,) = read_ris(reference_managers.ris_text([citations[101]], False, dialect))
    assert found["custom2"] == "PMC7000101"
    assert found["type_of_work"] == "Animal study"
    assert found["authors"][-1] == GROUP + ","


@given(title=ANY_LINE)
def test_any_title_comes_back_from_ris(title, citations):
    record = citations[101]
    record = replace(record, columns={**record.columns, "title": title})
    (found,) = read_ris(reference_managers.ris_text([record], False))
    assert found["title"] == record.title


# -- BibTeX


def test_bibtex_holds_every_record(all_of_them):
    found = read_bibtex(reference_managers.bibtex_text(all_of_them, False))
    assert set(found) == {record.key for record in all_of_them}
    first = found["pmid101"]
    assert first.entry_type == "article"
    # bibtexparser's decoder knows no braces as letters, and a circumflex only as an accent
    known = HARD_TITLE.replace("{", "").replace("}", "").replace("^", "\u02c6")
    assert first["title"] == known
    assert first["author"] == ["Leaf, Jr, Ana B", "Müller-Źdan, Øyvind", f"{{{GROUP}}}"]
    assert (first["year"], first["date"], first["pages"]) == ("2024", "2024-07-05", "368–369")
    assert (first["pmid"], first["pmcid"]) == ("101", "PMC7000101")
    assert first["studytype"] == "ANIMAL"
    assert "Study type: Animal study" in first["keywords"]
    assert len(found["pmid102"]["author"]) == 600
    assert found["pmid103"]["note"] == "Retracted Publication"
    assert found["pmid107"].entry_type == "incollection"
    assert found["pmid107"]["booktitle"] == "Teas of the World"
    assert found["doi-10-9999-listed-1"].entry_type == "misc"
    assert "pmid" not in found["doi-10-9999-listed-1"].fields_dict


def test_a_doi_in_bibtex_is_verbatim(citations):
    text = reference_managers.bibtex_text([citations[101]], False)
    assert f"doi = {{{OLD_WILEY_DOI}}}" in text


def test_a_group_with_commas_and_an_and_stays_one_author(citations):
    assert f"and {{{GROUP}}}}}" in reference_managers.bibtex_text([citations[101]], False)


@given(title=ANY_LINE)
def test_any_title_gives_bibtex_that_can_be_read(title, citations):
    """Its braces balance and its letters come back; LaTeX knows no two spaces."""
    record = citations[101]
    record = replace(record, columns={**record.columns, "title": title})
    library = bibtexparser.parse_string(reference_managers.bibtex_text([record], False))
    assert library.failed_blocks == []
    (entry,) = library.entries
    assert entry["title"] == f"{{{for_bibtex(record.text('title'))}}}"
    assert entry["pmid"] == "101"


# -- CSL-JSON


def test_csl_holds_every_record_under_its_own_variables(all_of_them):
    found = {
        item["id"]: item for item in json.loads(reference_managers.csl_text(all_of_them, False))
    }
    assert len(found) == len(all_of_them)
    first = found["pmid101"]
    assert first["title"] == HARD_TITLE
    assert first["author"] == [
        {"family": "Leaf", "given": "Ana B", "suffix": "Jr"},
        {"family": "Müller-Źdan", "given": "Øyvind"},
        {"literal": GROUP},
    ]
    assert first["issued"] == {"date-parts": [[2024, 7, 5]]}
    assert (first["DOI"], first["PMID"], first["PMCID"]) == (OLD_WILEY_DOI, "101", "PMC7000101")
    assert first["page"] == "368-369"
    assert first["custom"]["study_type"] == "ANIMAL"
    assert found["pmid103"]["status"] == "retracted"
    assert (found["pmid104"]["type"], found["pmid104"]["genre"]) == ("article", "preprint")
    assert found["pmid107"]["type"] == "chapter"
    assert found["pmid107"]["editor"] == [{"family": "Edit", "given": "Ed"}]
    assert "issued" not in found["pmid109"]
    assert found["doi-10-9999-listed-1"]["type"] == "document"


# -- .nbib


def test_biopython_reads_nbib(numbered):
    found = {r["PMID"]: r for r in Medline.parse(io.StringIO(nbib.render(numbered, True)))}
    assert len(found) == len(numbered)
    first = found["101"]
    assert first["TI"] == HARD_TITLE
    assert first["FAU"] == ["Leaf, Ana B Jr", "Müller-Źdan, Øyvind"]
    assert first["CN"] == [GROUP]
    assert f"{OLD_WILEY_DOI} [doi]" in first["AID"]
    assert first["MH"] == ["Mice", "Models, Animal"]
    assert first["DP"] == "2024 Jul 5"
    assert first["AB"].startswith("METHODS: Ten mice")
    assert len(found["102"]["AU"]) == 600
    assert "Retracted Publication" in found["103"]["PT"]
    assert found["103"]["RIN"] == ["J Tests. 2025;9:1. PMID: 99"]
    assert found["105"]["DP"] == "2025 Mar 2" and found["105"]["DEP"] == "20250302"
    assert found["106"]["DP"] == "2020 Jul-Sep"
    assert found["107"]["BTI"] == ["Teas of the World"]
    assert "Book Chapter" in found["107"]["PT"]


def test_our_own_reader_gets_back_what_nbib_was_made_of(numbered, citations):
    text = nbib.render(numbered, True).encode()
    columns = PARSED_COLUMNS["articles"]
    rows = [row for batch in open_records(text) for row in batch.tables["articles"]]
    found = {row[columns.index("pmid")]: dict(zip(columns, row, strict=True)) for row in rows}
    assert set(found) == {record.pmid for record in numbered}
    for pmid, record in found.items():
        for name in ("title", "doi", "pmc_id", "volume", "issue", "pages", "languages"):
            assert record[name] == citations[pmid].columns[name], (pmid, name)


def test_our_judgement_is_no_keyword_in_nbib(numbered):
    """A file of ours may be read back: what we think must not come to us as what authors say."""
    for record in Medline.parse(io.StringIO(nbib.render(numbered, False))):
        assert "GN" in record
        assert not any("tudy type" in text for text in record.get("OT", ()))


@given(title=ANY_LINE)
def test_any_title_comes_back_from_nbib(title, citations):
    record = citations[101]
    record = replace(record, columns={**record.columns, "title": title, "printed_title": title})
    (found,) = Medline.parse(io.StringIO(nbib.render([record], False), newline="\n"))
    assert found["TI"] == record.text("title")
