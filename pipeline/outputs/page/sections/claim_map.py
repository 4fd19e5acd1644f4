"""The claim map: claims down, groups of studies across, shaded by how much was looked at.

It counts; it does not judge. Zero, not known and not asked are different words, never only a
different shade.
"""

from __future__ import annotations

from typing import Any

from pipeline.escaping import for_html
from pipeline.outputs import claims
from pipeline.outputs.claims import Group
from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import NOT_KNOWN, folded, held, number, paragraph, text

TITLE = "What was looked at, claim by claim"
NOT_SEARCHED = "not known: no complete search"
STEPS = (1, 2, 5, 10, 30)
"""From how many measured records on a cell has its next darker shade."""


def html(facts: Facts) -> str:
    """A map a search that has claims; nothing without any."""
    if not facts.claim_maps:
        return ""
    first = facts.searches[0]
    maps = [
        folded(search, first, _map(search, facts.claim_maps[search.name]), "Claim map")
        for search in facts.searches
        if search.name in facts.claim_maps
    ]
    return (
        f'<p class="caution">{text(claims.LOOKED_AT)}</p>'
        + paragraph(
            "In each cell the records that measured the claim, then +those that tell of it "
            "otherwise: reported by users, a reason for use, reviewed, mentioned. A record of two "
            "kinds of studies counts in both, so that rows are no sums; the last column has each "
            "once. Summaries stand apart and are never added to the studies they contain."
        )
        + _legend()
        + "".join(maps)
    )


def _legend() -> str:
    ends = [*(f"{step - 1}" for step in STEPS[1:]), ""]
    shades = "".join(
        f'<span class="shade s{i}">{first if str(first) == last else f"{first} to {last}"}</span>'
        if last
        else f'<span class="shade s{i}">{first} or more</span>'
        for i, (first, last) in enumerate(zip(STEPS, ends, strict=True), start=1)
    )
    return (
        f'<p class="legend">Measured by: {shades} <span class="shade s0">0</span> none found by '
        f'the complete search. <span class="shade">{NOT_KNOWN}</span> not known: no complete '
        "search.</p>"
    )


def _map(search: Search, rows: list[dict[str, Any]]) -> str:
    name = f"{search.label}: claims by kind of study"
    groups, absent = claims.groups_across(rows)
    heads = "".join(
        f'<th scope="col"{_apart(group)}>{for_html(group.name)}</th>' for group in groups
    )
    word = "0 of every claim" if search.is_known else "No record held (not: none exists)"
    below = f"<p>{word}: {text('; '.join(absent))}.</p>" if absent else ""
    body = "".join(
        f'<tr><th scope="row"{" class=part" if claim["parent"] else ""}>{_question(claim)}</th>'
        f"{_cells(search, claim, groups)}</tr>"
        for claim in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{for_html(name)}">'
        f'<table class="counts map"><caption>{for_html(name)}</caption>'
        f'<thead><tr><th scope="col">claim, as a question</th>{heads}'
        '<th scope="col" data-apart="yes">records, each once</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{below}"
    )


def _question(claim: dict[str, Any]) -> str:
    return f'<a href="#claim-{for_html(claim["claim"])}">{text(claim["question"])}</a>'


def _cells(search: Search, claim: dict[str, Any], groups: list[Group]) -> str:
    if claim["coverage"] == "none" or (not claim["held_count"] and not search.is_known):
        said = NOT_SEARCHED if claim["coverage"] == "partial" else claim["remark"]
        return f'<td class="remark" colspan="{len(groups) + 1}"><span>{text(said)}</span></td>'
    cells = []
    for group in groups:
        measured, beside = (claim["groups"][group.name][how] for how in ("measured", "beside"))
        behind = {"claim": claim["claim"], "group": group.name}
        told = f" +{number(beside, search=search.name, **behind, how='beside')}" if beside else ""
        is_zero = not measured and search.is_known
        shade = 0 if is_zero else sum(measured >= step for step in STEPS) if measured else ""
        cells.append(
            f'<td class="shade s{shade}"{_apart(group)}>'
            f"{held(measured, search, **behind, how='measured')}{told}</td>"
        )
    return f"{''.join(cells)}<td>{held(claim['held_count'], search, claim=claim['claim'])}</td>"


def _apart(group: Group) -> str:
    return ' data-apart="yes"' if group.is_summary else ""
