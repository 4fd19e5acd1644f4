"""Experiments on people: how many, and which. The question most readers come with."""

from __future__ import annotations

from typing import Any

from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import (
    NOT_STATED,
    article,
    folded,
    held,
    number,
    opens,
    paragraph,
    span,
    studies,
    table,
    text,
)

TITLE = "Experiments on people"
SHOWN = 50

_STUDIES = """
SELECT h.*, (
    SELECT list({'pmid': a.pmid, 'title': a.title, 'citation': a.citation, 'doi': a.doi_url}
        ORDER BY a.year, a.pmid)
    FROM marts.articles AS a WHERE list_contains(h.report_pmids, a.pmid)
) AS reports, (
    SELECT list({'is_tied': d.is_tied, 'substances': d.substances, 'doses': d.doses,
        'purposes': d.purposes} ORDER BY d.pmid, NOT d.is_tied, d.row_no)
    FROM marts.human_experimental_doses AS d
    WHERE d.search = h.search AND d.study_group = h.study_group
        AND list_contains(h.report_pmids, d.pmid)
) AS given
FROM marts.human_experimental AS h
WHERE h.search = ? AND h.report_count > 0 AND h.is_on_topic
ORDER BY NOT h.is_pain_measured, h.last_year DESC NULLS LAST, h.study_group
LIMIT ?
"""


def html(facts: Facts) -> str:
    """A table a search, one row a study, those that measured pain first."""
    totals = {
        row[0]: row[1:]
        for row in facts.con.execute(
            "SELECT search, held_count, held_group_count, held_pain_group_count, "
            "held_mention_group_count "
            "FROM marts.human_experimental_totals"
        ).fetchall()
    }
    return "".join(
        folded(search, facts.searches[0], _search(facts, search, *totals[search.name]), "Studies")
        for search in facts.searches
    ) + paragraph(
        "By the rules; each row says how many of its records a person has checked. A study is "
        "what shares a registration, or what PubMed links as one; else a record by itself. Found "
        "by NLM's tags and the words of the records: an experiment whose record does not say so "
        "is missing here, and so is one whose record is first of all something else, as a survey. "
        "marts.possible_human_experimental is the wider net. A dose stands with a substance and a "
        "purpose where one sentence, or two neighbours, name them together; else it is marked as "
        "not tied."
    )


def _search(facts: Facts, search: Search, reports: int, groups: int, pain: int, told: int) -> str:
    name = search.name
    if not reports and not told and not search.is_known:
        return paragraph(
            "Not known: no experiment on people is held here, and no complete search was made."
        )
    mention = ""
    if told:
        links = studies(told, search=name, mark=f"experiment_mention:{name}")
        mention = f" Not below: {links} more that only mention kratom."
    rest = f" Below: the first {SHOWN} of {groups:,}." if groups > SHOWN else ""
    counts = (
        f"<p>{studies(groups, search=name, mark=f'experiment:{name}')} "
        f"{'study' if groups == 1 else 'studies'} in "
        f"{held(reports, search, mark=f'experiment:{name}')} "
        f"{'record' if reports == 1 else 'records'}; "
        f"{studies(pain, search=name, mark=f'experiment_pain:{name}')} measured pain.{mention}"
        f"{rest}</p>"
    )
    cursor = facts.con.execute(_STUDIES, [name, SHOWN])
    names = [column[0] for column in cursor.description or []]
    rows = [_row(facts, search, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    if not rows:
        return counts
    header = (
        "study", "years", "measured", "people", "substance", "dose", "test", "country", "records",
    )  # fmt: skip
    return counts + table(f"{search.label}: experiments on people", header, rows, "studies")


def _row(facts: Facts, search: Search, study: dict[str, Any]) -> list[str]:
    behind = {"search": search.name, "mark": f"study:{study['study_group']}"}

    def told(facet: str, values: list[str]) -> str:
        words = ", ".join(facts.label(facet, value) for value in values)
        return opens(words, **behind) if words else NOT_STATED

    reports = "".join(
        f"<div>{article(one['title'] or '[no title]', one['pmid'], one['doi'])}"
        f"<br><small>{text(one['citation'])}</small></div>"
        for one in study["reports"]
    )
    registrations = ", ".join(study["registrations"])
    size = study["sample_size"]
    return [
        reports + (f"<small>{opens(registrations, **behind)}</small>" if registrations else ""),
        span(study["first_year"], study["last_year"]) or "undated",
        told("trial_purpose", study["purposes"]),
        told("trial_population", study["populations"])
        + (f"; {opens(f'{size:,}', **behind)} people" if size else ""),
        told("substance", study["substances"]),
        _doses(facts, study["given"] or [], behind),
        told("assay", study["outcomes"]),
        told("study_country", study["countries"]),
        _records(search, study),
    ]


def _doses(facts: Facts, given: list[dict[str, Any]], behind: dict[str, str]) -> str:
    """Doses, with the substance and purpose a sentence ties to each; without, side by side."""
    cells = []
    for row in given:
        if row["doses"] and row["is_tied"]:
            tied = [facts.label("substance", one) for one in row["substances"]]
            tied += [facts.label("trial_purpose", one) for one in row["purposes"]]
            cells.append(opens(f"{', '.join(row['doses'])}: {', '.join(tied)}", **behind))
        elif row["doses"]:
            cells.append(opens(", ".join(row["doses"]), **behind) + " (not tied)")
    return "<br>".join(cells) or NOT_STATED


def _records(search: Search, study: dict[str, Any]) -> str:
    group = f"study:{study['study_group']}"
    reports = number(study["report_count"], search=search.name, mark=f"report,{group}")
    checked = len(study["checked_pmids"])
    reports += "; checked" if checked == study["report_count"] else f"; {checked} checked"
    others = len(study["other_pmids"])
    if not others:
        return reports
    count = number(others, search=search.name, counted="all", mark=f"not_report,{group}")
    return f"{reports}; {count} retracted or preprint"
