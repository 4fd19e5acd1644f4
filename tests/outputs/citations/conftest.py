"""A published set of records that are hard on reference formats, each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.outputs import query
from pipeline.outputs.citations import citation, selection
from pipeline.outputs.citations.citation import Citation
from pipeline.outputs.citations.selection import Selection
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, made_once, the_database_alone
from tests.corpus import article, write

PREPRINT = ("D000076942", "Preprint")
JOURNAL_ARTICLE = ("D016428", "Journal Article")
CANARY = "Leavesong"
"""A word that stands in abstracts only."""
HARD_TITLE = (
    "Mitragyna speciosa (kratom) at the \u03bc-opioid receptor: CO2, {50%} of_pain & \\mice, "
    'p < 0.05, ~10 $ ^2 "#1"'
)
OLD_WILEY_DOI = "10.1002/(SICI)1097-0000(199901)1:2<3::AID-KT4>3.0.CO;2-#"
GROUP = "Kratom Study Group, Pain Section; and Friends"

AUTHORS_OF_101 = f"""
<Author ValidYN="Y"><LastName>Leaf</LastName><ForeName>Ana B</ForeName><Initials>AB</Initials>
<Suffix>Jr</Suffix><Identifier Source="ORCID">0000-0002-1825-0097</Identifier>
<AffiliationInfo><Affiliation>School of Tea, 12345 Leafton, Malaysia. ana@example.org</Affiliation>
</AffiliationInfo></Author>
<Author ValidYN="N"><LastName>Leef</LastName><ForeName>Ana</ForeName><Initials>A</Initials></Author>
<Author ValidYN="Y"><LastName>Müller-Źdan</LastName><ForeName>Øyvind</ForeName></Author>
<Author ValidYN="Y"><CollectiveName>{GROUP}</CollectiveName></Author>"""
MARKED_UP_TITLE = (
    "<i>Mitragyna speciosa</i> (kratom) at the \u03bc-opioid receptor: CO<sub>2</sub>, "
    '{50%} of_pain &amp; \\mice, p &lt; 0.05, ~10 $ ^2 "#1"'
)
SECTIONS = f"""<AbstractText Label="METHODS">Ten mice drank tea. {CANARY}.</AbstractText>
<AbstractText Label="RESULTS">TY  - is no tag here; 3 = 3.</AbstractText>"""

BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">107</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK107</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>Tea Press</PublisherName>
<PublisherLocation>Leafton (KT)</PublisherLocation></Publisher>
<BookTitle book="tea">Teas of the World</BookTitle><PubDate><Year>2021</Year></PubDate>
<AuthorList Type="editors" CompleteYN="Y"><Author><LastName>Edit</LastName>
<ForeName>Ed</ForeName><Initials>E</Initials></Author></AuthorList>
<Isbn>9780000000002</Isbn></Book>
<ArticleTitle book="tea" part="kratom">Kratom tea</ArticleTitle><Language>eng</Language>
<AuthorList Type="authors" CompleteYN="Y"><Author><LastName>Writ</LastName>
<ForeName>Wren</ForeName><Initials>W</Initials></Author></AuthorList>
<PublicationType UI="D016454">Review</PublicationType></BookDocument>
<PubmedBookData><PublicationStatus>ppublish</PublicationStatus><ArticleIdList>
<ArticleId IdType="pubmed">107</ArticleId></ArticleIdList></PubmedBookData></PubmedBookArticle>"""

LIST = """pmid,doi,year,title
,10.9999/Listed.1,2022,Kratom known by its DOI
108,,1999,"Kratom and pain, long ago"
"""


def _with_authors(record: str, authors: str) -> str:
    start, rest = record.split('<AuthorList CompleteYN="Y">')
    return (
        f'{start}<AuthorList CompleteYN="Y">{authors}</AuthorList>{rest.split("</AuthorList>")[1]}'
    )


def _records() -> Sequence[str]:
    escaped = OLD_WILEY_DOI.replace("<", "&lt;").replace(">", "&gt;")
    first = article(
        101, MARKED_UP_TITLE, year=2024, doi=escaped, abstract="TO BE REPLACED",
        mesh=(("D051379", "Mice"), ("D023421", "Models, Animal")),
    )  # fmt: skip
    first = _with_authors(first, AUTHORS_OF_101)
    first = first.replace("<AbstractText>TO BE REPLACED</AbstractText>", SECTIONS)
    first = first.replace("<Year>2024</Year>", "<Year>2024</Year><Month>Jul</Month><Day>5</Day>")
    first = first.replace("<MedlinePgn>1-9<", "<MedlinePgn>368-9<").replace(
        "</MeshHeadingList>",
        "</MeshHeadingList><KeywordList Owner='NOTNLM'><Keyword>tea; leaves</Keyword>"
        "<Keyword>mice</Keyword></KeywordList>",
    )
    first = first.replace(
        "</ArticleIdList></PubmedData>",
        '<ArticleId IdType="pmc">PMC7000101</ArticleId></ArticleIdList></PubmedData>',
    )
    crowd = "".join(
        f'<Author ValidYN="Y"><LastName>Author{n}</LastName><ForeName>F{n}</ForeName>'
        "<Initials>F</Initials></Author>"
        for n in range(600)
    )
    return (
        first,
        _with_authors(
            article(
                102, "Kratom against pain: a randomized trial", year=2023,
                types=(JOURNAL_ARTICLE, ("D016449", "Randomized Controlled Trial")),
                abstract=f"We gave tea, and pain intensity fell. {CANARY}. NCT01234567.",
                doi="10.9999/trial",
            ),
            crowd,
        ),
        article(
            103, "Kratom in a patient: a case report", year=2023,
            types=(("D002363", "Case Reports"), ("D016441", "Retracted Publication")),
            links=(("RetractionIn", "J Tests. 2025;9:1", 99),),
        ),
        article(104, "Kratom, early", year=2025, types=(JOURNAL_ARTICLE, PREPRINT)),
        article(105, "Kratom online", year=None, electronic=2025),
        article(106, "=1+1 cups of kratom", year="2020 Jul-Sep"),
        BOOK,
        article(109, "[Kratom bei Schmerz.]", year=None),
        article(110, "", year=1998, abstract="Words on kratom without a title."),
    )  # fmt: skip


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the published set."""

    def make(base: Path) -> None:
        listed = base / "listed.csv"
        listed.write_text(LIST, encoding="utf-8")
        path = write(base / "records.xml", *_records())
        with the_database_alone("marts"):
            run_update(
                Options(from_files=(path, listed)), Settings(data=base / "data"), FakeClock()
            )

    return Settings(data=made_once(tmp_path_factory, "citations", make) / "data")


@pytest.fixture(scope="session")
def citations(held: Settings) -> dict[int | None, Citation]:
    """The records by PMID; the one known only by its DOI under None."""
    with query.open_published(held) as con:
        found = citation.read(con, selection.matching(con, Selection("kratom")))
    return {record.pmid: record for record in found}
