"""The query language: what is found, what is reported, and that nothing crashes it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.replay.query import QuerySyntaxError, Term, fold, parse
from pipeline.replay.record import read_entries
from pipeline.replay.search import Findings, Index, Search

# Invented. Their places are their numbers: 0, 1, 2, 3.
KRATOM_TRIAL = """
<PubmedArticle>
  <MedlineCitation Status="MEDLINE" Owner="NLM">
    <PMID Version="1">40000004</PMID>
    <DateCompleted><Year>2024</Year><Month>09</Month><Day>01</Day></DateCompleted>
    <DateRevised><Year>2024</Year><Month>09</Month><Day>02</Day></DateRevised>
    <Article>
      <Journal><ISSN>1234-5678</ISSN><JournalIssue><Volume>12</Volume>
        <PubDate><Year>2024</Year></PubDate></JournalIssue>
        <Title>Annals of invented pharmacology</Title></Journal>
      <ArticleTitle>Leaves of <i>Mitragyna speciosa</i> on the hot-plate test</ArticleTitle>
      <Pagination><MedlinePgn>101-9</MedlinePgn></Pagination>
      <Abstract>
        <AbstractText Label="METHODS">Rats got 7-OH mitragynine, 5 \u00b5g.</AbstractText>
        <AbstractText Label="RESULTS">Analgesia was seen at a hot</AbstractText>
        <AbstractText Label="CONCLUSIONS">Plate latency rose.</AbstractText>
      </Abstract>
      <AuthorList><Author><LastName>O'Tree</LastName><ForeName>Ana Bel</ForeName>
        <Initials>AB</Initials><AffiliationInfo><Affiliation>Garden Institute</Affiliation>
        </AffiliationInfo></Author></AuthorList>
      <Language>mal</Language><Language>eng</Language>
      <PublicationTypeList><PublicationType>Journal Article</PublicationType>
      </PublicationTypeList>
      <VernacularTitle>Daun ketum dan kesakitan</VernacularTitle>
      <ArticleDate><Year>2023</Year><Month>12</Month><Day>15</Day></ArticleDate>
    </Article>
    <MedlineJournalInfo><MedlineTA>Ann Inv Pharm</MedlineTA></MedlineJournalInfo>
    <ChemicalList><Chemical><RegistryNumber>EP479K822J</RegistryNumber>
      <NameOfSubstance>mitragynine</NameOfSubstance></Chemical></ChemicalList>
    <MeshHeadingList>
      <MeshHeading><DescriptorName MajorTopicYN="N">Analgesics, Opioid</DescriptorName>
        <QualifierName MajorTopicYN="Y">pharmacology</QualifierName></MeshHeading>
      <MeshHeading><DescriptorName MajorTopicYN="N">Mitragyna</DescriptorName></MeshHeading>
    </MeshHeadingList>
  </MedlineCitation>
  <PubmedData><History>
    <PubMedPubDate PubStatus="pubmed"><Year>2024</Year><Month>2</Month><Day>10</Day>
    </PubMedPubDate>
    <PubMedPubDate PubStatus="entrez"><Year>2024</Year><Month>2</Month><Day>9</Day>
    </PubMedPubDate>
    <PubMedPubDate PubStatus="medline"><Year>2024</Year><Month>9</Month><Day>3</Day>
    </PubMedPubDate></History>
    <ArticleIdList><ArticleId IdType="doi">10.9999/inv.1</ArticleId></ArticleIdList>
    <ReferenceList><Reference><Citation>Painless rubiaceae.</Citation></Reference>
    </ReferenceList>
  </PubmedData>
</PubmedArticle>"""

PAIN_REVIEW = """
<PubmedArticle>
  <MedlineCitation Status="In-Process" Owner="NLM">
    <PMID Version="1">40000003</PMID>
    <Article>
      <Journal><JournalIssue><PubDate><MedlineDate>2022 Nov-Dec</MedlineDate></PubDate>
      </JournalIssue></Journal>
      <ArticleTitle>Pain relief by plants: a review</ArticleTitle>
      <PublicationTypeList><PublicationType>Review</PublicationType></PublicationTypeList>
    </Article>
    <MeshHeadingList><MeshHeading><DescriptorName MajorTopicYN="Y">Pain</DescriptorName>
    </MeshHeading></MeshHeadingList>
    <KeywordList><Keyword>\u03bc-opioid receptor</Keyword><Keyword>caf\u00e9</Keyword>
    </KeywordList>
  </MedlineCitation>
  <PubmedData><History>
    <PubMedPubDate PubStatus="pubmed"><Year>2022</Year><Month>12</Month><Day>31</Day>
    </PubMedPubDate></History></PubmedData>
</PubmedArticle>"""

BOOK = """
<PubmedBookArticle><BookDocument><PMID Version="1">40000002</PMID>
  <Book><BookTitle>Invented drug pages</BookTitle><PubDate><Year>2006</Year></PubDate></Book>
  <ArticleTitle>Kratom</ArticleTitle><Language>eng</Language>
  <Abstract><AbstractText>Kratom during lactation.</AbstractText></Abstract>
</BookDocument></PubmedBookArticle>"""

SPARSE = """
<PubmedArticle><MedlineCitation Status="Publisher"><PMID Version="1">40000001</PMID>
</MedlineCitation></PubmedArticle>"""

RECORDS = (KRATOM_TRIAL, PAIN_REVIEW, BOOK, SPARSE)
PMIDS = {40000004: 0, 40000003: 1, 40000002: 2, 40000001: 3}
INDEX = Index()
for _record in RECORDS:
    INDEX.add(read_entries(_record.encode()))


def run(query: str) -> Findings:
    def history(key: int) -> set[int]:
        return {0, 1} if key == 1 else set()

    return Search(INDEX, PMIDS, date(2024, 3, 1), history).run(parse(query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # fields
        ('"Mitragyna"[mesh:noexp]', {0}),
        ("mitragyna [MH]", {0}),
        ("Mitragyna speciosa[mh]", set()),
        ("Analgesics, Opioid[Mesh]", {0}),
        ('"analgesics, opioid/pharmacology"[mh]', {0}),
        ("analgesics opioid[majr:noexp]", {0}),
        ("mitragyna[majr]", set()),
        ("pharmacology[sh]", {0}),
        ('"mitragynine"[Supplementary Concept]', {0}),
        ("review[pt] OR journal article[pt]", {0, 1}),
        ("speciosa[ti]", {0}),
        ("lactation[ab]", {2}),
        ("lactation[ti]", set()),
        ("opioid[ti]", set()),
        ("opioid[tw]", {0, 1}),
        ("mu-opioid[tiab]", set()),
        ("\u00b5-opioid[tiab]", {1}),
        ("cafe[tiab]", {1}),
        ("5 \u03bcg[tiab]", {0}),
        ("kesakitan[tw]", set()),
        ("kesakitan[tt]", {0}),
        ("malayalam[la] OR english[la]", {0, 2}),
        ("ann inv pharm[ta]", {0}),
        ("1234-5678[ta]", {0}),
        ("o'tree a[au]", {0}),
        ('"o\'tree a"[au]', set()),
        ("o'tree[au]", {0}),
        ("garden[ad]", {0}),
        ("10.9999/inv.1[doi]", {0}),
        ("rubiaceae", set()),  # words of references are not the record's
        ("invented drug[ti]", {2}),
        ("kratom", {2}),
        # words, phrases, truncation
        ('"hot plate"[tiab]', {0}),
        ("hot-plate[tiab]", {0}),
        ("hot\u2010plate[tiab]", {0}),
        ("hot plat*[tiab]", {0}),
        ('"a hot plate"[ab]', set()),  # a phrase does not run from section to section
        ("7-hydroxymitragynine[tw]", set()),
        ('"7-OH mitragynine"[tw]', {0}),
        ("mitragyn*[tw]", {0}),
        ("analg*[mh]", {0}),
        ("rat*[tw]", set()),  # too short to truncate: the word "rat"
        # operators
        ("pain[tw] AND mitragyn*[tw]", set()),
        ("pain[tw] OR mitragyn*[tw]", {0, 1}),
        ("pain[tw] OR mitragyn*[tw] AND leaves[ti]", {0}),  # from left to right
        ("pain[tw] OR (mitragyn*[tw] AND leaves[ti])", {0, 1}),
        ("all[sb] NOT pubmed books[sb]", {0, 1, 3}),
        ("pain plants", {1}),
        ('"pain" "mitragyna"', set()),
        ("kratom | pain & plants", {1}),
        ("#1 AND pain", {1}),
        ("(#1) NOT pain", {0}),
        # ids and subsets
        ("40000002:40000003[UID]", {1, 2}),
        ("40000001[pmid]", {3}),
        ("40000001 40000004", {0, 3}),
        ("medline[sb]", {0}),
        ("inprocess[sb]", {1}),
        ("hasabstract", {0, 2}),
        # dates
        ("2024[dp]", {0}),
        ("2023/12[pdat]", {0}),
        ("2022/11/01[dp]", {1}),
        ("2022/12[dp]", set()),
        ("2006/01/01[dp]", {2}),
        ("2024/01/01:2024/12/31[edat]", {0}),
        ('"2022/01/01"[Date - Entry] : "3000"[Date - Entry]', {0, 1}),
        ("2022/12/31[EDAT]:2024[EDAT]", {0, 1}),
        ("2024/02/09[crdt]", {0}),
        ("2024/09/03[mhda]", {0}),
        ("2024/09/02[lr]", {0}),
        ('"last 30 days"[edat]', {0}),
        ('"last 10 days"[edat]', set()),
    ],
)
def test_finds(query: str, expected: set[int]) -> None:
    assert run(query).numbers == expected


def test_a_long_nested_query() -> None:
    kratom = (
        '("Mitragyna"[mesh:noexp] OR "mitragynine"[nm] OR mitragyn*[tw] OR '
        '"7-OH mitragynine"[tw] OR (corynantheidin*[tw] AND (opioid*[tw] OR rubiaceae[tw])) '
        "OR ketum[tiab])"
    )
    pain = '("Pain"[mesh:noexp] OR analges*[tiab] OR "hot plate"[tiab])'
    found = run(f"{kratom} AND {pain}")
    assert found.numbers == {0}
    assert found.phrases_not_found == ["corynantheidin*", "rubiaceae", "ketum"]
    assert found.translation.startswith('("mitragyna"[MeSH Terms:noexp] OR "mitragynine"[Suppl')


def test_a_term_without_a_match_is_reported_and_matches_nothing() -> None:
    found = run('zzqqxx[tiab] OR "no such phrase"[tw] OR pain[ti]')
    assert found.numbers == {1}
    assert found.phrases_not_found == ["zzqqxx"]
    assert found.quoted_not_found == ['"no such phrase"[tw]']


def test_an_unknown_field_is_reported_and_matches_nothing() -> None:
    found = run("pain[nosuchfield]")
    assert found.numbers == set()
    assert found.fields_not_found == ["nosuchfield"]


def test_stopwords_and_short_truncations_are_reported() -> None:
    found = run("relief of pain")
    assert (found.numbers, found.phrases_ignored) == ({1}, ["of"])
    assert run("rats*[tw]").phrases_ignored == []
    assert run("rat*[tw]").phrases_ignored == ["rat*"]
    assert run('"pain* relief"[ti]').phrases_ignored == ["pain* relief"]


def test_an_empty_range_or_subset_is_no_error() -> None:
    for query in ("1:9[uid]", "1990:1991[dp]", "oldmedline[sb]"):
        found = run(query)
        assert found.numbers == set()
        assert not found.phrases_not_found


def test_a_malformed_date_is_reported() -> None:
    assert run("soon[edat] OR 2020:[edat]").phrases_not_found == ["soon", "2020:"]


@pytest.mark.parametrize(
    "query",
    ["", "((", "(pain", "pain)", "()", "AND", "pain AND", "NOT pain", "[ti]", "pain[ti][ab]",
     "(pain)[ti]", "2020 :", "pain OR OR relief", "of NOT pain", "(" * 500 + "pain" + ")" * 500],
)  # fmt: skip
def test_what_is_not_well_formed_is_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        run(query)


def test_lower_case_operators_are_words() -> None:
    assert run("pain or kratom").phrases_not_found == ["or"]
    assert run("pain and relief").phrases_ignored == ["and"]


def test_thousands_of_terms_need_no_deep_recursion() -> None:
    assert run(" OR ".join(f"{n}[uid]" for n in range(40000001, 40005001))).numbers == {0, 1, 2, 3}


def test_folding_is_the_same_for_all_hyphens_and_spaces() -> None:
    assert fold("Hot\u2011plate\u00a0TEST") == fold("hot-plate test") == "hot plate test"
    assert fold("mitra\u00adgynine") == "mitragynine"


WORDS = ("pain", "kratom", "speciosa", "relief", "lactation", "zzqqxx")
terms = st.sampled_from(WORDS).map(lambda word: f"{word}[tw]")
trees = st.recursive(
    terms,
    lambda inner: st.lists(
        st.tuples(st.sampled_from(("AND", "OR", "NOT")), inner), min_size=2, max_size=4
    ),
    max_leaves=12,
)
Tree = str | list[tuple[str, "Tree"]]


def written(tree: Tree) -> str:
    """A tree as a query; the first operator of a list is left out."""
    if isinstance(tree, str):
        return tree
    text = ""
    for operator, operand in tree:
        text += f" {operator} {written(operand)}" if text else written(operand)
    return f"({text})"


def naive(tree: Tree, number: int) -> bool:
    """Whether one record matches, by looking at its words."""
    if isinstance(tree, str):
        return f" {tree.removesuffix('[tw]')} " in f" {fold(_words_of(number))} "
    result = naive(tree[0][1], number)
    for operator, operand in tree[1:]:
        right = naive(operand, number)
        if operator == "AND":
            result = result and right
        elif operator == "OR":
            result = result or right
        else:
            result = result and not right
    return result


def _words_of(number: int) -> str:
    words = read_entries(RECORDS[number].encode()).words
    return " | ".join(text for part in ("ti", "ab", "ot", "mh", "pt") for text in words[part])


@given(trees)
def test_boolean_trees_mean_the_same_as_a_naive_reading(tree: Tree) -> None:
    found = run(written(tree))
    assert found.numbers == {number for number in range(len(RECORDS)) if naive(tree, number)}
    # QueryTranslation can be pasted back, as at PubMed.
    assert run(found.translation).numbers == found.numbers


pieces = st.sampled_from(
    ["pain", "hot", "plate", '"', "(", ")", "[", "]", "[tw]", "[dp]", "[uid]", "[xx]", "[au]", "*",
     ":", "#1", "#", "AND", "OR", "NOT", " ", " ", "2020", "2020/01", "-", "&", "|", "of", "\u00b2"]
)  # fmt: skip


@given(st.text() | st.lists(pieces).map("".join))
def test_no_text_crashes_a_search(query: str) -> None:
    try:
        found = run(query)
    except QuerySyntaxError:
        return
    assert found.numbers <= set(range(len(RECORDS)))


@given(st.lists(st.sampled_from(["pain", "relief", "a:b", "x-y", "7", "z]"]), min_size=1))
def test_tagged_words_are_one_phrase_and_lose_nothing(words: list[str]) -> None:
    assert parse(f"{' '.join(words)} [tiab]") == Term(" ".join(words), "tiab")
