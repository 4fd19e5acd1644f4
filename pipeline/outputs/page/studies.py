"""Which studies there are: in people (the answer, those on pain, all), animals, cells, data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from pipeline.escaping import for_html
from pipeline.evidence.facets import NOT_STATED
from pipeline.outputs.page.dated import DAY
from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.rows import named_rows
from pipeline.outputs.wording import Answer, answers, day, not_given, sentence

# -- Trials and human laboratory studies
#
# The answer, those that measured pain, then all of them.

SHOWN = 50
NAMED = 6
"""Studies that the first screen names; the number beside them opens all."""

_PAIN = {
    "provoked": "provoked in volunteers",
    "patients": "of patients",
    "unclear": "measured; of whom is unclear",
}
_SPLIT = "\x1f"
_ROWS = """
SELECT h.*, (
    SELECT list({'pmid': a.pmid, 'title': a.title, 'citation': a.citation, 'doi': a.doi_url,
        'author': a.first_author, 'year': a.year,
        'is_stated': c.coi_statement IS NOT NULL, 'agencies': (
            SELECT list(DISTINCT g.agency ORDER BY g.agency) FROM core.grants AS g
            WHERE g.pmid = a.pmid AND g.agency IS NOT NULL)}
        ORDER BY a.year, a.pmid)
    FROM marts.articles AS a JOIN core.articles AS c USING (pmid)
    WHERE list_contains(h.report_pmids, a.pmid)
) AS reports, (
    SELECT list({'is_tied': d.is_tied, 'substances': d.substances, 'doses': d.doses,
        'purposes': d.purposes} ORDER BY d.pmid, NOT d.is_tied, d.row_no)
    FROM marts.human_experimental_doses AS d
    WHERE d.search = h.search AND d.study_group = h.study_group
        AND list_contains(h.report_pmids, d.pmid) AND len(d.doses) > 0
) AS given, (
    SELECT list(DISTINCT f.value ORDER BY f.value) FROM evidence.article_facets AS f
    WHERE f.facet = 'comparator' AND f.value <> 'not_stated'
        AND list_contains(h.report_pmids, f.pmid)
) AS comparators, (
    SELECT bool_or(a.has_abstract) FROM marts.articles AS a
    WHERE list_contains(h.report_pmids, a.pmid)
) AS has_abstract
FROM marts.human_experimental AS h
WHERE h.search = ? AND h.report_count > 0 AND h.is_on_topic
ORDER BY NOT h.is_pain_measured, NOT h.is_pain_checked, h.last_year DESC NULLS LAST, h.study_group
LIMIT ?
"""


@dataclass(frozen=True)
class Piece:
    """A part of the answer: words, or a number with the records it opens.

    Attributes:
        words: the words, or the number as text.
        count: the number; None for words.
        selection: what its records have in common, as the address names it.
        is_of_studies: whether it counts studies, which may have several records.
    """

    words: str
    count: int | None = None
    selection: Mapping[str, str] = field(default_factory=dict)
    is_of_studies: bool = False


def answer(facts: Facts, search: Search) -> dict[str, Any]:
    """The sentence at the top, cut where a number opens its records, and who was asked."""
    found = next(one for one in answers(facts.con) if one.search == search.name)
    return {"pieces": _pieces(found), "source": found.source}


def _pieces(found: Answer) -> list[Piece]:
    numbers: list[Piece] = []

    def number(name: str, count: int) -> str:
        if name in ("listed", "held"):
            selection = {"search": found.search, "counted": "all"}
            # what PubMed lists and is not here has no record to open
            is_here = name == "held" or count == found.held
            numbers.append(Piece(f"{count:,}", count if is_here else None, selection))
        else:
            selection = {"search": found.search, "mark": f"answer_{name}:{found.search}"}
            numbers.append(Piece(f"{count:,}", count, selection, is_of_studies=True))
        return _SPLIT

    words = sentence(found, number).split(_SPLIT)
    lead = for_html(words[0]).replace(day(found.as_of_date), DAY)
    pieces = [Piece(Markup(lead))]
    for one, after in zip(numbers, words[1:], strict=True):
        pieces += [one, Piece(after)]
    return pieces


def people(facts: Facts, search: Search) -> dict[str, Any]:
    """The counts of a search, and a row a study, those that measured pain first."""
    row = facts.con.execute(
        "SELECT held_count, held_group_count, held_pain_group_count, held_mention_group_count "
        "FROM marts.human_experimental_totals WHERE search = ?",
        [search.name],
    ).fetchone()
    assert row is not None
    records, studies, pain, mention = row
    rows = [_study(facts, row) for row in named_rows(facts.con, _ROWS, search.name, SHOWN)]
    return {
        "records": records,
        "studies": studies,
        "pain": pain,
        "mention": mention,
        "rows": rows,
        "named": [row for row in rows if row["is_pain_measured"]][:NAMED],
        "shown": SHOWN,
        "has_comparators": any(row["comparators"] for row in rows),
    }


def _study(facts: Facts, study: dict[str, Any]) -> dict[str, Any]:
    def said(facet: str, values: list[str]) -> str:
        return ", ".join(facts.label(facet, value) for value in values)

    reports = study["reports"]
    people = said("trial_population", study["populations"])
    size = study["sample_size"]
    comparators = said("comparator", study["comparators"] or [])
    doses = [dose for given in study["given"] or [] for dose in given["doses"]]
    agencies = [agency for one in reports for agency in one["agencies"] or []]
    shown = {
        "People": _how_many(size, people, len(study["populations"])),
        "Dose": _by_amount(doses),
        "Compared with": comparators,
        "Pain": _PAIN.get(study["pain_kind"] or "", "measured"),
        "Funding": "; ".join(dict.fromkeys(agencies)),
        "Conflicts": "statement in the record" * any(one["is_stated"] for one in reports),
    }
    return {
        **study,
        "mark": f"group:{study['study_group']}",
        "measured": said("trial_purpose", study["purposes"]),
        "people": people,
        "what": said("substance", study["substances"]),
        "tests": said("assay", study["outcomes"]),
        "places": said("study_country", study["countries"]),
        "comparators": comparators,
        "doses": [_dose(facts, given) for given in study["given"] or []],
        "stated": [(name, words) for name, words in shown.items() if words],
        "not_stated": [name for name, words in shown.items() if not words],
        "checked": len(study["checked_pmids"]),
        "others": len(study["other_pmids"]),
    }


def _how_many(size: int | None, people: str, populations: int) -> str:
    """Who took part: "15 healthy people"; the number is of all of them together."""
    if size and populations == 1:
        return f"{size:,} {people[:1].lower()}{people[1:]}"
    return f"{size:,} people: {people}" if size and people else f"{size:,}" if size else people


def _by_amount(doses: Iterable[str]) -> str:
    """Doses such as "5 mg leaf", once each, by what was given: "5, 10 mg leaf"."""
    amounts: dict[str, set[str]] = {}
    for dose in doses:
        amount, _, what = dose.partition(" ")
        amounts.setdefault(what, set()).add(amount)

    def size(amount: str) -> tuple[float, float]:
        least, _, most = amount.partition("-")
        return float(least), float(most or least)

    return ", ".join(
        f"{', '.join(sorted(amounts[what], key=size))} {what}" for what in sorted(amounts)
    )


def _dose(facts: Facts, given: dict[str, Any]) -> str:
    """A dose, with the substance and purpose a sentence ties to it; without, side by side."""
    doses = _by_amount(given["doses"])
    if not given["is_tied"]:
        return f"{doses} (not tied)"
    tied = [facts.label("substance", one) for one in given["substances"]]
    tied += [facts.label("trial_purpose", one) for one in given["purposes"]]
    return f"{doses}: {', '.join(tied)}"


# -- Animals, cells and routine data: what was tested, in what, and where the cases come from

TESTS_SHOWN = 100
_UNLISTED = {"not_kratom": "not kratom", "no_animal": "no animal: laboratory work"}
_PAIN_MODELS = {
    "focus": "title or major heading",
    "outcome": "results",
    "mention": "elsewhere only",
}

_PRECLINICAL = """
SELECT p.*, a.title, a.doi_url, a.has_abstract, count(*) OVER () AS every
FROM marts.preclinical_pain AS p JOIN marts.articles AS a USING (pmid)
WHERE p.search = ?
ORDER BY p.substances = ['not_kratom'],
    list_position(['focus', 'outcome', 'mention'], p.pain_level),
    p.year DESC NULLS LAST, p.pmid, NOT p.is_tied, p.row_no
LIMIT ?
"""
_SURVEILLANCE = """
WITH shown AS (
    SELECT s.*, a.title, a.doi_url, a.has_abstract, count(*) OVER () AS every
    FROM marts.surveillance_reports AS s JOIN marts.articles AS a USING (pmid)
    WHERE s.search = ?
    ORDER BY s.publication_year DESC NULLS LAST, s.pmid DESC LIMIT ?
),

shared AS (
    SELECT o.pmid, count(*) AS sharing
    FROM (SELECT search, pmid, unnest(sharing_pmids) AS other FROM shown) AS o
    JOIN ops.search_hits AS h ON o.search = h.search AND o.other = h.pmid AND h.left_at IS NULL
    GROUP BY o.pmid
)

SELECT s.*, coalesce(o.sharing, 0) AS sharing
FROM shown AS s LEFT JOIN shared AS o USING (pmid)
ORDER BY s.publication_year DESC NULLS LAST, s.pmid DESC
"""


def preclinical(facts: Facts, search: Search) -> dict[str, Any]:
    """Which substance, in which animal, by which test of pain."""
    rows = named_rows(facts.con, _PRECLINICAL, search.name, TESTS_SHOWN)
    ((total, concerned),) = facts.con.execute(
        "SELECT count(DISTINCT pmid), count(DISTINCT pmid) FILTER (pain_level <> 'mention') "
        "FROM marts.preclinical_pain WHERE search = ?",
        [search.name],
    ).fetchall()

    def said(facet: str, row: dict[str, Any], column: str) -> str:
        words = _UNLISTED | {NOT_STATED: not_given(row["has_abstract"])}
        return ", ".join(words.get(one) or facts.label(facet, one) for one in row[column])

    for row in rows:
        row["what"] = said("substance", row, "substances")
        row["animals"] = said("species", row, "species")
        row["tests"] = said("assay", row, "assays")
        row["place"] = _PAIN_MODELS[row["pain_level"]]
    every = rows[0]["every"] if rows else 0
    return {
        "rows": rows,
        "records": total,
        "concerned": concerned,
        "every": every,
        "shown": TESTS_SHOWN,
    }


def surveillance(facts: Facts, search: Search) -> dict[str, Any]:
    """Poison centres, pharmacovigilance, deaths, supply; and which reports may share cases."""
    rows = named_rows(facts.con, _SURVEILLANCE, search.name, TESTS_SHOWN)
    for row in rows:
        row["what"] = ", ".join(facts.label("surveillance_source", one) for one in row["sources"])
    sources = facts.con.execute(
        """
        SELECT source, count(*)
        FROM (SELECT unnest(sources) AS source FROM marts.surveillance_reports WHERE search = ?)
        GROUP BY source ORDER BY source
        """,
        [search.name],
    ).fetchall()
    return {
        "rows": rows,
        "every": rows[0]["every"] if rows else 0,
        "shown": TESTS_SHOWN,
        "sources": [
            {"code": code, "label": facts.label("surveillance_source", code), "count": count}
            for code, count in sources
        ],
    }
