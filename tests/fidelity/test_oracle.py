"""The oracle reads what the XML says, and a stored value that was tampered with is found."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from . import check_file, oracle

CORE_SQL = Path(__file__).parents[2] / "sql" / "schema" / "core.sql"

FIXTURE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE PubmedArticleSet SYSTEM "http://example.invalid/never-fetched.dtd">
<PubmedArticleSet>
  <PubmedArticle>
    <MedlineCitation Status="MEDLINE" Owner="NASA" IndexingMethod="Curated" VersionID="2"
        VersionDate="2020/01/02">
      <PMID Version="2">901</PMID>
      <DateCompleted><Year>2020</Year><Month>02</Month><Day>29</Day></DateCompleted>
      <DateRevised><Year>2021</Year><Month>12</Month><Day>31</Day></DateRevised>
      <Article PubModel="Print-Electronic">
        <Journal>
          <ISSN IssnType="Print">0000-0001</ISSN>
          <JournalIssue CitedMedium="Print">
            <Volume>7 </Volume><Issue>2 Pt 1</Issue>
            <PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate>
          </JournalIssue>
          <Title>Journal of Small Fixtures</Title>
          <ISOAbbreviation>J Small Fixt</ISOAbbreviation>
        </Journal>
        <ArticleTitle>[<i>Leaf</i>  and <b>stem</b><!-- unseen --> of H<sub>2</sub>O&lt;].\
</ArticleTitle>
        <Pagination>
          <StartPage>5</StartPage><EndPage>9</EndPage><MedlinePgn>5-9</MedlinePgn>
        </Pagination>
        <ELocationID EIdType="doi" ValidYN="N">10.1/wrong</ELocationID>
        <ELocationID EIdType="doi" ValidYN="Y">10.1/right one</ELocationID>
        <Abstract>
          <AbstractText Label="AIM " NlmCategory="OBJECTIVE"> First <i>part</i>
of <m:math xmlns:m="http://www.w3.org/1998/Math/MathML">
  <m:mi>x</m:mi>
</m:math>.</AbstractText>
          <AbstractText Label="EMPTY"/>
          <CopyrightInformation>Nobody.</CopyrightInformation>
        </Abstract>
        <AuthorList CompleteYN="N">
          <Author ValidYN="N" EqualContrib="Y">
            <LastName>Roe </LastName><ForeName>Ann B</ForeName><Initials>AB</Initials>
            <Suffix>&#x2003;</Suffix>
            <Identifier Source="ORCID">http://orcid.org/000000021825009x</Identifier>
            <AffiliationInfo>
              <Affiliation>House of <i>Tests</i>.</Affiliation>
              <Identifier Source="ROR">https://ror.org/0</Identifier>
            </AffiliationInfo>
            <AffiliationInfo><Affiliation>Second place</Affiliation></AffiliationInfo>
          </Author>
          <Author><CollectiveName>The <i>Group</i></CollectiveName></Author>
        </AuthorList>
        <Language>fre</Language><Language>eng</Language>
        <DataBankList CompleteYN="Y">
          <DataBank><DataBankName>Bank A</DataBankName>
            <AccessionNumberList>
              <AccessionNumber>A1</AccessionNumber><AccessionNumber>A2</AccessionNumber>
            </AccessionNumberList>
          </DataBank>
          <DataBank><DataBankName>Bank B</DataBankName></DataBank>
        </DataBankList>
        <GrantList CompleteYN="Y">
          <Grant><GrantID> G 1</GrantID><Acronym>AA</Acronym><Agency>Agency</Agency><Country/>
          </Grant>
        </GrantList>
        <PublicationTypeList>
          <PublicationType UI="D016428">Journal Article</PublicationType>
          <PublicationType UI="D016441">Retracted Publication</PublicationType>
        </PublicationTypeList>
        <VernacularTitle>Feuille <i>et</i> tige.</VernacularTitle>
        <ArticleDate DateType="Electronic"><Year>1998</Year><Month>11</Month><Day>05</Day>
        </ArticleDate>
      </Article>
      <MedlineJournalInfo><Country>France</Country><MedlineTA>J Small Fixt</MedlineTA>
        <NlmUniqueID>0000001</NlmUniqueID><ISSNLinking>0000-0001</ISSNLinking>
      </MedlineJournalInfo>
      <ChemicalList>
        <Chemical><RegistryNumber>0</RegistryNumber>
          <NameOfSubstance UI="C001801">mitragynine</NameOfSubstance></Chemical>
      </ChemicalList>
      <SupplMeshList><SupplMeshName Type="Disease" UI="C1">Fixture fever</SupplMeshName>
      </SupplMeshList>
      <CitationSubset>IM</CitationSubset>
      <CommentsCorrectionsList>
        <CommentsCorrections RefType="RetractionIn">
          <RefSource>Elsewhere. 2</RefSource><PMID Version="1">902</PMID><Note>Why</Note>
        </CommentsCorrections>
      </CommentsCorrectionsList>
      <GeneSymbolList><GeneSymbol>abc</GeneSymbol></GeneSymbolList>
      <MeshHeadingList>
        <MeshHeading><DescriptorName UI="D1" MajorTopicYN="Y" Type="Geographic" AutoHM="Y">Here\
</DescriptorName></MeshHeading>
        <MeshHeading><DescriptorName UI="D2" MajorTopicYN="N">There</DescriptorName>
          <QualifierName UI="Q1" MajorTopicYN="N" AutoHM="Y">a</QualifierName>
          <QualifierName UI="Q2" MajorTopicYN="Y">b</QualifierName></MeshHeading>
      </MeshHeadingList>
      <NumberOfReferences>3</NumberOfReferences>
      <PersonalNameSubjectList><PersonalNameSubject><LastName>Old</LastName>
      </PersonalNameSubject></PersonalNameSubjectList>
      <OtherID Source="NASA">0012</OtherID>
      <OtherAbstract Type="Publisher" Language="fre"><AbstractText>Autre.</AbstractText>
      </OtherAbstract>
      <KeywordList Owner="NOTNLM">
        <Keyword MajorTopicYN="N">
  leaf
</Keyword><Keyword MajorTopicYN="Y"><i>stem</i> </Keyword>
      </KeywordList>
      <CoiStatement>None &amp;amp; <b>done</b>.</CoiStatement>
      <SpaceFlightMission>Flight 1</SpaceFlightMission>
      <InvestigatorList><Investigator ValidYN="Y"><LastName>Inv</LastName>
        <AffiliationInfo><Affiliation>Third place</Affiliation></AffiliationInfo>
      </Investigator></InvestigatorList>
      <GeneralNote Owner="KIE">A note</GeneralNote>
    </MedlineCitation>
    <PubmedData>
      <History>
        <PubMedPubDate PubStatus="entrez"><Year>1999</Year><Month>1</Month><Day>2</Day>
          <Hour>3</Hour><Minute>4</Minute></PubMedPubDate>
        <PubMedPubDate PubStatus="received"><Year>1999</Year><Month>2</Month><Day>30</Day>
        </PubMedPubDate>
      </History>
      <PublicationStatus>ppublish</PublicationStatus>
      <?pmcsd ?>
      <ArticleIdList><ArticleId IdType="pubmed">901</ArticleId>
        <ArticleId IdType="pmc">PMC1</ArticleId></ArticleIdList>
      <ObjectList><Object Type="grant"><Param Name="id">77</Param></Object></ObjectList>
      <ReferenceList><Title>Cited</Title>
        <Reference><Citation>One <i>thing</i></Citation><ArticleIdList>
          <ArticleId IdType="doi">10.1/first</ArticleId>
          <ArticleId IdType="doi">10.1/second</ArticleId>
          <ArticleId IdType="pmcid">22</ArticleId>
          <ArticleId IdType="pubmed">33</ArticleId></ArticleIdList></Reference>
        <ReferenceList><Title>Inner</Title>
          <Reference><Citation>\u00a0</Citation></Reference></ReferenceList>
      </ReferenceList>
    </PubmedData>
  </PubmedArticle>
  <PubmedBookArticle>
    <BookDocument>
      <PMID Version="1">950</PMID>
      <ArticleIdList><ArticleId IdType="bookaccession">NBK0</ArticleId></ArticleIdList>
      <Book>
        <Publisher><PublisherName>House</PublisherName>
          <PublisherLocation>Town</PublisherLocation></Publisher>
        <BookTitle book="b">Book<sup>2</sup></BookTitle>
        <PubDate><Year>2001</Year><Season>Winter-Spring</Season></PubDate>
        <BeginningDate><Year>2000</Year><Month>Mar</Month></BeginningDate>
        <EndingDate><Year>2003</Year></EndingDate>
        <AuthorList Type="editors"><Author><LastName>Ed</LastName></Author></AuthorList>
        <Volume>I</Volume><VolumeTitle>Vol</VolumeTitle><Edition>2nd</Edition>
        <CollectionTitle>Coll</CollectionTitle><Isbn>9780000000000</Isbn>
        <Medium>Internet</Medium><ReportNumber>R1</ReportNumber>
      </Book>
      <LocationLabel Type="chapter">4</LocationLabel>
      <ArticleTitle>Chapter four</ArticleTitle>
      <Language>eng</Language>
      <AuthorList Type="authors"><Author><LastName>Au</LastName></Author></AuthorList>
      <Sections><Section><SectionTitle>S<i>1</i></SectionTitle>
        <Section><SectionTitle>S2</SectionTitle></Section></Section></Sections>
      <ContributionDate><Year>2002</Year><Month>5</Month><Day>6</Day></ContributionDate>
      <DateRevised><Year>2004</Year><Month>7</Month><Day>8</Day></DateRevised>
      <ItemList ListType="Synonyms"><Item>Item one</Item></ItemList>
    </BookDocument>
    <PubmedBookData><PublicationStatus>ppublish</PublicationStatus>
      <ArticleIdList><ArticleId IdType="pubmed">950</ArticleId></ArticleIdList></PubmedBookData>
  </PubmedBookArticle>
  <DeleteCitation><PMID Version="1">999</PMID></DeleteCitation>
</PubmedArticleSet>
"""


@pytest.fixture(scope="module")
def fixture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fidelity") / "fixture.xml"
    path.write_text(FIXTURE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def items(fixture_file: Path) -> list[oracle.Record | oracle.Deletion]:
    return list(oracle.read_file(fixture_file))


def rows(
    items: list[oracle.Record | oracle.Deletion], table: str, record_no: int = 1
) -> list[dict[str, oracle.Value]]:
    """The expected rows of one record as dictionaries."""
    record = items[record_no - 1]
    assert isinstance(record, oracle.Record)
    columns = oracle.COLUMNS[table]
    return [dict(zip(columns, row, strict=True)) for row in record.rows[table]]


class TestOracle:
    def test_every_table_of_the_fixture_has_a_row(self, items):
        filled = {table for item in items[:2] for table, found in item.rows.items() if found}
        assert filled == set(oracle.COLUMNS)

    def test_text_is_verbatim_and_flattened(self, items):
        (article,) = rows(items, "articles")
        assert article["title"] == "[Leaf  and stem of H2O<]."
        assert article["volume"] == "7 "
        assert article["coi_statement"] == "None &amp; done."
        abstract = rows(items, "abstract_sections")
        assert abstract[0]["text"] == " First part\nof \n  x\n."
        assert (abstract[0]["label"], abstract[1]["text"]) == ("AIM ", "")
        assert abstract[2]["abstract_type"] == "Publisher"
        assert rows(items, "keywords")[0]["keyword"] == "\n  leaf\n"
        assert rows(items, "cited_references")[1]["citation"] == "\u00a0"
        assert rows(items, "authors")[0]["suffix"] == "\u2003"

    def test_empty_scalar_is_null(self, items):
        assert rows(items, "grants")[0]["country"] is None
        assert rows(items, "databank_accessions")[2]["accession_number"] is None

    def test_identifiers_are_the_articles_own(self, items):
        (article,) = rows(items, "articles")
        assert article["doi"] == "10.1/right one"
        found = [(row["element"], row["value"]) for row in rows(items, "article_identifiers")]
        assert found == [
            ("ELocationID", "10.1/wrong"),
            ("ELocationID", "10.1/right one"),
            ("OtherID", "0012"),
            ("ArticleId", "901"),
            ("ArticleId", "PMC1"),
        ]

    def test_references_nest(self, items):
        first, second = rows(items, "cited_references")
        assert first["cited_doi"] == "10.1/first"
        assert first["cited_pmid"] == 33
        assert first["cited_pmc_id"] == "22"
        assert first["other_ids"] == ["doi: 10.1/second"]
        assert (first["list_title"], second["list_title"]) == ("Cited", "Inner")

    def test_people_of_all_lists(self, items):
        found = rows(items, "authors")
        assert [row["list_kind"] for row in found] == [
            "author",
            "author",
            "subject",
            "investigator",
        ]
        assert found[0]["orcid"] == "0000-0002-1825-009X"
        assert found[1]["collective_name"] == "The Group"
        assert (found[0]["is_valid"], found[2]["is_valid"]) == (False, None)
        book = rows(items, "authors", 2)
        assert [row["list_kind"] for row in book] == ["book_editor", "author"]

    def test_dates(self, items):
        (article,) = rows(items, "articles")
        assert article["date_completed"] == date(2020, 2, 29)
        assert article["electronic_date_verbatim"] == "1998 11 05"
        first, second = rows(items, "history_dates")
        assert first["event_at"] == datetime(1999, 1, 2, 3, 4)
        assert (second["date_verbatim"], second["event_at"]) == ("1999 2 30", None)

    @pytest.mark.parametrize(
        ("printed", "expected"),
        [
            ("2021", (2021, None, None, "year")),
            ("2021 Jun", (2021, 6, None, "month")),
            ("2021 06", (2021, 6, None, "month")),
            ("2021 Jun 05", (2021, 6, 5, "day")),
            ("2021 06 05", (2021, 6, 5, "day")),
            ("2000 Winter", (2000, 1, None, "season")),
            ("2000 Spring", (2000, 4, None, "season")),
            ("2000 Summer", (2000, 7, None, "season")),
            ("2000 Fall", (2000, 10, None, "season")),
            ("2021 3rd Quarter", (2021, 7, None, "season")),
            ("1998 Dec-1999 Jan", (1998, 12, None, "range")),
            ("1944-1945", (1944, None, None, "range")),
            ("2018 May - Jun", (2018, 5, None, "range")),
            ("2021 Apr-Jun 01", (2021, 4, None, "range")),
            ("2001 Winter-Spring", (2001, 1, None, "range")),
            ("1998-1999 Winter", (1998, 1, None, "range")),
            ("2021 Mar 15-21", (2021, 3, 15, "range")),
            ("2021 Feb 30", (2021, 2, None, "month")),
            ("2021 13", (2021, None, None, "year")),
            ("1989 First Quarter", (1989, 1, None, "season")),
            ("Spring 2000", (2000, 4, None, "season")),
            ("2021-03-04", (2021, 3, 4, "day")),
            ("0000", (None, None, None, "unreadable")),
            ("someday", (None, None, None, "unreadable")),
        ],
    )
    def test_issue_dates(self, printed, expected):
        read = oracle.read_date(printed)
        assert (read.year, read.month, read.day, read.precision) == expected
        assert read.verbatim == printed

    def test_bytes_are_those_of_the_file(self, items, fixture_file):
        content = fixture_file.read_bytes()
        for number, name in enumerate((b"PubmedArticle", b"PubmedBookArticle"), 1):
            (article,) = rows(items, "articles", number)
            begin, length = article["raw_offset"], article["raw_length"]
            raw = content[begin : begin + length]
            assert raw.startswith(b"<" + name) and raw.endswith(b"</" + name + b">")
            assert article["record_sha256"] == hashlib.sha256(raw).hexdigest()

    def test_compressed_file_is_the_same(self, items, tmp_path):
        path = tmp_path / "fixture.xml.gz"
        path.write_bytes(gzip.compress(FIXTURE.encode()))
        assert list(oracle.read_file(path)) == items

    def test_deletions(self, items):
        assert items[2:] == [oracle.Deletion(999, 1)]


# --- The comparison ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged(items: list[oracle.Record | oracle.Deletion]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A staging schema filled with exactly what the oracle expects."""
    con = duckdb.connect()
    con.execute(CORE_SQL.read_text(encoding="utf-8"))
    con.execute("CREATE SCHEMA staged")
    for table, columns in oracle.COLUMNS.items():
        con.execute(
            f"CREATE TABLE staged.{table} AS "
            f"SELECT 0 AS record_no, {', '.join(columns)} FROM core.{table}"
        )
        for item in items:
            if isinstance(item, oracle.Record):
                marks = ", ".join("?" * (len(columns) + 1))
                for row in item.rows[table]:
                    con.execute(f"INSERT INTO staged.{table} VALUES ({marks})", [item.number, *row])
    con.execute("CREATE TABLE staged.deletions AS SELECT 999 pmid, 1 pmid_version")
    yield con
    con.close()


@pytest.fixture
def undone(staged: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, every change undone afterwards."""
    staged.execute("BEGIN")
    yield staged
    staged.execute("ROLLBACK")


CORRUPTIONS = {
    "VARCHAR": "CASE WHEN {0} IS NULL THEN 'x' ELSE {0} || ' ' END",
    "VARCHAR[]": "list_append({0}, 'x')",
    "BOOLEAN": "NOT coalesce({0}, false)",
    "DATE": "coalesce({0} + 1, DATE '2000-01-01')",
    "TIMESTAMP": "coalesce({0} + INTERVAL 1 SECOND, TIMESTAMP '2000-01-01')",
    "SMALLINT": "coalesce({0} + 1, 1)",
    "INTEGER": "coalesce({0} + 1, 1)",
    "BIGINT": "coalesce({0} + 1, 1)",
}


class TestComparison:
    def test_what_the_oracle_expects_has_no_difference(self, staged, items):
        differences = check_file.check_staged(staged, items, "staged")
        assert differences.counts == {}
        assert differences.records == 2
        last_line = differences.report("staged").splitlines()[-1]
        assert last_line.startswith(f"0 differences in {differences.values} values of 2 records")

    @pytest.mark.parametrize("table", oracle.COLUMNS)
    def test_a_corrupted_value_is_found(self, undone, items, table):
        """Every column of the table is changed in one row, by as little as a space."""
        described = undone.execute(f"DESCRIBE staged.{table}").fetchall()
        values = [name for name in oracle.COLUMNS[table] if name not in oracle.ORDER[table]]
        changes = ", ".join(
            f'"{name}" = {CORRUPTIONS[kind].format(name)}'
            for name, kind, *_ in described
            if name in values
        )
        only = f"(SELECT max(rowid) FROM staged.{table})"
        undone.execute(f"UPDATE staged.{table} SET {changes} WHERE rowid = {only}")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {f"{table}.{name}": 1 for name in values}

    @pytest.mark.parametrize("table", sorted(set(oracle.COLUMNS) - {"articles", "books"}))
    def test_a_corrupted_order_is_found(self, undone, items, table):
        column = oracle.ORDER[table][-1]
        only = f"(SELECT max(rowid) FROM staged.{table})"
        undone.execute(f"UPDATE staged.{table} SET {column} = {column} + 9 WHERE rowid = {only}")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {f"{table} (rows)": 2}

    @pytest.mark.parametrize("table", oracle.COLUMNS)
    def test_a_missing_row_is_found(self, undone, items, table):
        undone.execute(f"DELETE FROM staged.{table} WHERE rowid = 0")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {f"{table} (rows)": 1}

    def test_a_row_of_a_record_that_does_not_exist_is_found(self, undone, items):
        undone.execute("INSERT INTO staged.keywords VALUES (3, 1, NULL, 'k', false)")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {"keywords (rows)": 1}

    def test_rows_of_two_records_exchanged_are_found(self, undone, items):
        undone.execute("UPDATE staged.articles SET record_no = 3 - record_no")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts["articles.title"] == 2

    def test_a_missing_table_or_column_is_found(self, undone, items):
        undone.execute("ALTER TABLE staged.grants DROP COLUMN agency")
        undone.execute("DROP TABLE staged.books")
        undone.execute("ALTER TABLE staged.keywords ADD COLUMN extra INTEGER")
        differences = check_file.check_staged(undone, items, "staged")
        assert set(differences.counts) == {"grants.agency", "books (table)", "keywords.extra"}

    def test_a_missing_deletion_is_found(self, undone, items):
        undone.execute("DELETE FROM staged.deletions")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {"deletions (rows)": 1}

    def test_an_unread_record_is_found(self, undone, items):
        undone.execute("CREATE TABLE staged.unreadable AS SELECT 2 AS record_no, 'why' AS reason")
        differences = check_file.check_staged(undone, items, "staged")
        assert differences.counts == {"unreadable (rows)": 1}

    def test_the_fixture_staged_by_ketum_has_no_difference(self, fixture_file, items):
        con = check_file.stage(fixture_file)
        differences = check_file.check_staged(con, items)
        con.close()
        assert differences.examples == {}


# --- A published set --------------------------------------------------------------------------

TOPICS = """
[[topic]]
name = "leaf"
mesh = [{ ui = "D404" }]
substances = [{ ui = "C404" }]
words = [{ word = "leaf and", tag = "tiab" }]
[[topic]]
name = "part"
conditional = [
    { word = "chapt*", tag = "tiab", with = [{ word = "four", tag = "tiab" }] },
    { word = "mitragyn*", tag = "tw", with = [{ word = "first", tag = "tiab" }] },
]
[[search]]
name = "leaf"
topics = ["leaf"]
[[search]]
name = "leaf_part"
topics = ["leaf", "part"]
[[search]]
name = "part"
topics = ["part"]
"""
COUNTS = [f"{kind}_count" for kind in ("record", "any_label", "preprint", "retracted", "notice")]
NAMES = ", ".join(COUNTS)
HELD = {n: "held_count" if n == "record_count" else f"held_{n}" for n in COUNTS}
CELLS = ", ".join(f"coalesce(cells.{n}, 0) AS {m}" for n in COUNTS for m in (n, HELD[n]))
SUMS = ", ".join(f"sum({n}) AS {m}" for n in COUNTS for m in (n, HELD[n]))
MARTS = f"""
CREATE SCHEMA marts;
CREATE TABLE marts.articles AS FROM (VALUES
    (901, 1998::SMALLINT, 'SR', 'retracted'),
    (950, 2001::SMALLINT, 'REFWORK', 'record')) AS v (pmid, year, study_type, counted_as);
CREATE TABLE marts.study_type_articles AS
SELECT search, s.study_type, a.pmid, is_primary, year, counted_as
FROM marts.articles AS a JOIN evidence.article_study_types AS s USING (pmid)
JOIN ops.search_hits USING (pmid);
CREATE TABLE marts.retractions AS
SELECT search, pmid FROM ops.search_hits WHERE pmid = 901;
CREATE TABLE marts.study_types_by_year AS
SELECT search, year, study_type, {CELLS}, 0 AS checked_count, 0 AS held_checked_count,
    'complete' AS coverage,
    year = 2001 AS is_partial_year, year = 2000 AS is_provisional_year, false AS is_future_year,
    DATE '2001-06-01' AS as_of_date
FROM (SELECT DISTINCT search FROM ops.search_hits)
CROSS JOIN (SELECT unnest(range(1998, 2002))::SMALLINT AS year)
CROSS JOIN (SELECT study_type FROM evidence.study_types)
LEFT JOIN (VALUES
    ('leaf', 1998, 'SR', 0, 0, 0, 1, 0),
    ('leaf_part', 1998, 'SR', 0, 0, 0, 1, 0),
    ('part', 1998, 'SR', 0, 0, 0, 1, 0),
    ('part', 2001, 'REFWORK', 1, 1, 0, 0, 0),
    ('part', 2001, 'SR', 0, 1, 0, 0, 0)
) AS cells (search, year, study_type, {NAMES}) USING (search, year, study_type);
CREATE TABLE marts.study_type_totals AS
SELECT search, study_type, coverage, {SUMS}, 0 AS checked_count, 0 AS held_checked_count
FROM marts.study_types_by_year GROUP BY ALL;
CREATE TABLE marts.search_totals AS
SELECT search, coverage, {SUMS}, 0 AS unclassified_count, 0 AS held_unclassified_count,
    0 AS undated_count, 0 AS held_undated_count, member_count, member_count AS held_member_count
FROM marts.study_types_by_year
JOIN (SELECT search, count(*) AS member_count FROM ops.search_hits GROUP BY search)
    USING (search)
GROUP BY ALL;
"""
NOW = "TIMESTAMP '2001-06-01'"
STORED = f"""
INSERT INTO core.journals VALUES ('0000001', 'J Small Fixt', 'Journal of Small Fixtures',
    'J Small Fixt', '0000-0001', 'France');
INSERT INTO core.deleted_citations VALUES (999, 1, 's', {NOW});
INSERT INTO core.article_revisions
SELECT pmid, pmid_version, record_source, record_sha256, date_revised, raw_file, raw_offset,
    raw_length, {NOW} FROM core.articles;
INSERT INTO ops.warehouse VALUES ('archive:test', 's', 'p', 1, {NOW});
INSERT INTO ops.search_hits
SELECT search, pmid, {NOW}, NULL, 'first_run', NULL, NULL, 'local'
FROM (VALUES ('leaf', 901), ('leaf_part', 901), ('part', 901), ('part', 950))
    AS hits (search, pmid);
INSERT INTO ops.searches
SELECT 'r', search, search, 'files', '', '', {NOW}, NULL, NULL, [], count(*), true, 0, true
FROM ops.search_hits GROUP BY search;
INSERT INTO ops.known_articles VALUES
    (1, 901, NULL, NULL, true, false, false),
    (2, NULL, '10.1/RIGHT one', NULL, true, false, false),
    (3, 7, '10.1/none', NULL, false, false, false);
INSERT INTO evidence.study_types
SELECT study_type, '', '', '', false, 1, 1
FROM (VALUES ('SR'), ('REFWORK'), ('RCT')) AS types (study_type);
INSERT INTO evidence.article_study_types
SELECT pmid, study_type, is_primary, 'nlm_pt', 'high', 'tag', false, NULL, NULL, '1'
FROM (VALUES (901, 'SR', true), (950, 'REFWORK', true), (950, 'SR', false))
    AS labels (pmid, study_type, is_primary);
INSERT INTO evidence.article_flags VALUES
    (901, true, false, false, false, false, false, false, false, '1'),
    (950, false, false, false, false, false, false, false, false, '1');
"""


@pytest.fixture(scope="module")
def right_set(
    items: list[oracle.Record | oracle.Deletion], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A published set of the fixture, with its raw archive, with nothing wrong in it."""
    root = tmp_path_factory.mktemp("right")
    (root / "topics.toml").write_text(TOPICS, encoding="utf-8")
    raw = root / "raw" / "archive-test"
    raw.mkdir(parents=True)
    (raw / "kept.xml.gz").write_bytes(gzip.compress(b"<x>" + FIXTURE.encode()))
    path = root / "published" / "set" / "ketum.duckdb"
    path.parent.mkdir(parents=True)
    con = duckdb.connect(str(path))
    for name in ("core.sql", "ops.sql", "evidence.sql"):
        con.execute(CORE_SQL.with_name(name).read_text(encoding="utf-8"))
    for item in items[:2]:
        for table, columns in oracle.COLUMNS.items():
            names = ", ".join((*columns, "pmid"))
            more = f", {item.pmid}"
            if table == "articles":
                names = ", ".join(columns)
                names += ", raw_file, source_stamp, first_seen_at, changed_at"
                more = f", 'kept.xml.gz', 's', {NOW}, {NOW}"
            marks = ", ".join("?" * len(columns))
            for row in item.rows[table]:
                con.execute(f"INSERT INTO core.{table} ({names}) VALUES ({marks}{more})", list(row))
    con.execute("UPDATE core.articles SET raw_offset = raw_offset + 3")
    con.execute(STORED)
    con.execute(MARTS)
    con.close()
    return root


@pytest.fixture
def published(right_set: Path, tmp_path: Path) -> tuple[Path, Path, duckdb.DuckDBPyConnection]:
    """A copy of the right set, open for a test to harm."""
    shutil.copytree(right_set, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "published" / "set" / "ketum.duckdb"
    return path, tmp_path / "topics.toml", duckdb.connect(str(path))


class TestPublished:
    @staticmethod
    def places(published, fixture_file) -> set[str]:
        path, topics, con = published
        con.close()
        check = check_file.PublishedCheck(path, check_file.Topics(topics))
        return set(check.run(oracle.read_file(fixture_file)).counts)

    def test_a_right_set_has_no_difference(self, published, fixture_file):
        assert self.places(published, fixture_file) == set()

    def test_each_harm_is_found_where_it_was_done(self, published, fixture_file):
        """Each shows in one place and in no other, so that one set can have all of them."""
        harms = {
            "articles.title": "UPDATE core.articles SET title = title || ' ' WHERE pmid = 950",
            "raw archive": "UPDATE core.articles SET raw_offset = raw_offset + 1",
            "keywords (rows)": "DELETE FROM core.keywords WHERE position = 2",
            "core (rows)": "INSERT INTO core.keywords VALUES (7, 1, NULL, 'k', true)",
            "core.journals": "UPDATE core.journals SET country = 'Italy'",
            "core.deleted_citations": "DELETE FROM core.deleted_citations",
            "core.article_revisions": "DELETE FROM core.article_revisions WHERE pmid = 950",
            "ops.searches.hit_count": "UPDATE ops.searches SET hit_count = 9",
            "ops.known_articles": "UPDATE ops.known_articles SET is_member = true",
            "evidence.article_flags": "UPDATE evidence.article_flags SET is_retracted = true",
            "marts.articles": "UPDATE marts.articles SET year = 1999 WHERE pmid = 901",
            "marts.study_type_articles": "UPDATE marts.study_type_articles SET year = 1",
            "marts.retractions": "DELETE FROM marts.retractions WHERE search = 'leaf'",
            "marts.study_types_by_year.record_count": "UPDATE marts.study_types_by_year "
            "SET record_count = 2 WHERE record_count = 1",
            "marts.study_types_by_year (flags)": "UPDATE marts.study_types_by_year "
            "SET is_partial_year = true",
            "marts.study_types_by_year (grid)": "DELETE FROM marts.study_types_by_year "
            "WHERE year = 1999 AND study_type = 'RCT'",
            "marts.study_type_totals.any_label_count": "UPDATE marts.study_type_totals "
            "SET any_label_count = 9",
            "marts.search_totals.record_count": "UPDATE marts.search_totals "
            "SET record_count = record_count + 1",
        }
        for harm in harms.values():
            published[2].execute(harm)
        assert self.places(published, fixture_file) == set(harms)

    @pytest.mark.parametrize(
        ("harm", "place"),
        [
            ("DELETE FROM ops.search_hits WHERE search = 'leaf_part'", "ops.search_hits leaf_part"),
            (
                "DELETE FROM evidence.article_study_types WHERE is_primary AND pmid = 950",
                "evidence.article_study_types (primary)",
            ),
            (
                "UPDATE marts.study_types_by_year SET held_retracted_count = 0 "
                "WHERE search = 'leaf'",
                "marts.study_types_by_year.held_retracted_count",
            ),
            (
                "UPDATE marts.study_types_by_year SET coverage = 'partial'",
                "marts.study_types_by_year.record_count",
            ),
            ("DROP TABLE marts.study_type_totals", "marts.study_type_totals (table)"),
        ],
    )
    def test_harm_that_shows_in_many_places_is_found(self, published, fixture_file, harm, place):
        published[2].execute(harm)
        assert place in self.places(published, fixture_file)

    def test_a_record_too_many_is_found(self, published, fixture_file):
        path, topics, con = published
        topics.write_text(TOPICS.replace("chapt*", "chap"), encoding="utf-8")
        places = self.places((path, topics, con), fixture_file)
        assert places == {"core.articles (records)", "ops.search_hits part"}


class TestWords:
    @pytest.mark.parametrize(
        ("text", "word", "found"),
        [
            ("a hot-plate test", "hot plate", True),
            ("the hot plate", "hot plate", True),
            ("hot plates", "hot plate", False),
            ("paint", "pain", False),
            ("pain-free", "pain", True),
            ("mitragynines", "mitragyn*", True),
            ("7-hydroxymitragynine", "mitragyn*", False),
            ("7-hydroxymitragynine", "hydroxymitragyn*", True),
        ],
    )
    def test_has_word(self, text, word, found):
        assert check_file.has_word(text, word) is found

    def test_folding(self, items):
        rows = dict(items[0].rows)
        at = oracle.COLUMNS["articles"].index("title")
        title = "Hot\u2011Plate\u00a0 TEST"
        rows["articles"] = [(*rows["articles"][0][:at], title, *rows["articles"][0][at + 1 :])]
        assert check_file.folded(rows, [("articles", "title")]) == "hot-plate test"
