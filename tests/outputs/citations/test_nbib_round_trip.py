"""ketum reads its own .nbib as it reads the records it was made of, in all that the format carries.

What it has no tag for: UIs, versions, parts of the abstract, references, invalid names and
identifiers, ISO abbreviation, further pages, and the words of dates as XML has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.outputs.citations import citation, nbib
from pipeline.outputs.citations.citation import one_line
from pipeline.pubmed.parsing.medline_lines import KNOWN, LINKS
from pipeline.settings import ROOT
from pipeline.warehouse import stage
from tests.corpus import article, write

pytestmark = pytest.mark.whole

DEMO = ROOT / "data" / "demo" / "pubmed21n1298-selection.xml.gz"
SCHEMA = ROOT / "sql" / "schema"

COMPARED = {
    "articles": """pmid record_kind title vernacular_title languages doi pmc_id medline_ta
        nlm_unique_id issn issn_type issn_linking journal_country volume issue pages
        publication_model issue_date_verbatim issue_year issue_month issue_day
        issue_date_precision electronic_year electronic_month electronic_day date_completed
        date_revised citation_status owner publication_status number_of_references
        abstract_copyright coi_statement citation_subsets gene_symbols space_flight_missions
        general_notes""",
    "article_identifiers": "element id_type value is_valid",
    "abstract_sections": "abstract_type language text",
    "authors": "list_kind last_name fore_name initials suffix collective_name orcid",
    "affiliations": "author_no affiliation_no affiliation",
    "publication_types": "publication_type",
    "mesh_headings": """heading_no qualifier_no descriptor is_major_descriptor qualifier
        is_major_qualifier""",
    "chemicals": "substance_name registry_number",
    "supplementary_concepts": "name",
    "keywords": "keyword_owner keyword is_major",
    "grants": "grant_id acronym agency country",
    "databank_accessions": "databank accession_number",
    "article_links": "ref_type ref_source linked_pmid",
    "history_dates": "pub_status event_at",
    "books": "book_title publisher_name publisher_location collection_title edition volume",
}
ASKED = {
    "abstract_sections": """
        SELECT pmid, 'main' AS abstract_type, NULL AS language, abstract AS text
        FROM core.abstracts
        UNION ALL
        SELECT pmid, abstract_type, language, concat_ws(': ', label, text)
        FROM core.abstract_sections WHERE abstract_type <> 'main'
    """,
    "article_identifiers": """
        FROM core.article_identifiers
        WHERE is_valid IS DISTINCT FROM FALSE
            AND NOT (element = 'ArticleId' AND id_type = 'pubmed')
    """,
    "authors": "FROM core.authors WHERE is_valid IS DISTINCT FROM FALSE",
}


def warehouse(source: Path | bytes) -> duckdb.DuckDBPyConnection:
    """Just what an export asks for: core, and of marts names that it is happy with."""
    con = duckdb.connect()
    for name in ("core.sql", "core_views.sql"):
        con.execute((SCHEMA / name).read_text(encoding="utf-8"))
    stage.create_staging(con)
    counts = stage.stage_file(con, source, raw_file="x", stamp="x")
    assert not counts.unreadable and not counts.tally
    con.execute(
        "INSERT INTO core.articles BY NAME SELECT * EXCLUDE (record_no), now() AS first_seen_at,"
        " now() AS changed_at FROM staging.core.articles"
    )
    for table in COMPARED:
        if table != "articles":
            con.execute(
                f"INSERT INTO core.{table} BY NAME SELECT a.pmid, t.* EXCLUDE (record_no)"
                f" FROM staging.core.{table} AS t JOIN staging.core.articles AS a USING (record_no)"
            )
    con.execute(
        """
        CREATE SCHEMA marts;
        CREATE TABLE marts.search_totals AS SELECT 'set' AS set_id;
        CREATE TABLE marts.articles AS
        SELECT pmid, doi, shown.title, year, year_source, 'RCT' AS study_type,
            'Trial' AS study_type_label, 'Group' AS evidence_group,
            'rules' AS assigned_by, 'high' AS confidence, FALSE AS is_retracted,
            FALSE AS is_preprint, now() AS first_seen_at, 'Malaysia' AS first_author_country,
            ['Malaysia'] AS countries, ['NCT00000001'] AS registrations, [] AS facets, [] AS claims
        FROM core.articles JOIN core.article_years USING (pmid)
        JOIN core.article_citations AS shown USING (pmid);
        CREATE TABLE marts.article_facets
            (pmid INTEGER, facet VARCHAR, facet_label VARCHAR, value VARCHAR, value_label VARCHAR);
        CREATE SCHEMA evidence;
        CREATE TABLE evidence.article_claims
            (pmid INTEGER, claim VARCHAR, how VARCHAR, finding VARCHAR);
        """
    )
    return con


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    columns = ["pmid", *COMPARED[table].replace("pmid ", "", 1).split()]
    asked = ASKED.get(table, f"FROM core.{table}")
    for pmid, *row in con.execute(f"SELECT {', '.join(columns)} FROM ({asked})").fetchall():
        yield pmid, tuple(plain(value) for value in row)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(part) for part in value]
    return one_line(value) or None if isinstance(value, str) else value


def differences(before: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    after = warehouse(text.encode())
    found: list[tuple[Any, ...]] = []
    for table in COMPARED:
        left, right = (Counter(map(repr, rows_of(con, table))) for con in (before, after))
        found += [(table, "lost", row) for row in left - right]
        found += [(table, "new", row) for row in right - left]
    return found


def exported(con: duckdb.DuckDBPyConnection) -> str:
    pmids = [row[0] for row in con.execute("SELECT pmid FROM core.articles").fetchall()]
    return nbib.render(citation.read(con, pmids), True)


ALL_TAGS = r"""<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NASA">
<PMID Version="1">701</PMID>
<DateCompleted><Year>2020</Year><Month>02</Month><Day>29</Day></DateCompleted>
<DateRevised><Year>2021</Year><Month>12</Month><Day>31</Day></DateRevised>
<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Print">0000-0019</ISSN>
<JournalIssue CitedMedium="Print"><Volume>7</Volume><Issue>2 Pt 1</Issue>
<PubDate><MedlineDate>2019 Dec-2020 Jan</MedlineDate></PubDate></JournalIssue>
<Title>Journal of Leaves</Title></Journal><ArticleTitle>[Pre- and post-kratom states - and the
far-reaching, never-ending, well-known, often-cited, so-called leaf/ stem question.]</ArticleTitle>
<Pagination><MedlinePgn>e1, e5-9</MedlinePgn></Pagination>
<ELocationID EIdType="pii" ValidYN="Y">S0000-1(19)00001-2</ELocationID>
<ELocationID EIdType="doi" ValidYN="Y">10.9999/leaf [x].1</ELocationID>
<Abstract><AbstractText Label="AIM">We ask.

Twice.</AbstractText><AbstractText Label="RESULTS">
TY  - looks like a tag, PMID- 5 too. {words}</AbstractText>
<CopyrightInformation>Nobody, 2020.</CopyrightInformation></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>van der Leaf</LastName>
<ForeName>Ana B</ForeName><Initials>AB</Initials><Suffix>Jr</Suffix>
<Identifier Source="ORCID">0000-0002-1825-0097</Identifier><AffiliationInfo>
<Affiliation>Chair of Teas, University A. ana@a.example.</Affiliation></AffiliationInfo>
<AffiliationInfo><Affiliation>Institute B.</Affiliation></AffiliationInfo></Author>
<Author ValidYN="Y"><CollectiveName>Leaf Group, Pain Section</CollectiveName></Author>
<Author ValidYN="Y"><LastName>Źdan</LastName><ForeName>Øyvind</ForeName><Initials>Ø</Initials>
</Author><Author ValidYN="Y"><LastName>Mononym</LastName></Author></AuthorList>
<Language>ger</Language><Language>eng</Language><DataBankList CompleteYN="Y"><DataBank>
<DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>
<AccessionNumber>NCT00000001</AccessionNumber><AccessionNumber>NCT00000002</AccessionNumber>
</AccessionNumberList></DataBank></DataBankList><GrantList CompleteYN="Y">
<Grant><GrantID>R01 DA000001</GrantID><Acronym>DA</Acronym><Agency>NIDA NIH HHS</Agency>
<Country>United States</Country></Grant>
<Grant><GrantID>BB/K01/1</GrantID><Agency>Leaf Council</Agency>
<Country>United Kingdom</Country></Grant>
<Grant><GrantID>MC/UU</GrantID><Agency>Tea/Coffee Fund</Agency><Country/></Grant>
<Grant><Acronym>HHMI</Acronym><Agency>Some Institute</Agency>
<Country>United States</Country></Grant>
<Grant><Agency>Tea Board</Agency><Country>Malaysia</Country></Grant></GrantList>
<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
<PublicationType UI="D016449">Randomized Controlled Trial</PublicationType></PublicationTypeList>
<VernacularTitle>Kratom vorher und nachher.</VernacularTitle>
<ArticleDate DateType="Electronic"><Year>2019</Year><Month>11</Month><Day>03</Day></ArticleDate>
</Article><MedlineJournalInfo><Country>Germany</Country><MedlineTA>J Leaves</MedlineTA>
<NlmUniqueID>900</NlmUniqueID><ISSNLinking>0000-0019</ISSNLinking></MedlineJournalInfo>
<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber>
<NameOfSubstance UI="C1">(2R,3S)-3-leafyl-2-((E)-1-teayl) (mixture)</NameOfSubstance></Chemical>
<Chemical><RegistryNumber>EC 1.1.1.1</RegistryNumber>
<NameOfSubstance UI="D2">Leaf Dehydrogenase</NameOfSubstance></Chemical></ChemicalList>
<SupplMeshList><SupplMeshName Type="Disease" UI="C2">Leaf itch</SupplMeshName></SupplMeshList>
<CitationSubset>IM</CitationSubset><CitationSubset>S</CitationSubset>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn">
<RefSource>J Leaves. 2021;9:1</RefSource><PMID Version="1">799</PMID></CommentsCorrections>
<CommentsCorrections RefType="ExpressionOfConcernIn">
<RefSource>J Leaves. 2022;10:1. doi: 10.9999/ec.</RefSource></CommentsCorrections>
</CommentsCorrectionsList><GeneSymbolList><GeneSymbol>leafA</GeneSymbol></GeneSymbolList>
<MeshHeadingList><MeshHeading><DescriptorName UI="D1" MajorTopicYN="Y">Pain</DescriptorName>
</MeshHeading><MeshHeading><DescriptorName UI="D3" MajorTopicYN="N">Mice</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y">drug effects</QualifierName>
<QualifierName UI="Q2" MajorTopicYN="N">injuries</QualifierName></MeshHeading></MeshHeadingList>
<NumberOfReferences>12</NumberOfReferences>
<PersonalNameSubjectList><PersonalNameSubject><LastName>Korth</LastName>
<ForeName>Pieter</ForeName><Initials>P</Initials></PersonalNameSubject></PersonalNameSubjectList>
<OtherID Source="NLM">PMC7000701</OtherID><OtherAbstract Type="Publisher" Language="ger">
<AbstractText>Wir fragen.</AbstractText></OtherAbstract>
<KeywordList Owner="NASA"><Keyword MajorTopicYN="Y">Flight</Keyword></KeywordList>
<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">kratom, leaf</Keyword>
<Keyword MajorTopicYN="N">tea</Keyword></KeywordList>
<CoiStatement>None.</CoiStatement><SpaceFlightMission>Flight STS-1</SpaceFlightMission>
<InvestigatorList><Investigator ValidYN="Y"><LastName>Seek</LastName><ForeName>Ida</ForeName>
<Initials>I</Initials><AffiliationInfo><Affiliation>Field C.</Affiliation></AffiliationInfo>
</Investigator></InvestigatorList><GeneralNote Owner="KIE">12 refs.</GeneralNote></MedlineCitation>
<PubmedData><History><PubMedPubDate PubStatus="received"><Year>2019</Year><Month>1</Month>
<Day>2</Day></PubMedPubDate><PubMedPubDate PubStatus="entrez"><Year>2019</Year><Month>11</Month>
<Day>4</Day><Hour>6</Hour><Minute>0</Minute></PubMedPubDate><PubMedPubDate PubStatus="pubmed">
<Year>2019</Year><Month>11</Month><Day>5</Day><Hour>6</Hour><Minute>0</Minute></PubMedPubDate>
<PubMedPubDate PubStatus="medline"><Year>2020</Year><Month>3</Month><Day>1</Day><Hour>6</Hour>
<Minute>1</Minute></PubMedPubDate><PubMedPubDate PubStatus="pmc-release"><Year>2020</Year>
<Month>12</Month><Day>1</Day></PubMedPubDate></History>
<PublicationStatus>ppublish</PublicationStatus><ArticleIdList>
<ArticleId IdType="pubmed">701</ArticleId><ArticleId IdType="doi">10.9999/leaf [x].1</ArticleId>
<ArticleId IdType="pmc">PMC7000701</ArticleId><ArticleId IdType="mid">NIHMS701</ArticleId>
</ArticleIdList></PubmedData></PubmedArticle>"""
LONG = f"{'word ' * 400}{'unbroken' * 40} at the end; x - y"
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">702</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK702</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>Tea Press</PublisherName>
<PublisherLocation>Leafton (KT)</PublisherLocation></Publisher>
<BookTitle book="tea">Teas of the World</BookTitle>
<PubDate><Year>2021</Year></PubDate><AuthorList Type="editors" CompleteYN="Y"><Author>
<LastName>Edit</LastName><ForeName>Ed</ForeName><Initials>E</Initials></Author></AuthorList>
<Volume>3</Volume><VolumeTitle>Kratom</VolumeTitle><Edition>2nd</Edition>
<CollectionTitle book="tea">Leaf Library</CollectionTitle><Isbn>9780000000002</Isbn></Book>
<ArticleTitle book="tea" part="kratom">Kratom tea</ArticleTitle><Language>eng</Language>
<AuthorList Type="authors" CompleteYN="Y"><Author><LastName>Writ</LastName>
<ForeName>Wren</ForeName><Initials>W</Initials></Author></AuthorList>
<PublicationType UI="D000">Book Chapter</PublicationType>
<ContributionDate><Year>2021</Year><Month>03</Month><Day>04</Day></ContributionDate>
<DateRevised><Year>2022</Year><Month>05</Month><Day>06</Day></DateRevised></BookDocument>
<PubmedBookData><PublicationStatus>ppublish</PublicationStatus><ArticleIdList>
<ArticleId IdType="pubmed">702</ArticleId></ArticleIdList></PubmedBookData></PubmedBookArticle>"""


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    path = tmp_path_factory.mktemp("nbib") / "rich.xml"
    return warehouse(write(path, ALL_TAGS.replace("{words}", LONG), BOOK, article(703, "Tea")))


def test_every_tag_comes_back(rich: duckdb.DuckDBPyConnection) -> None:
    text = exported(rich)
    assert differences(rich, text) == []
    tags = {line[:4].rstrip() for line in text.split("\n") if line[4:6] == "- "}
    not_here = {"CP", "DA", "COI", "FCN", "OCI"} | {tag for tag in LINKS if tag not in tags}
    assert KNOWN - not_here <= tags, KNOWN - not_here - tags


def test_the_demonstration_comes_back() -> None:
    before = warehouse(DEMO)
    text = exported(before)
    assert differences(before, text) == []
    assert text.count("PMID- ") > 250


def test_the_chapter_of_a_book_comes_back_as_one(rich: duckdb.DuckDBPyConnection) -> None:
    after = warehouse(exported(rich).encode())
    asked = "SELECT * FROM core.books"
    assert after.execute(asked).fetchall() == rich.execute(asked).fetchall() != []


def test_no_line_is_empty_and_none_is_broken_within_a_word(
    rich: duckdb.DuckDBPyConnection,
) -> None:
    for record in exported(rich).split("\n\n"):
        lines = record.rstrip("\n").split("\n")
        for line, following in zip(lines, [*lines[1:], "SO  - "], strict=True):
            assert line[6:].strip()
            assert line.endswith(" ") == following.startswith("      ")
        assert lines[-1].startswith("SO  - ")


def test_a_judgement_of_ours_is_no_note_of_nlm(rich: duckdb.DuckDBPyConnection) -> None:
    text = exported(rich)
    assert text.count("GN  - ketum: study type RCT") == 3
    after = warehouse(text.encode())
    notes = after.execute("SELECT general_notes FROM core.articles ORDER BY pmid").fetchall()
    assert notes == [(["KIE: 12 refs."],), ([],), ([],)]


def test_exports_without_abstracts_have_none(rich: duckdb.DuckDBPyConnection) -> None:
    text = nbib.render(citation.read(rich, [701]), False)
    assert "AB  - " not in text and "OAB - " not in text and "We ask" not in text
