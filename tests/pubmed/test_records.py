"""Reading PubMed XML: nothing lost, nothing taken from a neighbour, text verbatim."""

from __future__ import annotations

import gzip
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.pubmed.parsing.reader import Deletion
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.pubmed.records import read_batches
from tests.pubmed.one_by_one import Record, read_records


def file_of(*items: str, root: str = "PubmedArticleSet") -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n{"".join(items)}</{root}>\n'.encode()


def article(
    inner: str = "", *, after: str = "", data: str = "", pmid: str = "101", head: str = ""
) -> str:
    """A PubmedArticle with the given children of Article, MedlineCitation and PubmedData."""
    return f"""<PubmedArticle>
  <MedlineCitation Status="MEDLINE" Owner="NLM">
    <PMID Version="1">{pmid}</PMID>{head}
    <Article PubModel="Print">{inner}</Article>{after}
  </MedlineCitation>
  <PubmedData>{data}</PubmedData>
</PubmedArticle>
"""


def read(*items: str) -> Record:
    (record,) = read_records(file_of(*items))
    assert isinstance(record, Record)
    return record


def rows(record: Record, table: str) -> list[dict[str, Any]]:
    return [
        dict(zip(PARSED_COLUMNS[table], row, strict=True)) for row in record.rows.get(table, [])
    ]


def row(record: Record, table: str = "articles") -> dict[str, Any]:
    (only,) = rows(record, table)
    return only


def test_italics_in_titles_are_not_cut() -> None:
    title = "<ArticleTitle>Analgesia by <i>Mitragyna speciosa</i> (kratom) leaves.</ArticleTitle>"
    assert row(read(article(title)))["title"] == "Analgesia by Mitragyna speciosa (kratom) leaves."


def test_text_is_verbatim() -> None:
    text = "<b>Aim:</b> <i>M. speciosa</i>\n  eases  pain (<i>p</i> &lt; 0.05) &amp; more "
    inner = f"<Abstract><AbstractText>{text}</AbstractText></Abstract>"
    section = row(read(article(inner)), "abstract_sections")
    assert section["text"] == "Aim: M. speciosa\n  eases  pain (p < 0.05) & more "


def test_comments_and_instructions_are_no_text() -> None:
    title = "<ArticleTitle>Pain<!-- not this --> and <?nor this?>kratom</ArticleTitle>"
    assert row(read(article(title)))["title"] == "Pain and kratom"


def test_formulas_give_their_text() -> None:
    inner = """<ArticleTitle>Dose <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mn>7</mml:mn>
<mml:mo>±</mml:mo></mml:math> mg</ArticleTitle>"""
    assert row(read(article(inner)))["title"] == "Dose 7\n± mg"


def test_empty_text_is_null() -> None:
    found = row(read(article("<ArticleTitle/><VernacularTitle></VernacularTitle>")))
    assert found["title"] is None
    assert found["vernacular_title"] is None
    assert found["languages"] == []


def test_only_own_identifiers() -> None:
    data = """
    <ArticleIdList>
      <ArticleId IdType="pubmed">101</ArticleId>
      <ArticleId IdType="doi">10.1000/own</ArticleId>
      <ArticleId IdType="pmc">PMC11</ArticleId>
    </ArticleIdList>
    <ReferenceList>
      <Title>References</Title>
      <Reference>
        <Citation>Tan A. Leaves. 2001;1:1.</Citation>
        <ArticleIdList>
          <ArticleId IdType="doi">10.1000/theirs</ArticleId>
          <ArticleId IdType="pubmed">55</ArticleId>
        </ArticleIdList>
      </Reference>
    </ReferenceList>
    """
    record = read(article(data=data))
    assert row(record)["doi"] == "10.1000/own"
    assert row(record)["pmc_id"] == "PMC11"
    assert [found["value"] for found in rows(record, "article_identifiers")] == [
        "101",
        "10.1000/own",
        "PMC11",
    ]
    reference = row(record, "cited_references")
    assert (reference["cited_pmid"], reference["cited_doi"]) == (55, "10.1000/theirs")
    assert (reference["list_title"], reference["citation"]) == (
        "References",
        "Tan A. Leaves. 2001;1:1.",
    )


@pytest.mark.parametrize(
    ("valid", "expected"), [("Y", "10.1000/location"), ("N", None)], ids=["valid", "invalid"]
)
def test_doi_of_the_location_only_if_valid(valid: str, expected: str | None) -> None:
    inner = f'<ELocationID EIdType="doi" ValidYN="{valid}">10.1000/location</ELocationID>'
    record = read(article(inner))
    assert row(record)["doi"] == expected
    assert row(record, "article_identifiers")["is_valid"] is (valid == "Y")


def test_references_nest() -> None:
    def reference(text: str, ids: str = "") -> str:
        return f"<Reference><Citation>{text}</Citation>{ids}</Reference>"

    odd = (
        '<ArticleIdList><ArticleId IdType="pubmed">none</ArticleId>'
        '<ArticleId IdType="doi">10.1/a</ArticleId><ArticleId IdType="doi">10.1/b</ArticleId>'
        '<ArticleId IdType="pii">S1</ArticleId></ArticleIdList>'
    )
    data = (
        f"<ReferenceList><Title>A</Title>{reference('one')}"
        f"<ReferenceList>{reference('two &amp; <i>more</i>', odd)}</ReferenceList></ReferenceList>"
        f"<ReferenceList>{reference('three')}</ReferenceList>"
    )
    found = rows(read(article(data=data)), "cited_references")
    assert [(one["reference_no"], one["list_title"], one["citation"]) for one in found] == [
        (1, "A", "one"),
        (2, None, "two & more"),
        (3, None, "three"),
    ]
    assert found[1]["cited_pmid"] is None
    assert found[1]["cited_doi"] == "10.1/a"
    assert found[1]["other_ids"] == ["pubmed: none", "doi: 10.1/b", "pii: S1"]


def test_people_in_order_with_their_places() -> None:
    inner = """
      <AuthorList CompleteYN="N">
        <Author ValidYN="Y" EqualContrib="Y">
          <LastName>Tan &amp; Sons</LastName>
          <ForeName>Ana</ForeName>
          <Initials>A</Initials>
          <Identifier Source="ORCID">http://orcid.org/000000021825009x</Identifier>
          <AffiliationInfo>
            <Affiliation>University A.</Affiliation>
            <Identifier Source="ROR">https://ror.org/1</Identifier>
          </AffiliationInfo>
          <AffiliationInfo>
            <Affiliation>Institute B &lt;x&gt;.</Affiliation>
          </AffiliationInfo>
        </Author>
        <Author ValidYN="N">
          <CollectiveName>Leaf <i>Group</i></CollectiveName>
        </Author>
        <Author ValidYN="Y">
          <LastName>Ng</LastName>
          <Suffix>Jr</Suffix>
          <AffiliationInfo>
            <Affiliation>University A.</Affiliation>
          </AffiliationInfo>
        </Author>
      </AuthorList>"""
    investigators = (
        '<InvestigatorList ID="I1"><Investigator ValidYN="Y"><LastName>Lim</LastName>'
        "</Investigator></InvestigatorList>"
    )
    record = read(article(inner, after=investigators * 2))
    people = rows(record, "authors")
    assert row(record)["is_author_list_complete"] is False
    assert [(one["author_no"], one["list_kind"], one["last_name"]) for one in people] == [
        (1, "author", "Tan & Sons"),
        (2, "author", None),
        (3, "author", "Ng"),
        (4, "investigator", "Lim"),
        (5, "investigator", "Lim"),
    ]
    assert people[0]["orcid"] == "0000-0002-1825-009X"
    assert people[0]["identifiers"] == ["ORCID: http://orcid.org/000000021825009x"]
    assert [one["has_equal_contribution"] for one in people[:3]] == [True, None, None]
    assert [one["is_valid"] for one in people[:3]] == [True, False, True]
    assert people[1]["collective_name"] == "Leaf Group"
    assert people[2]["suffix"] == "Jr"
    places = rows(record, "affiliations")
    assert [(p["author_no"], p["affiliation_no"], p["affiliation"]) for p in places] == [
        (1, 1, "University A."),
        (1, 2, "Institute B <x>."),
        (3, 1, "University A."),
    ]
    assert places[0]["identifiers"] == ["ROR: https://ror.org/1"]


def test_abstracts_main_and_other() -> None:
    inner = """<Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">One.</AbstractText>
      <AbstractText Label="RESULTS" NlmCategory="RESULTS">Two.</AbstractText>
      <CopyrightInformation>© us</CopyrightInformation></Abstract>"""
    other = """<OtherAbstract Type="plain-language-summary" Language="spa">
      <AbstractText>Tres.</AbstractText></OtherAbstract>"""
    record = read(article(inner, after=other))
    found = [tuple(one.values())[1:] for one in rows(record, "abstract_sections")]
    assert found == [
        (1, "main", None, "AIM", "OBJECTIVE", "One."),
        (2, "main", None, "RESULTS", "RESULTS", "Two."),
        (3, "plain-language-summary", "spa", None, None, "Tres."),
    ]
    assert row(record)["abstract_copyright"] == "© us"


def test_mesh_pairs_and_major_topics() -> None:
    after = """<MeshHeadingList>
      <MeshHeading><DescriptorName UI="D010146" MajorTopicYN="N" AutoHM="Y">Pain</DescriptorName>
        <QualifierName UI="Q000188" MajorTopicYN="Y">drug therapy</QualifierName>
        <QualifierName UI="Q000523" MajorTopicYN="N">psychology</QualifierName></MeshHeading>
      <MeshHeading>
        <DescriptorName UI="D008296" MajorTopicYN="Y" Type="Geographic">Malaysia</DescriptorName>
      </MeshHeading>
      </MeshHeadingList>"""
    found = rows(read(article(after=after)), "mesh_headings")
    keys = ["heading_no", "qualifier_no", "descriptor", "is_major_descriptor", "is_auto_hm"]
    keys += ["qualifier", "is_major_qualifier"]
    assert [tuple(one[key] for key in keys) for one in found] == [
        (1, 1, "Pain", False, True, "drug therapy", True),
        (1, 2, "Pain", False, True, "psychology", False),
        (2, 0, "Malaysia", True, None, None, None),
    ]
    assert found[2]["descriptor_type"] == "Geographic"


def test_lists_of_indexing_and_funding() -> None:
    inner = """<DataBankList CompleteYN="Y"><DataBank>
      <DataBankName>ClinicalTrials.gov</DataBankName>
      <AccessionNumberList><AccessionNumber>NCT1</AccessionNumber><AccessionNumber>NCT2</AccessionNumber>
      </AccessionNumberList></DataBank><DataBank><DataBankName>Dryad</DataBankName></DataBank></DataBankList>
      <GrantList CompleteYN="N"><Grant><GrantID>R01</GrantID>
      <Agency>NIDA</Agency></Grant></GrantList>
      <PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
      </PublicationTypeList>"""
    after = """<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber>
      <NameOfSubstance UI="C1">mitragynine</NameOfSubstance></Chemical></ChemicalList>
      <SupplMeshList><SupplMeshName Type="Disease" UI="C2">Odd pain</SupplMeshName></SupplMeshList>
      <KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">kratom &amp; pain</Keyword>
      <Keyword MajorTopicYN="Y"></Keyword></KeywordList>
      <KeywordList Owner="NASA"><Keyword MajorTopicYN="N">flight</Keyword></KeywordList>"""
    record = read(article(inner, after=after))
    assert [r["accession_number"] for r in rows(record, "databank_accessions")] == [
        "NCT1",
        "NCT2",
        None,
    ]
    assert row(record, "grants")["agency"] == "NIDA"
    assert row(record)["is_grant_list_complete"] is False
    assert row(record)["is_databank_list_complete"] is True
    assert row(record, "publication_types")["ui"] == "D016428"
    assert row(record, "chemicals")["registry_number"] == "0"
    assert row(record, "supplementary_concepts")["concept_type"] == "Disease"
    assert [tuple(one.values())[1:] for one in rows(record, "keywords")] == [
        (1, "NOTNLM", "kratom & pain", False),
        (2, "NOTNLM", "", True),
        (3, "NASA", "flight", False),
    ]


def test_dates_links_and_objects() -> None:
    head = "<DateRevised><Year>2021</Year><Month>06</Month><Day>07</Day></DateRevised>"
    inner = """<Journal><JournalIssue CitedMedium="Internet"><PubDate>
      <MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue></Journal>
      <ArticleDate DateType="Electronic"><Year>1998</Year><Month>11</Month>
      <Day>02</Day></ArticleDate>"""
    links = """<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn">
      <RefSource>J X. 2000</RefSource><PMID Version="2">77</PMID>
      <Note>n</Note></CommentsCorrections>
      <CommentsCorrections RefType="ErratumIn"><RefSource>J Y</RefSource></CommentsCorrections>
      </CommentsCorrectionsList>"""
    data = """
      <History>
        <PubMedPubDate PubStatus="entrez">
          <Year>2021</Year>
          <Month>6</Month>
          <Day>7</Day>
          <Hour>12</Hour>
          <Minute>41</Minute>
        </PubMedPubDate>
        <PubMedPubDate PubStatus="received">
          <Year>2021</Year>
          <Month>2</Month>
          <Day>30</Day>
        </PubMedPubDate>
      </History>
      <PublicationStatus>ppublish</PublicationStatus>
      <ObjectList><Object Type="grant"><Param Name="id">9</Param></Object>
      <Object Type="bare"/></ObjectList>"""
    record = read(article(inner, head=head, after=links, data=data))
    found = row(record)
    assert found["date_revised"] == date(2021, 6, 7)
    assert (found["issue_year"], found["issue_month"], found["issue_date_precision"]) == (
        1998,
        12,
        "range",
    )
    assert (found["electronic_date_verbatim"], found["electronic_day"]) == ("1998 11 02", 2)
    assert found["publication_status"] == "ppublish"
    assert [tuple(one.values())[1:] for one in rows(record, "article_links")] == [
        (1, "RetractionIn", "J X. 2000", 77, 2, "n"),
        (2, "ErratumIn", "J Y", None, None, None),
    ]
    assert [tuple(one.values())[1:] for one in rows(record, "history_dates")] == [
        (1, "entrez", "2021 6 7 12 41", datetime(2021, 6, 7, 12, 41)),
        (2, "received", "2021 2 30", None),
    ]
    assert [tuple(one.values())[2:] for one in rows(record, "related_objects")] == [
        ("grant", "id", "9"),
        ("bare", None, None),
    ]


BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">900</PMID>
  <ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
  <Book><Publisher><PublisherName>Press <i>A</i></PublisherName></Publisher>
    <BookTitle book="b">Herbs</BookTitle><PubDate><Year>1993</Year></PubDate>
    <EndingDate><Year>2026</Year></EndingDate>
    <AuthorList Type="editors" CompleteYN="Y"><Author ValidYN="Y">
      <LastName>Ed</LastName></Author></AuthorList>
    <Isbn>978</Isbn><ELocationID EIdType="doi">10.1/book</ELocationID></Book>
  <LocationLabel Type="chapter">3</LocationLabel>
  {title}
  <AuthorList Type="authors"><Author ValidYN="Y"><LastName>Au</LastName></Author></AuthorList>
  <PublicationType UI="D016454">Review</PublicationType>
  <Sections><Section><SectionTitle book="b">One</SectionTitle>
    <Section><SectionTitle>Inner</SectionTitle></Section></Section></Sections>
  <ContributionDate><Year>2010</Year><Month>5</Month></ContributionDate>
  <ItemList ListType="Synonyms"><Item>Ketum</Item></ItemList></BookDocument>
  <PubmedBookData><PublicationStatus>ppublish</PublicationStatus>
  <ArticleIdList><ArticleId IdType="pubmed">900</ArticleId>
      <ArticleId IdType="bookaccession">NBK1</ArticleId>
  </ArticleIdList></PubmedBookData></PubmedBookArticle>"""


def test_a_chapter_of_a_book() -> None:
    record = read(BOOK.format(title="<ArticleTitle>Kratom</ArticleTitle>"))
    found, book = row(record), row(record, "books")
    assert record.kind == found["record_kind"] == "book"
    assert (found["title"], found["doi"]) == ("Kratom", None)
    assert (found["issue_year"], found["electronic_year"], found["electronic_month"]) == (
        1993,
        2010,
        5,
    )
    assert [(p["list_kind"], p["last_name"]) for p in rows(record, "authors")] == [
        ("book_editor", "Ed"),
        ("author", "Au"),
    ]
    assert [tuple(r.values())[2:5] for r in rows(record, "article_identifiers")] == [
        ("ArticleId", "bookaccession", "NBK1"),
        ("Isbn", None, "978"),
        ("ELocationID", "doi", "10.1/book"),
        ("ArticleId", "pubmed", "900"),
    ]
    assert (book["book_title"], book["publisher_name"]) == ("Herbs", "Press A")
    assert book["ending_date_verbatim"] == "2026"
    assert book["location_labels"] == ["chapter: 3"]
    assert book["sections"] == ["One", "Inner"]
    assert book["items"] == ["Synonyms: Ketum"]


def test_a_whole_book_has_the_title_and_doi_of_the_book() -> None:
    found = row(read(BOOK.format(title="")))
    assert (found["title"], found["doi"]) == ("Herbs", "10.1/book")


def test_versions_stay_apart() -> None:
    both = file_of(article(pmid="5"), article(pmid="5").replace('Version="1"', 'Version="2"'))
    (batch,) = read_batches(both)
    assert [r[:3] for r in batch.tables["articles"]] == [(1, 5, 1), (2, 5, 2)]


def test_deletions_come_after_the_records() -> None:
    gone = '<DeleteCitation>\n<PMID Version="1">7</PMID><PMID Version="2">8</PMID></DeleteCitation>'
    *_, first, second = read_records(file_of(article(), gone))
    assert isinstance(first, Deletion) and isinstance(second, Deletion)
    assert [(d.pmid, d.pmid_version) for d in (first, second)] == [(7, 1), (8, 2)]


def test_the_unknown_is_counted_and_never_fatal() -> None:
    odd = """<Article2>x</Article2><ArticleTitle lang="en">T<blink>!</blink></ArticleTitle>
      <AuthorList CompleteYN="Y"><Author ValidYN="Maybe" Star="1">
      <LastName>A</LastName></Author></AuthorList>"""
    data = '<History><PubMedPubDate PubStatus="later"><Year>2020</Year></PubMedPubDate></History>'
    (batch,) = read_batches(file_of(article(odd, data=data)))
    assert batch.record_count == 1
    assert dict(batch.tally) == {
        ("element", "Article/Article2"): 1,
        ("attribute", "ArticleTitle@lang"): 1,
        ("element", "ArticleTitle/blink"): 1,
        ("value", "Author@ValidYN=Maybe"): 1,
        ("attribute", "Author@Star"): 1,
        ("value", "PubMedPubDate@PubStatus=later"): 1,
    }


def test_counts_of_the_unknown_go_through_the_whole_file() -> None:
    odd = article("<Odd/>")
    *_, last = read_batches(file_of(odd, odd, odd), size=1)
    assert last.tally["element", "Article/Odd"] == 3


def test_what_is_ignored_on_purpose_is_not_counted() -> None:
    inner = '<ArticleTitle book="b" part="p" sec="s">T</ArticleTitle>'
    (batch,) = read_batches(file_of(article(inner)))
    assert not batch.tally


def test_sources_plain_compressed_streamed(tmp_path: Path) -> None:
    data = file_of(article())
    plain, packed = tmp_path / "a.xml", tmp_path / "misnamed.xml"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    stream = io.BytesIO(gzip.compress(data))
    found = [list(read_records(source)) for source in (plain, packed, str(packed), stream, data)]
    assert all(records == found[0] for records in found)
    assert not stream.closed


def test_bytes_offset_and_hash_are_those_of_the_file() -> None:
    data = file_of(article(pmid="1"), article("<ArticleTitle>é</ArticleTitle>", pmid="2"))
    for record in read_records(data):
        assert isinstance(record, Record)
        assert data[record.offset : record.offset + record.length] == record.raw
        assert record.raw.startswith(b"<PubmedArticle>")
        assert record.raw.endswith(b"</PubmedArticle>")
        assert len(row(record)["record_sha256"]) == 64


def test_numbers_begin_where_asked() -> None:
    (batch,) = read_batches(file_of(article(pmid="1"), article(pmid="2")), first_record_no=41)
    assert [r[0] for r in batch.tables["articles"]] == [41, 42]


def test_an_empty_set_is_no_error() -> None:
    assert list(read_records(file_of())) == []
