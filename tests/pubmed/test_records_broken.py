"""Broken files and records: said aloud, set aside with their bytes, never half read."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, KetumError, SourceError
from pipeline.pubmed.parsing.cutting import Cutter, extract
from pipeline.pubmed.parsing.reader import Deletion, Unreadable
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import read_batches
from tests.pubmed.one_by_one import Record, read_records
from tests.pubmed.test_records import article, file_of, row


def outcome(data: bytes) -> list[int | str]:
    """PMIDs of what was read, reasons of what was not, in order."""
    return [
        item.pmid if isinstance(item, Record) else getattr(item, "reason", "deletion")
        for item in read_records(data)
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (article("<ArticleTitle>cut</Title>", pmid="2"), "XML is not well-formed"),
        (article(pmid=""), "PMID is no number"),
        (article(pmid="0"), "PMID is 0"),
        (article(pmid="99999999999"), "PMID is no number that fits"),
        (article(pmid="2").replace('Version="1"', 'Version="x"'), "PMID@Version"),
        ("<PubmedArticle><MedlineCitation/></PubmedArticle>", "it has no PMID"),
        (article("</Article><Article PubModel='Print'>", pmid="2"), "it has Article twice"),
        (article(pmid="2", head="<PMID>5</PMID>"), "it has two PMIDs: 2 and 5"),
        ("<PubmedArticle>" + "x" * 99, "its end tag is missing"),
        ("<PubmedArticle><MedlineCitation><!-- " + "x" * 99, "its end tag is missing"),
        (article("<ArticleTitle><![CDATA[ a </ArticleTitle>", pmid="2"), "XML is not well-formed"),
        (article("<ArticleTitle><!-- a </ArticleTitle>", pmid="2"), "XML is not well-formed"),
        ("<DeleteCitation><PMID>7</PMID>", "its end tag is missing"),
        ("<DeleteCitation><Odd/></DeleteCitation>", "it has Odd among its PMIDs"),
        ("<DeleteCitation><PMID>x</PMID></DeleteCitation>", "PMID is no number"),
        ("loose words", "stands between records"),
        ("<?never closed", "stands between records"),
        ("<!-- never closed", "stands between records"),
        ('<?xml version="1.0"?>', "stands between records"),
        ("<!DOCTYPE x [", "stands between records"),
        ("<PubmedArticleSet>", "stands between records"),
        ("<Odd>1</Odd>", "stands between records"),
    ],
)
def test_a_broken_record_is_set_aside_and_the_next_is_read(broken: str, reason: str) -> None:
    data = file_of(article(pmid="1"), broken, article(pmid="3"))
    first, odd, last = read_records(data)
    assert isinstance(first, Record) and isinstance(odd, Unreadable) and isinstance(last, Record)
    assert (first.pmid, last.pmid) == (1, 3)
    assert odd.reason.startswith(reason)
    assert odd.raw == data[odd.offset : odd.offset + len(odd.raw)]
    assert broken.strip().encode().startswith(odd.raw.strip())
    assert [first.record_no, odd.record_no, last.record_no] == [1, 2, 3]


@pytest.mark.parametrize(
    ("odd", "counted"),
    [
        (
            article(
                head="<DateRevised><Year>2021</Year><Month>2</Month><Day>30</Day></DateRevised>"
            ),
            "DateRevised=2021 2 30",
        ),
        (
            article(after="<NumberOfReferences>many</NumberOfReferences>"),
            "NumberOfReferences=many",
        ),
        (
            article(
                after='<CommentsCorrectionsList><CommentsCorrections RefType="CommentOn">'
                "<RefSource>J 2020</RefSource><PMID Version='1'>abc</PMID></CommentsCorrections>"
                "</CommentsCorrectionsList>"
            ),
            "CommentsCorrections/PMID=abc",
        ),
    ],
)
def test_one_unreadable_value_costs_the_value_and_not_the_record(odd: str, counted: str) -> None:
    (batch,) = read_batches(file_of(odd))
    assert len(batch.tables["articles"]) == 1
    assert batch.tally == {("value", counted): 1}
    assert batch.unreadable == []


def test_a_broken_record_leaves_no_rows() -> None:
    broken = article("<Language>eng</Language>", pmid="x", data="<History/>")
    for batch in read_batches(file_of(broken, article(pmid="3"))):
        assert {rows[0][0] for rows in batch.tables.values() if rows} == {2}
        assert len(batch.unreadable) == 1


def test_a_record_without_its_end_at_the_end_of_the_set_costs_only_itself() -> None:
    broken = article(pmid="2").removesuffix("\n</PubmedArticle>\n")
    first, odd = read_records(file_of(article(pmid="1"), broken))
    assert isinstance(first, Record) and isinstance(odd, Unreadable)
    assert (odd.reason, odd.raw) == ("its end tag is missing", broken.encode())


def test_an_end_tag_may_have_blanks() -> None:
    spaced = article(pmid="1").replace("</PubmedArticle>", "</PubmedArticle \n>")
    assert outcome(file_of(spaced, article(pmid="2"))) == [1, 2]


def test_records_in_a_comment_beside_something_odd_are_not_read() -> None:
    assert outcome(file_of("<Odd/>", f"<!-- {article(pmid='2')} -->", article(pmid="3"))) == [
        "stands between records, and is not a record",
        3,
    ]


def test_the_good_numbers_of_a_deletion_list_count() -> None:
    listed = "<DeleteCitation><PMID>7</PMID><PMID>x</PMID><PMID>9</PMID></DeleteCitation>"
    found = list(read_records(file_of(article(pmid="1"), listed)))
    assert [item.pmid for item in found if isinstance(item, Deletion)] == [7, 9]
    (odd,) = [item for item in found if isinstance(item, Unreadable)]
    assert odd.raw == listed.encode()


def test_end_tags_in_comments_and_cdata_end_nothing() -> None:
    hidden = article(
        "<ArticleTitle>a<!-- </PubmedArticle> --><![CDATA[</PubmedArticle>]]></ArticleTitle>"
    )
    first, second = read_records(file_of(hidden, article(pmid="2")))
    assert isinstance(first, Record) and isinstance(second, Record)
    assert row(first)["title"] == "a</PubmedArticle>"


def test_lists_in_comments_are_not_read() -> None:
    author = '<Author ValidYN="Y"><LastName>X</LastName></Author>'
    comment = f'<!-- <AuthorList CompleteYN="Y">{author}</AuthorList> -->'
    (record,) = read_records(file_of(article(comment)))
    assert isinstance(record, Record) and "authors" not in record.rows


def test_named_entities_need_no_dtd() -> None:
    doctype = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD X//EN" "http://example.org/x.dtd">'
    data = file_of(article("<ArticleTitle>&beta;-endorphin &amp; &#945;</ArticleTitle>"))
    data = data.replace(b"<PubmedArticleSet>", doctype.encode() + b"<PubmedArticleSet>", 1)
    (batch,) = read_batches(data)
    assert batch.tables["articles"][0][5] == "β-endorphin & α"
    assert batch.tally["entity", "beta"] == 1


def test_named_entities_stand_as_they_are_in_sections_that_quote() -> None:
    quoted = "<ArticleTitle>&alpha; <![CDATA[&beta;]]><!-- &gamma; --></ArticleTitle>"
    (batch,) = read_batches(file_of(article(quoted)))
    assert batch.tables["articles"][0][5] == "α &beta;"
    assert batch.tally == {("entity", "alpha"): 1}


def test_a_name_that_the_file_declares_itself_is_not_guessed() -> None:
    data = file_of(article("<ArticleTitle>&beta;</ArticleTitle>"), article(pmid="2"))
    own = b'<!DOCTYPE PubmedArticleSet [<!ENTITY beta "not this">]><PubmedArticleSet>'
    odd, fine = read_records(data.replace(b"<PubmedArticleSet>", own, 1))
    assert isinstance(odd, Unreadable) and isinstance(fine, Record)


def test_entities_of_the_file_are_never_expanded() -> None:
    doctype = (
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "boom">]>'
    )
    data = file_of(article("<ArticleTitle>&x;&y;</ArticleTitle>"), article(pmid="2"))
    data = data.replace(b"<PubmedArticleSet>", doctype + b"<PubmedArticleSet>", 1)
    odd, fine = read_records(data)
    assert isinstance(odd, Unreadable) and isinstance(fine, Record)


def test_a_namespace_declared_at_the_root_holds_inside() -> None:
    data = file_of(article("<ArticleTitle>n = <mml:mn>7</mml:mn></ArticleTitle>"))
    data = data.replace(
        b"<PubmedArticleSet>", b'<PubmedArticleSet xmlns:mml="http://www.w3.org/1998/Math/MathML">'
    )
    (record,) = read_records(data)
    assert isinstance(record, Record) and row(record)["title"] == "n = 7"


def test_two_documents_one_after_the_other() -> None:
    assert outcome(file_of(article(pmid="1")) + file_of(article(pmid="2"))) == [1, 2]


def test_a_file_that_was_cut_says_so_after_its_whole_records() -> None:
    data = file_of(article(pmid="1"), article(pmid="2"))
    for length in (data.index(b"</PubmedArticle>") + 20, len(data) - 20, len(data) - 3):
        seen = []
        with pytest.raises(SourceError, match="was cut"):
            for item in read_records(data[:length]):
                seen.append(item)
        assert isinstance(seen[0], Record)


def test_a_cut_or_damaged_gzip_says_so() -> None:
    packed = gzip.compress(file_of(*[article(pmid=str(n)) for n in range(1, 400)]))
    with pytest.raises(SourceError, match="cut or damaged"):
        list(read_batches(packed[:-200]))
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 255
    with pytest.raises(SourceError):
        list(read_batches(bytes(damaged)))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"   \n", "ends before any record"),
        (b"<!DOCTYPE html><html><body>Down</body></html>", "is not PubMed XML"),
        (b"<html>Blocked</html>", "is not PubMed XML"),
        (b'{"error": "API rate limit exceeded"}', "is not PubMed XML"),
        (
            b'<?xml version="1.0"?><eFetchResult><ERROR>ID list is empty!</ERROR></eFetchResult>',
            "ID list is empty",
        ),
        (b'<?xml version="1.0"?><!DOCTYPE PubmedArticleSet>', "ends before any record"),
        ("<PubmedArticleSet/>".encode("utf-32"), "is not PubMed XML"),
    ],
)
def test_what_is_no_pubmed_file_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(SourceError, match=told) as caught:
        list(read_records(data))
    assert caught.value.exit_code == 3
    assert caught.value.next_step


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    data = file_of(article()).replace(b"utf-8", b"x-none")
    with pytest.raises(ConfigurationError, match="x-none"):
        list(read_records(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        list(read_records(b"<PubmedArticleSet>" + data + b"</PubmedArticleSet>"))
        list(read_records(data))
    except KetumError as error:
        assert error.cause


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def read(self, size: int = -1) -> bytes:
        return self._data.read(self._step)


@given(st.integers(1, 400))
@settings(max_examples=30)
def test_cutting_does_not_depend_on_the_pieces(step: int) -> None:
    data = file_of(article(pmid="1"), "<DeleteCitation/>", "<!-- <x> -->", "odd", article(pmid="2"))
    whole = list(Cutter(io.BytesIO(data)))
    assert list(Cutter(Trickle(data, step))) == whole  # type: ignore[arg-type]
    assert [cut.kind for cut in whole] == ["record", "deletion", "stray", "record"]


def test_extract_gives_the_original_bytes() -> None:
    data = file_of(
        *[article(f"<ArticleTitle>é{n}</ArticleTitle>", pmid=str(n)) for n in range(1, 500)]
    )
    records = [item for item in read_records(data) if isinstance(item, Record)]
    wanted = [records[0], records[7], records[7], records[498]]
    spans = [(record.offset, record.length) for record in wanted]
    found = list(extract(io.BytesIO(gzip.compress(data)), spans))
    assert [raw for _, raw in found] == [record.raw for record in wanted]
    for wrong in (reversed(spans), [(len(data), 9)], [(records[0].offset, 9)]):
        with pytest.raises(ConfigurationError):
            list(extract(io.BytesIO(data), wrong))


def test_what_stands_twice_is_told_and_the_first_one_counts() -> None:
    """The DTD has each of them once; the second one won here and the first one there."""
    title = "<ArticleTitle>one</ArticleTitle><ArticleTitle>two</ArticleTitle>"
    person = "<LastName>One</LastName><LastName>Two</LastName><Initials>A</Initials>"
    people = f"<AuthorList><Author>{person}</Author></AuthorList>"
    link = "<RefSource>a</RefSource><RefSource>b</RefSource><PMID>7</PMID><PMID>8</PMID>"
    links = f"<CommentsCorrections RefType='CommentOn'>{link}</CommentsCorrections>"
    listed = f"<CommentsCorrectionsList>{links}</CommentsCorrectionsList>"
    (batch,) = read_batches(file_of(article(title + people, after=listed)))
    assert batch.tables["articles"][0][5] == "one"
    assert batch.tables["authors"][0][3] == "One"
    assert batch.tables["article_links"][0][3:5] == ("a", 7)
    assert batch.tally == {
        ("element", f"{where} a second time"): 1
        for where in (
            "Article/ArticleTitle",
            "Author/LastName",
            "CommentsCorrections/RefSource",
            "CommentsCorrections/PMID",
        )
    }


def test_an_unknown_answer_to_yes_or_no_is_no_yes() -> None:
    (batch,) = read_batches(file_of(article('<AuthorList CompleteYN="YY"/>')))
    complete = PARSED_COLUMNS["articles"].index("is_author_list_complete")
    assert batch.tables["articles"][0][complete] is None
    assert batch.tally == {("value", "AuthorList@CompleteYN=YY"): 1}


def test_a_root_tag_that_lost_its_end_does_not_swallow_a_record() -> None:
    data = file_of(article(pmid="1")).replace(b"<PubmedArticleSet>", b"<PubmedArticleSet")
    odd, record = read_records(data)
    assert isinstance(odd, Unreadable) and odd.raw == b"<PubmedArticleSet"
    assert isinstance(record, Record)
