"""Regular lists are read without lxml: the rows must be the same, whatever stands there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.pubmed import records
from pipeline.pubmed.record_context import Context
from pipeline.pubmed.record_regular import take_regular_parts
from pipeline.pubmed.record_tally import Tally
from tests.pubmed.test_records import article, file_of

PLAIN = ["", "Tan", "é ü", "中", "10.1/x", "12", "a &amp; b", "&lt;p&gt;", "&amp;lt;"]
ODD = ["&#945;", "&beta;", "<i>M.</i> s", "]]>", "\t", "\r\n", "\x01", "\ufffe"]
HIDING = ["<!-- x -->", "<![CDATA[<]]>", "<?x?>"]
words = st.sampled_from(PLAIN + ODD + HIDING)
id_types = st.sampled_from(["pubmed", "doi", "pmc", "pii", "odd"])
gaps = st.sampled_from(["", "\n   ", " ", "\t", "x"])


@st.composite
def author(draw: st.DrawFn) -> str:
    gap = draw(gaps)
    parts = [
        f"<{tag}>{draw(words)}</{tag}>"
        for tag in draw(
            st.sampled_from(
                [["LastName"], ["LastName", "ForeName", "Initials", "Suffix"], ["CollectiveName"]]
            )
        )
    ]
    parts += [f'<Identifier Source="ORCID">{draw(words)}</Identifier>'] * draw(st.integers(0, 1))
    for _ in range(draw(st.integers(0, 2))):
        parts.append(f"<AffiliationInfo><Affiliation>{draw(words)}</Affiliation></AffiliationInfo>")
    attributes = draw(
        st.sampled_from(['ValidYN="Y"', 'ValidYN="N" EqualContrib="Y"', "", 'ValidYN="Q"'])
    )
    return f"<Author {attributes}>{gap}{gap.join(parts)}{gap}</Author>"


@st.composite
def reference(draw: st.DrawFn) -> str:
    ids = "".join(
        f'<ArticleId IdType="{draw(id_types)}">{draw(words)}</ArticleId>'
        for _ in range(draw(st.integers(0, 3)))
    )
    ids = f"<ArticleIdList>{ids}</ArticleIdList>" if ids else ""
    return f"{draw(gaps)}<Reference><Citation>{draw(words)}</Citation>{draw(gaps)}{ids}</Reference>"


@st.composite
def whole_article(draw: st.DrawFn) -> str:
    authors = "".join(draw(st.lists(author(), max_size=4)))
    keywords = "".join(
        f'<Keyword MajorTopicYN="N">{word}</Keyword>' for word in draw(st.lists(words, max_size=4))
    )
    references = "".join(draw(st.lists(reference(), max_size=4)))
    month = draw(st.sampled_from(["6", "13", "Jun", "", "<b>1</b>"]))
    status = draw(st.sampled_from(["pubmed", "odd"]))
    event = f'<PubMedPubDate PubStatus="{status}"><Year>2020</Year><Month>{month}</Month>'
    event += "<Day>3</Day></PubMedPubDate>"
    title = draw(st.sampled_from(["", "<Title>R &amp; D</Title>"]))
    return article(
        f'<AuthorList CompleteYN="{draw(st.sampled_from("YNQ"))}">{authors}</AuthorList>',
        after=f'<KeywordList Owner="NOTNLM">{keywords}</KeywordList>',
        data=f"<History>{event}{draw(gaps)}</History><ReferenceList>{title}{references}</ReferenceList>",
    )


@given(st.lists(whole_article(), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_both_ways_give_the_same(articles: list[str]) -> None:
    data = file_of(*articles)
    found = []
    for short_cuts in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "SHORT_CUTS", short_cuts)
            found.append([(b.tables, b.tally, b.unreadable) for b in records.read_batches(data)])
    assert found[0] == found[1]


def test_regular_lists_are_indeed_read_here() -> None:
    """Without this, the short cut could fail always and nobody would see."""
    author = '<Author ValidYN="Y"><LastName>A</LastName></Author>'
    event = '<PubMedPubDate PubStatus="pubmed"><Year>2020</Year><Month>1</Month><Day>3</Day>'
    raw = article(
        f'<AuthorList CompleteYN="Y">{author}</AuthorList>',
        after='<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">k</Keyword></KeywordList>',
        data=f"<History>{event}</PubMedPubDate></History>"
        "<ReferenceList><Reference><Citation>c</Citation></Reference></ReferenceList>",
    ).strip()
    context = Context(Tally())
    context.begin(1)
    rest = take_regular_parts(context, raw.encode())
    assert all(name not in rest for name in (b"Author", b"Keyword", b"History", b"Reference"))
    assert {table for table, rows in context.tables.items() if rows} == {
        "authors", "keywords", "history_dates", "cited_references"
    }  # fmt: skip
