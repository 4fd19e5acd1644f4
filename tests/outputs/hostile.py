"""One record that is hostile in every field PubMed lets others write, in a live set of two."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from tests.corpus import article

ATTACK = (
    "\u202eturned \x9b31mred\x9f </script></title><img src=x onerror=alert(1)> "
    "[bait](javascript:alert(1)) | cell | `tick` <!-- ]]> &lt;b&gt; "
    "@misc{forged, title = {forged}} { } \\ % # $ ~ ^ _em_ **bold** "
    "www.forged.example https://forged.example ; \"q\" 'q'\n"
    "# forged heading\n- forged item\r\nER  - \r\nTY  - JOUR\nTI  - forged\n\nPMID- 666\n"
    "TI  - forged\n"
    "\u2028forged line\x85forged line"
)
"""Ends elements, lines, cells and entries of every format, and steers terminals."""
DOI = "10.9999/a{b}}c\"d'e<f>g%20h#i&j\\k"
RUNS = ("=cmd|' /C calc'!A1", "\n=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)", "\t=1")
"""What a spreadsheet runs; one of them stands before the attack in fields that begin a cell."""
TITLE = f"{RUNS[0]} Kratom and liver injury in a patient {ATTACK}"
PMID = 4711
PLAIN = article(11, "Kratom in mice", year=2024)
"""A record beside it."""


def _text(word: str) -> str:
    return escape(f"{word} {ATTACK}")


def record() -> str:
    """The record as PubMed XML."""
    attribute = quoteattr(f"Forged {ATTACK}")
    keywords = "".join(
        f"<Keyword MajorTopicYN='N'>{escape(f'{start} {ATTACK}')}</Keyword>" for start in RUNS
    )
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">
<PMID Version="1">{PMID}</PMID><DateRevised><Year>2026</Year><Month>01</Month><Day>05</Day>
</DateRevised><Article PubModel={attribute}><Journal><ISSN IssnType="Print">{_text("issn")}</ISSN>
<JournalIssue CitedMedium="Print"><Volume>{_text("=7")}</Volume><Issue>{_text("-2")}</Issue>
<PubDate><Year>2026</Year></PubDate></JournalIssue><Title>{_text("+Journal")}</Title>
<ISOAbbreviation>{_text("@J")}</ISOAbbreviation></Journal>
<ArticleTitle>{escape(TITLE)}</ArticleTitle>
<Pagination><MedlinePgn>{_text("=1-9")}</MedlinePgn></Pagination>
<ELocationID EIdType="pii" ValidYN="Y">{_text("pii")}</ELocationID>
<Abstract><AbstractText Label={attribute}>
Kratom caused liver injury. {_text("abstract")}</AbstractText>
<CopyrightInformation>{_text("copyright")}</CopyrightInformation></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>{_text("=Leaf")}</LastName>
<ForeName>{_text("Ana and Bo, Jr")}</ForeName><Initials>{_text("A")}</Initials>
<Suffix>{_text("Jr")}</Suffix><Identifier Source="ORCID">{_text("0000-0002-1825-0097")}</Identifier>
<AffiliationInfo><Affiliation>{_text("place")}</Affiliation></AffiliationInfo></Author>
<Author ValidYN="Y"><CollectiveName>{_text("@Group")}</CollectiveName></Author></AuthorList>
<Language>{_text("eng")}</Language><GrantList CompleteYN="Y"><Grant><GrantID>{_text("id")}</GrantID>
<Acronym>{_text("AC")}</Acronym><Agency>{_text("=agency")}</Agency>
<Country>{_text("land")}</Country></Grant></GrantList>
<PublicationTypeList><PublicationType UI="D002363">Case Reports</PublicationType>
<PublicationType UI={attribute}>{_text("=type")}</PublicationType></PublicationTypeList>
<VernacularTitle>{_text("vernacular")}</VernacularTitle></Article>
<MedlineJournalInfo><Country>{_text("land")}</Country><MedlineTA>{_text("=J Tests")}</MedlineTA>
<NlmUniqueID>{_text("900")}</NlmUniqueID></MedlineJournalInfo>
<ChemicalList><Chemical><RegistryNumber>{_text("0")}</RegistryNumber>
<NameOfSubstance UI="C001">{_text("=substance")}</NameOfSubstance></Chemical></ChemicalList>
<CommentsCorrectionsList><CommentsCorrections RefType={attribute}>
<RefSource>{_text("=source")}</RefSource>
</CommentsCorrections><CommentsCorrections RefType="ErratumIn">
<RefSource>{_text("=source")}</RefSource>
</CommentsCorrections></CommentsCorrectionsList>
<MeshHeadingList><MeshHeading>
<DescriptorName UI="D1" MajorTopicYN="N">{_text("=heading")}</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="N">{_text("qualifier")}</QualifierName></MeshHeading>
</MeshHeadingList>
<KeywordList Owner={attribute}>{keywords}</KeywordList>
<CoiStatement>{_text("=interests")}</CoiStatement>
<GeneralNote Owner="NLM">{_text("note")}</GeneralNote></MedlineCitation>
<PubmedData><History><PubMedPubDate PubStatus="entrez"><Year>2026</Year><Month>11</Month><Day>
22</Day>
</PubMedPubDate><PubMedPubDate PubStatus="pubmed"><Year>2026</Year><Month>11</Month><Day>22</Day>
</PubMedPubDate></History><PublicationStatus>{_text("ppublish")}</PublicationStatus><ArticleIdList>
<ArticleId IdType="pubmed">{PMID}</ArticleId><ArticleId IdType="doi">{escape(DOI)}</ArticleId>
<ArticleId IdType="pmc">{_text("PMC7000101")}</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle>"""
