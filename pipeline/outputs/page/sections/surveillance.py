"""Reports from routine data, with the caution they need."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import (
    NOT_STATED,
    article,
    folded,
    none_held,
    number,
    opens,
    span,
    table,
    text,
)

TITLE = "Reports from routine data"
SHOWN = 100
CAUTION = (
    "Papers may count the same cases, and the year of publication is not the year of exposure. "
    "Calls, reports, deaths and samples have different denominators: never add them up. A "
    "substance that was found is not thereby the cause."
)


def html(facts: Facts) -> str:
    """A table a search: poison centres, pharmacovigilance, deaths, supply."""
    return f'<p class="caution">{text(CAUTION)}</p>' + "".join(
        folded(search, facts.searches[0], _search(facts, search)) for search in facts.searches
    )


def _search(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT s.pmid, a.title, s.citation, s.sources, s.countries, s.first_data_year,
            s.last_data_year, s.publication_year, s.sample_size, s.may_share_cases,
            (SELECT count(*) FROM ops.search_hits AS h
                WHERE h.search = s.search AND h.left_at IS NULL
                    AND list_contains(s.sharing_pmids, h.pmid)),
            s.counted_as, a.doi_url, count(*) OVER ()
        FROM marts.surveillance_reports AS s JOIN marts.articles AS a USING (pmid)
        WHERE s.search = ?
        ORDER BY s.publication_year DESC NULLS LAST, s.pmid DESC LIMIT ?
        """,
        [search.name, SHOWN],
    ).fetchall()
    if not rows:
        return none_held(search)
    every = rows[0][-1]
    rest = f" Below: the newest {SHOWN}." if every > SHOWN else ""
    count = number(every, search=search.name, counted="all", mark="surveillance")
    return (
        f"<p>{count} {'record' if every == 1 else 'records'}.{_sources(facts, search)}{rest}</p>"
        + table(
            f"{search.label}: reports from routine data",
            (
                "record",
                "source",
                "place",
                "years of the data",
                "published",
                "cases",
                "shares cases",
            ),
            [_row(facts, search, *row[:-1]) for row in rows],
            "studies",
        )
    )


def _sources(facts: Facts, search: Search) -> str:
    rows = facts.con.execute(
        """
        SELECT source, count(*)
        FROM (SELECT unnest(sources) AS source FROM marts.surveillance_reports WHERE search = ?)
        GROUP BY source ORDER BY source
        """,
        [search.name],
    ).fetchall()
    counts = [
        f"{text(facts.label('surveillance_source', source))}: "
        + number(count, search=search.name, counted="all", mark=f"source:{source}")
        for source, count in rows
    ]
    return f" By source, a record in each it names: {', '.join(counts)}." if counts else ""


def _row(
    facts: Facts,
    search: Search,
    pmid: int,
    title: str | None,
    citation: str,
    sources: list[str],
    countries: list[str],
    first: int | None,
    last: int | None,
    published: int | None,
    size: int | None,
    may_share: bool | None,
    sharing: int,
    counted_as: str,
    doi_url: str | None,
) -> list[str]:
    behind = {"search": search.name, "counted": "all", "mark": "surveillance", "text": str(pmid)}

    def told(words: str | None) -> str:
        return opens(words, **behind) if words else NOT_STATED

    kind = "" if counted_as == "record" else f" ({text(counted_as)})"
    return [
        f"{article(title or citation, pmid, doi_url)}{kind}<br><small>{text(citation)}</small>",
        told(", ".join(facts.label("surveillance_source", source) for source in sources)),
        told(", ".join(countries)),
        told(span(first, last)),
        "undated" if published is None else str(published),
        told(None if size is None else f"{size:,}"),
        _shares(search, pmid, may_share, sharing),
    ]


def _shares(search: Search, pmid: int, may_share: bool | None, sharing: int) -> str:
    if may_share is None:
        return text("not known: years not stated")
    if not may_share:
        return text("no other record of its source and years")
    if not sharing:
        return text("perhaps, with records outside this search")
    count = number(sharing, search=search.name, counted="all", mark=f"shares_cases:{pmid}")
    return f"perhaps, with {count} of these records"
