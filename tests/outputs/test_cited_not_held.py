"""marts.cited_not_held: what members cite and their search does not find."""

from __future__ import annotations

import pytest

from tests.corpus import article
from tests.in_memory import Warehouse

HEAD = "search, cited_pmid, citation, held_citing_count, example_citing_pmids, is_held"


def citing(pmid: int, title: str, *references: tuple[int | None, str]) -> str:
    """A record that cites these: (PMID or None, Citation)."""
    listed = "".join(
        f"<Reference><Citation>{citation}</Citation>"
        + (f'<ArticleIdList><ArticleId IdType="pubmed">{cited}</ArticleId></ArticleIdList>'
           if cited else "")
        + "</Reference>"
        for cited, citation in references
    )  # fmt: skip
    return article(pmid, title).replace(
        "</ArticleIdList></PubmedData>",
        f"</ArticleIdList><ReferenceList>{listed}</ReferenceList></PubmedData>",
    )


FOUR = (
    citing(11, "Kratom one", (901, "Beckett 1965"), (902, "Macko 1972"), (None, "A book")),
    citing(12, "Kratom two", (901, "Beckett AH, 1965"), (902, "Macko E, 1972")),
    citing(13, "Kratom three", (902, "Macko E et al., 1972"), (903, "Once only"),
           (903, "Once only, listed twice")),
    article(14, "Kratom four"),
)  # fmt: skip


@pytest.fixture(scope="module")
def held() -> Warehouse:
    """A day with FOUR; not to be changed."""
    memory = Warehouse()
    memory.day(*FOUR)
    return memory


def test_what_two_members_cite_is_listed_most_cited_first(held):
    assert held.ask(f"SELECT {HEAD} FROM marts.cited_not_held") == [
        ("kratom", 902, "Macko E et al., 1972", 3, [13, 12, 11], False),
        ("kratom", 901, "Beckett AH, 1965", 2, [12, 11], False),
    ]
    assert held.ask(
        "SELECT DISTINCT held_with_references_count, held_member_count, reference_share "
        "FROM marts.cited_not_held"
    ) == [(3, 4, 0.75)]


def test_a_member_is_not_missing_and_another_searchs_record_is_held(memory):
    """Record 13 is found by kratom and not by kratom_pain; 11 and 12 by both."""
    memory.day(
        citing(11, "Kratom and pain", (13, "Thirteen"), (12, "Twelve")),
        citing(12, "Kratom for pain", (13, "Thirteen"), (11, "Eleven")),
        article(13, "Kratom alone"),
    )
    assert memory.ask(f"SELECT {HEAD} FROM marts.cited_not_held") == [
        ("kratom_pain", 13, "Thirteen", 2, [12, 11], True)
    ]


def test_only_members_of_now_cite(held):
    memory = Warehouse(held)
    left = FOUR[1].replace("Kratom two", "Something")
    memory.day(FOUR[0], left, *FOUR[2:])
    assert memory.ask(f"SELECT {HEAD} FROM marts.cited_not_held") == [
        ("kratom", 902, "Macko E et al., 1972", 2, [13, 11], False)
    ]


def test_a_reference_without_words_and_the_five_newest(memory):
    memory.day(
        *(citing(n, f"Kratom {n}", (901, "Beckett")) for n in range(11, 17)),
        citing(17, "Kratom last", (901, "")),
    )
    assert memory.ask(f"SELECT {HEAD} FROM marts.cited_not_held") == [
        ("kratom", 901, "Beckett", 7, [17, 16, 15, 14, 13], False)
    ]
