"""Animal and laboratory work on pain: which substance, in which animal, by which test."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import folded, none_held, number, paragraph, span, table, text

TITLE = "Animal and laboratory work on pain"
SHOWN = 100
_LEVELS = ("focus", "outcome", "mention")
_UNLISTED = {
    "not_kratom": "not kratom",
    "not_stated": "not stated",
    "no_animal": "no animal: laboratory work",
}


def html(facts: Facts) -> str:
    """A table a search; nothing where no search is on pain in animals."""
    return "".join(
        folded(search, facts.searches[0], _search(facts, search)) for search in facts.searches
    ) + paragraph(
        "A record stands in a row for each of its substances, animals and tests: rows do not add "
        "up. Counts show what was looked at, not what was found."
    )


def _search(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT substance, species, assay, sum(record_count)::INTEGER, sum(focus_count)::INTEGER,
            sum(outcome_count)::INTEGER, sum(mention_count)::INTEGER, min(year), max(year),
            count(*) OVER ()
        FROM marts.preclinical_pain WHERE search = ?
        GROUP BY substance, species, assay
        ORDER BY substance = 'not_kratom', sum(record_count) DESC, substance, species, assay
        LIMIT ?
        """,
        [search.name, SHOWN],
    ).fetchall()
    if not rows:
        return none_held(search)
    every = rows[0][-1]
    ((total,),) = facts.con.execute(
        "SELECT count(DISTINCT pmid) FROM "
        "(SELECT unnest(pmids) AS pmid FROM marts.preclinical_pain WHERE search = ?)",
        [search.name],
    ).fetchall()
    records = number(total, search=search.name, mark="preclinical_pain")
    rest = f" Below: the first {SHOWN} of {every:,} rows." if every > SHOWN else ""
    return f"<p>{records} {'record' if total == 1 else 'records'}.{rest}</p>" + table(
        f"{search.label}: animal and laboratory work on pain by substance, animal and test",
        (
            "substance", "animal", "test", "records", "pain in title or major heading",
            "in results", "elsewhere only", "years",
        ),
        [_row(facts, search, *row[:-1]) for row in rows],
        "counts three",
    )  # fmt: skip


def _row(
    facts: Facts,
    search: Search,
    substance: str,
    species: str,
    assay: str,
    count: int,
    focus: int,
    outcome: int,
    mention: int,
    first: int | None,
    last: int | None,
) -> list[str]:
    values = {"substance": substance, "species": species, "assay": assay}
    marks = ",".join(["preclinical_pain", *(f"{name}:{value}" for name, value in values.items())])
    levels = [
        number(how_many, search=search.name, mark=f"{marks},pain:{level}")
        for level, how_many in zip(_LEVELS, (focus, outcome, mention), strict=True)
    ]
    return [
        *(text(_UNLISTED.get(value) or facts.label(name, value)) for name, value in values.items()),
        number(count, search=search.name, mark=marks),
        *levels,
        span(first, last) or "undated",
    ]
