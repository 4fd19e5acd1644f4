"""Animal and laboratory work on pain: which substance, in which animal, by which test."""

from __future__ import annotations

from typing import Any

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import (
    article,
    folded,
    none_held,
    number,
    opens,
    paragraph,
    table,
    text,
)

TITLE = "Animal and laboratory work on pain"
SHOWN = 100
_UNLISTED = {
    "not_kratom": "not kratom",
    "not_stated": "not stated",
    "no_animal": "no animal: laboratory work",
}
_PAIN = {"focus": "title or major heading", "outcome": "results", "mention": "elsewhere only"}
_TIED = {True: "one sentence, or two neighbours", False: "no sentence: side by side"}

_ROWS = """
SELECT p.*, a.title, a.doi_url, count(*) OVER () AS every
FROM marts.preclinical_pain AS p JOIN marts.articles AS a USING (pmid)
WHERE p.search = ?
ORDER BY p.substances = ['not_kratom'],
    list_position(['focus', 'outcome', 'mention'], p.pain_level),
    p.year DESC NULLS LAST, p.pmid, NOT p.is_tied, p.row_no
LIMIT ?
"""


def html(facts: Facts) -> str:
    """A table a search; nothing where no search is on pain in animals."""
    return "".join(
        folded(search, facts.searches[0], _search(facts, search)) for search in facts.searches
    ) + paragraph(
        "Substance, animal and test stand in one row where one sentence of the record, or a "
        "sentence and its neighbour, names them together; its words open with the record. What no "
        "sentence ties stands side by side, and the row does not say what belongs together. Rows "
        "do not add up to records, and show what was looked at, not what was found."
    )


def _search(facts: Facts, search: Search) -> str:
    cursor = facts.con.execute(_ROWS, [search.name, SHOWN])
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if not rows:
        return none_held(search)
    every = rows[0]["every"]
    ((total, concerned),) = facts.con.execute(
        "SELECT count(DISTINCT pmid), count(DISTINCT pmid) FILTER (pain_level <> 'mention') "
        "FROM marts.preclinical_pain WHERE search = ?",
        [search.name],
    ).fetchall()
    records = number(total, search=search.name, mark="preclinical_pain")
    concern = number(concerned, search=search.name, mark="preclinical_pain,concerns_pain")
    rest = f" Below: the first {SHOWN} of {every:,} rows." if every > SHOWN else ""
    return (
        f"<p>{records} {'record' if total == 1 else 'records'}; {concern} with pain in title, "
        f"major heading or results.{rest}</p>"
    ) + table(
        f"{search.label}: animal and laboratory work on pain by substance, animal and test",
        ("substance", "animal", "test", "tied by", "pain named in", "year", "record"),
        [_row(facts, search, row) for row in rows],
    )


def _row(facts: Facts, search: Search, row: dict[str, Any]) -> list[str]:
    behind = {"search": search.name, "mark": f"preclinical_row:{row['pmid']}"}

    def cell(facet: str, values: list[str]) -> str:
        words = ", ".join(_UNLISTED.get(one) or facts.label(facet, one) for one in values)
        return opens(words, **behind) if words else ""

    return [
        cell("substance", row["substances"]),
        cell("species", row["species"]),
        cell("assay", row["assays"]),
        opens(_TIED[row["is_tied"]], **behind),
        text(_PAIN[row["pain_level"]]),
        str(row["year"] or "undated"),
        article(row["title"] or "[no title]", row["pmid"], row["doi_url"]),
    ]
