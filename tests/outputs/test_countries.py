"""Countries of authors, read from the ends of affiliations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.outputs import marts
from tests.in_memory import SQL, Warehouse

MART = SQL / "marts" / "08_article_countries.sql"


@pytest.fixture
def places(memory: Warehouse) -> Warehouse:
    """The mart alone, over affiliations that tests fill in."""
    memory.con.execute("CREATE SCHEMA IF NOT EXISTS marts")
    memory.con.execute((SQL / "marts" / "07_countries.sql").read_text(encoding="utf-8"))
    return memory


def countries(memory: Warehouse, *authors: list[str]) -> list[tuple[str, bool, int]]:
    """Country, whether the first author's, and authors, of a record with these affiliations."""
    return [row[1:] for row in countries_of(memory, authors)]


def countries_of(
    memory: Warehouse, *records: Sequence[list[str]]
) -> list[tuple[int, str, bool, int]]:
    """The same of several records, numbered from 1; each author has affiliations."""
    for pmid, authors in enumerate(records, 1):
        memory.fill(
            "ops.search_hits", {"pmid": pmid, "search": "kratom", "entered_reason": "appeared"}
        )
        for number, affiliations in enumerate(authors, 1):
            memory.fill("core.authors", {"pmid": pmid, "author_no": number, "list_kind": "author"})
            for place, text in enumerate(affiliations, 1):
                memory.fill(
                    "core.affiliations",
                    {
                        "pmid": pmid, "author_no": number, "affiliation_no": place,
                        "affiliation": text, "identifiers": [],
                    },
                )  # fmt: skip
    marts.note_due(memory.con, is_kept=False)
    memory.con.execute(MART.read_text(encoding="utf-8"))
    return memory.con.execute(
        "SELECT pmid, country, is_first_author, author_count FROM marts.article_countries "
        "ORDER BY ALL"
    ).fetchall()


WRITTEN = (
    ("School of Tea, Leafton, Malaysia.", "Malaysia"),
    (
        "School of Tea, 12345 Leafton, Malaysia. Electronic address: a.leaf@example.org.",
        "Malaysia",
    ),
    ("School of Tea, Leafton, Malaysia; leaf@example.org", "Malaysia"),
    ("School of Tea, Leafton, P.R. China.", "China"),
    ("School of Tea, Leafton, People's Republic of China", "China"),
    ("School of Tea, Leafton, Taiwan, Republic of China.", "Taiwan"),
    ("School of Tea, Leafton, Riverside 11564 Saudi Arabia", "Saudi Arabia"),
    ("School of Tea, Leafton, the Netherlands.", "Netherlands"),
    ("School of Tea, Leafton, Côte d'Ivoire.", "Ivory Coast"),
    ("School of Tea, Leafton, UK (AL).", "United Kingdom"),
    ("School of Tea, Belfast, Northern Ireland", "United Kingdom"),
    ("School of Tea, Leafton, New Mexico", "United States"),
    ("School of Tea, Leafton, MD 20892-1234.", "United States"),
    ("School of Tea, Leafton, CA, USA", "United States"),
    ("School of Tea, Leafton, New South Wales", "Australia"),
    ("School of Tea, Leafton, Thailand, 10330", "Thailand"),
    ("School of Tea, Leafton, Georgia 30322", "United States"),
)


def test_the_last_words_name_the_country(places):
    assert countries_of(places, *([[affiliation]] for affiliation, _ in WRITTEN)) == [
        (pmid, country, True, 1) for pmid, (_, country) in enumerate(WRITTEN, 1)
    ]


def test_what_names_no_country_is_not_guessed(places):
    unsaid = (
        "School of Tea, Leafton.", "Institute of China Studies, Leafton", "School of Tea, Georgia",
        "",
    )  # fmt: skip
    assert countries_of(places, *([[affiliation]] for affiliation in unsaid)) == []


def test_authors_are_counted_and_the_first_one_has_one_country(places):
    first = ["School of Tea, Leafton, Malaysia; Tea Board, Branchton, Japan."]
    assert countries(places, first, ["Tea Shop, Leafton, Malaysia"], ["Tea, Rome, Italy"]) == [
        ("Italy", False, 1), ("Japan", False, 1), ("Malaysia", True, 2),
    ]  # fmt: skip


def test_the_second_author_does_not_stand_in_for_the_first(places):
    assert countries(places, ["School of Tea, Leafton"], ["Tea, Rome, Italy"]) == [
        ("Italy", False, 1)
    ]


def test_no_spelling_stands_for_two_countries(places):
    (twice,) = places.con.execute(
        "SELECT count(*) FROM (SELECT written FROM (SELECT unnest(written_as) AS written "
        "FROM marts.countries) GROUP BY written HAVING count(*) > 1)"
    ).fetchall()[0]
    assert twice == 0


def test_rows_that_are_kept_and_rows_that_are_due_are_those_of_all_made_anew(
    places: Warehouse,
) -> None:
    """Members that stay, are revised, leave, come, and come back without having been touched."""
    con = places.con
    con.execute("CREATE OR REPLACE TABLE marts.domains (search VARCHAR, pmid INTEGER)")
    con.execute("CREATE OR REPLACE TEMP TABLE run_touched (pmid INTEGER)")

    def members(*pmids: int) -> None:
        con.execute("DELETE FROM ops.search_hits")
        for pmid in pmids:
            places.fill(
                "ops.search_hits",
                {"pmid": pmid, "search": "kratom", "entered_reason": "appeared"},
            )

    def works_in(pmid: int, *countries: str) -> None:
        con.execute("DELETE FROM core.authors WHERE pmid = ?", [pmid])
        con.execute("DELETE FROM core.affiliations WHERE pmid = ?", [pmid])
        for number, country in enumerate(countries, 1):
            places.fill("core.authors", {"pmid": pmid, "author_no": number, "list_kind": "author"})
            places.fill(
                "core.affiliations",
                {
                    "pmid": pmid, "author_no": number, "affiliation_no": 1,
                    "affiliation": f"School of Tea, Leafton, {country}", "identifiers": [],
                },
            )  # fmt: skip

    def made(*, is_kept: bool) -> list[tuple[object, ...]]:
        marts.note_due(con, is_kept=is_kept)
        marts._run(con, [MART])
        return con.execute("FROM marts.article_countries").fetchall()

    for pmid in range(1, 8):
        works_in(pmid, "Thailand", "Malaysia")
    members(1, 2, 3, 4, 6)
    assert len(made(is_kept=True)) == 10
    con.execute("INSERT INTO marts.domains SELECT search, pmid FROM ops.search_hits")
    works_in(2, "Japan", "Chile")
    works_in(6, "Wonderland")
    members(1, 2, 3, 5, 6, 7)
    con.execute("INSERT INTO run_touched VALUES (2), (6)")
    kept_up = made(is_kept=True)
    assert con.execute("FROM run_kept ORDER BY 1").fetchall() == [(1,), (3,)]
    assert con.execute("FROM run_due ORDER BY 1").fetchall() == [(2,), (5,), (6,), (7,)]
    assert kept_up == made(is_kept=False)
    assert [row[:2] for row in kept_up if row[0] in (2, 4, 6)] == [(2, "Chile"), (2, "Japan")]
