"""Records beyond every measure: set aside with a reason, or read, in time that grows as they do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, SourceError
from pipeline.pubmed.about_pubmed import read_count
from pipeline.pubmed.parsing import cutting
from pipeline.pubmed.parsing.cutting import Cutter
from pipeline.pubmed.parsing.reader import Unreadable
from pipeline.pubmed.records import open_records
from pipeline.pubmed.sync import pmids_in
from pipeline.pubmed.verdict import TransientAnswer
from pipeline.replay import Archive as ReplayArchive
from tests.pubmed.one_by_one import Record, read_records
from tests.pubmed.test_records import article, file_of, row, rows

MANY = 40_000


def people(number: int, affiliations: int = 0) -> str:
    inside = "<AffiliationInfo><Affiliation>A</Affiliation></AffiliationInfo>" * affiliations
    one = f"<Author><LastName>N</LastName>{inside}</Author>"
    return f"<AuthorList>{one * number}</AuthorList>"


def mesh(qualifiers: int) -> str:
    inside = "<QualifierName>q</QualifierName>" * qualifiers
    return (
        "<MeshHeadingList><MeshHeading><DescriptorName>D</DescriptorName>"
        f"{inside}</MeshHeading></MeshHeadingList>"
    )


def dated(year: str) -> str:
    return f"<Journal><JournalIssue><PubDate><Year>{year}</Year></PubDate></JournalIssue></Journal>"


TITLE = "<ArticleTitle>{}</ArticleTitle>"
BEYOND = {
    "authors": (article(people(MANY)), "it has 40000 rows of authors"),
    "affiliations": (article(people(1, MANY)), "it has 40000 rows of affiliations"),
    "qualifiers": (article(after=mesh(MANY)), "it has 40000 rows of mesh_headings"),
    "number": (article(pmid="9" * 5000), "PMID is no number that fits"),
    "version": (article().replace('"1"', f'"{"9" * 5000}"'), "PMID@Version is no number"),
    "nesting": (article(TITLE.format("<b>" * MANY + "</b>" * MANY)), "XML is not well-formed"),
    "unclosed": (article("<b>" * MANY), "XML is not well-formed"),
    "attribute": (article(f"<X a='{'x' * 11_000_000}'/>"), "XML is not well-formed"),
    "text": (
        article(TITLE.format("x" * 1_000_001)),
        "its title and abstracts have 1000001 characters",
    ),
    "comments": (article("<!-- &beta; " * MANY), "XML is not well-formed"),
    "sections": (article("<![CDATA[ &beta; " * MANY), "XML is not well-formed"),
}


@pytest.mark.parametrize("case", BEYOND)
def test_a_record_beyond_measure_is_set_aside_whole(case: str) -> None:
    broken, reason = BEYOND[case]
    first, odd, last = read_records(file_of(article(pmid="1"), broken, article(pmid="3")))
    assert isinstance(first, Record) and isinstance(odd, Unreadable) and isinstance(last, Record)
    assert odd.reason.startswith(reason)
    assert odd.raw == broken.strip().encode()
    assert (last.record_no, last.pmid) == (3, 3)


def test_what_is_large_and_sound_is_read() -> None:
    """A paper of 5,000 authors, the last number a column holds, many references, odd numbers."""
    record, at_the_edge, third = read_records(
        file_of(
            article(people(5000, 2) + dated("2" * 5000)),
            article(people(1, 32_767)),
            article(data=f"<ReferenceList>{'<Reference/>' * MANY}</ReferenceList>"),
        )
    )
    assert isinstance(record, Record) and isinstance(at_the_edge, Record)
    assert isinstance(third, Record)
    assert (len(record.rows["authors"]), len(record.rows["affiliations"])) == (5000, 10_000)
    assert (row(record)["issue_year"], row(record)["issue_date_precision"]) == (None, "unreadable")
    assert rows(at_the_edge, "affiliations")[-1]["affiliation_no"] == 32_767
    assert len(third.rows["cited_references"]) == MANY


def test_a_link_keeps_its_number_beside_a_version_of_thousands_of_digits() -> None:
    link = f"<PMID Version='{'1' * 5000}'>7</PMID>", f"<PMID>{'7' * 5000}</PMID>"
    listed = "".join(
        f"<CommentsCorrections RefType='Cites'>{pmid}</CommentsCorrections>" for pmid in link
    )
    after = f"<CommentsCorrectionsList>{listed}</CommentsCorrectionsList>"
    (record,) = read_records(file_of(article(after=after)))
    assert isinstance(record, Record)
    found = [(r["linked_pmid"], r["linked_pmid_version"]) for r in rows(record, "article_links")]
    assert found == [(7, None), (None, None)]


HOSTILE = {
    "records without end": "<PubmedArticle><MedlineCitation>",
    "hidden ends": "<!-- </PubmedArticle> --><![CDATA[</PubmedArticle>]]>",
    "comments without end": "<!-- ",
    "strays": "odd <DeleteCitation/>",
    "roots": "<PubmedArticleSet>",
    "instructions without end": "<? ",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_each_byte_is_searched_a_fixed_number_of_times(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the input is twice the work, counted in bytes searched and not in seconds."""

    def work(number: int) -> int:
        looked_at = 0

        class Watched(Cutter):
            def _find(self, wanted: bytes, start: int) -> int:
                nonlocal looked_at
                found = super()._find(wanted, start)
                end = found if found >= 0 else len(self._buffer) - self._position
                looked_at += end - start
                return found

            def _length(self, marks, at):  # type: ignore[no-untyped-def]
                nonlocal looked_at
                length, is_ended = super()._length(marks, at)
                looked_at += (length if length >= 0 else len(self._buffer)) - at
                return length, is_ended

        if case == "hidden ends":
            data = file_of(article(HOSTILE[case] * number), article())
        else:
            data = file_of(HOSTILE[case] * number, article())
        assert list(Watched(io.BytesIO(data)))
        return looked_at

    monkeypatch.setattr(cutting, "PIECE", 1 << 20)
    assert work(4000) < 2.5 * work(2000)


def test_lists_of_a_book_are_compared_with_a_set() -> None:
    """Each of thousands of lists was compared with all that stood before it."""
    lists = "".join(
        f"<ArticleIdList><ArticleId>{n}</ArticleId></ArticleIdList>" for n in range(20_000)
    )
    book = f"<BookDocument><PMID>5</PMID>{lists}{lists}</BookDocument>"
    (record,) = read_records(file_of(f"<PubmedBookArticle>{book}</PubmedBookArticle>"))
    assert isinstance(record, Record)
    assert len(record.rows["article_identifiers"]) == 20_000


def test_a_cell_of_a_megabyte_is_told_by_its_line() -> None:
    listed = f"pmid,doi,year,title\n1,,2020,a\n2,,2020,{'x' * 1_000_000}\n"
    with pytest.raises(ConfigurationError, match="line 3: the row"):
        list(open_records(listed.encode()))


LONG = "9" * 5000


def test_answers_and_archives_with_numbers_of_thousands_of_digits_are_refused(
    tmp_path: Path,
) -> None:
    """`int` refuses such digits with an error of its own, which no reader expects."""
    search = f"<eSearchResult><Count>{LONG}</Count><IdList/></eSearchResult>".encode()
    with pytest.raises(TransientAnswer):
        read_count(search)
    assert pmids_in(file_of(article(pmid=LONG))) == set()
    dates = f"<PubmedData><History><PubMedPubDate PubStatus='pubmed'><Year>{LONG}</Year>"
    dates += "</PubMedPubDate></History></PubmedData>"
    record = article(dated(LONG)).replace("<PubmedData></PubmedData>", dates)
    (tmp_path / "a.xml").write_bytes(file_of(record))
    assert [held.pmid for held in ReplayArchive.read(tmp_path).records] == [101]
    for body in (file_of(article(pmid=LONG)), file_of(article()).decode().encode("utf-16")):
        (tmp_path / "a.xml").write_bytes(body)
        with pytest.raises(SourceError, match="cannot be read"):
            ReplayArchive.read(tmp_path)
