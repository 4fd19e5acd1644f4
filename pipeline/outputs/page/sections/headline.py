"""The numbers one asks for first, search by search, with their date."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import held, paragraph, table, text

TITLE = "In numbers"


def html(facts: Facts) -> str:
    """One row a search; records and what is counted apart add up to its members."""
    rows = [_row(search) for search in facts.searches]
    header = (
        "search", "records", "concern pain", "retracted", "preprints", "notices", "all members",
        "unclassified", "undated", "years",
    )  # fmt: skip
    body = table(f"Records by search, as of {facts.as_of_date}", header, rows, "counts")
    if incomplete := "; ".join(search.label for search in facts.searches if not search.is_known):
        body += paragraph(
            "Without a complete search, numbers here and below are of what is held, and a dot is "
            f"not known: {incomplete}."
        )
    return body + paragraph(
        "Never add up searches: a record may be in several. Retracted articles, preprints and "
        "notices (errata and the like) are counted apart; with the records they make all "
        "members. Records that concern pain name it in title, major heading, results or "
        "conclusions; the other members only mention it, or PubMed finds them by other words."
    )


def _row(search: Search) -> list[str]:
    years = "" if search.first_year is None else f"{search.first_year} to {search.last_year}"
    return [
        text(search.label),
        held(search.records, search),
        held(search.on_pain, search, mark="concerns_pain"),
        held(search.retracted, search, counted="retracted"),
        held(search.preprints, search, counted="preprint"),
        held(search.notices, search, counted="notice"),
        held(search.members, search, counted="all"),
        held(search.unclassified, search, counted="all", type="OTHER"),
        held(search.undated, search, counted="all", years="undated"),
        years,
    ]
