"""The numbers one asks for first, search by search, with their date."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import number, paragraph, table, text

TITLE = "In numbers"


def html(facts: Facts) -> str:
    """One row a search; the four counts of a row add up to its members."""
    rows = [_row(search) for search in facts.searches]
    header = (
        "search", "records", "retracted", "preprints", "notices", "all members", "unclassified",
        "undated", "years",
    )  # fmt: skip
    return table(
        f"Records by search, as of {facts.as_of_date}", header, rows, "counts"
    ) + paragraph(
        "Never add up searches: a record may be in several. Retracted articles, preprints and "
        "notices (errata and the like) are counted apart; with the records they make all members."
    )


def _row(search: Search) -> list[str]:
    name = search.name
    years = "" if search.first_year is None else f"{search.first_year} to {search.last_year}"
    return [
        text(search.label),
        number(search.known(search.records), search=name),
        number(search.known(search.retracted), search=name, counted="retracted"),
        number(search.known(search.preprints), search=name, counted="preprint"),
        number(search.known(search.notices), search=name, counted="notice"),
        number(search.members, search=name, counted="all"),
        number(search.unclassified, search=name, counted="all", type="OTHER"),
        number(search.undated, search=name, counted="all", years="undated"),
        years,
    ]
