"""The claim map: claims down, evidence domains across, shaded by how much was looked at.

It counts; it does not judge. Zero, not known and not asked are different words, never only a
different shade.
"""

from __future__ import annotations

from typing import Any

from pipeline.escaping import for_html
from pipeline.outputs import claims
from pipeline.outputs.page.facts import Facts, Search
from pipeline.outputs.page.markup import NOT_KNOWN, folded, number, paragraph, text

TITLE = "What was looked at, claim by claim"
APART = "synthesis"
"""Summaries stand last and apart: they tell of studies that may stand before them."""
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
            "otherwise: reported by users, a reason for use, reviewed, mentioned. A record in two "
            "kinds of evidence counts in both, so that rows are no sums; the last column has each "
            "once. Summaries are never added to the studies they contain."
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
    name = f"{search.label}: claims by kind of evidence"
    every = next(claim["domains"] for claim in rows if claim["domains"])
    domains = [*(domain for domain in every if domain != APART), APART]
    heads = "".join(
        f'<th scope="col"{_apart(domain)}>{for_html(domain)}</th>'
        for domain in (*domains, "records, each once")
    )
    body = "".join(
        f'<tr><th scope="row"{" class=part" if claim["parent"] else ""}>{_question(claim)}</th>'
        f"{_cells(search, claim, domains)}</tr>"
        for claim in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{for_html(name)}">'
        f'<table class="counts map"><caption>{for_html(name)}</caption>'
        f'<thead><tr><th scope="col">claim, as a question</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _question(claim: dict[str, Any]) -> str:
    return f'<a href="#claim-{for_html(claim["claim"])}">{text(claim["question"])}</a>'


def _cells(search: Search, claim: dict[str, Any], domains: list[str]) -> str:
    is_empty = not claim["record_count"]
    if claim["coverage"] == "none" or (is_empty and claim["coverage"] != "complete"):
        said = NOT_SEARCHED if claim["coverage"] == "partial" else claim["remark"]
        return f'<td class="remark" colspan="{len(domains) + 1}"><span>{text(said)}</span></td>'
    cells = []
    for domain in domains:
        measured, beside = (claim["domains"][domain][how] for how in ("measured", "beside"))
        behind = {"search": search.name, "claim": claim["claim"], "domain": domain}
        told = f" +{number(beside, **behind, how='beside')}" if beside else ""
        shade = 0 if measured == 0 else sum(measured >= step for step in STEPS) if measured else ""
        cells.append(
            f'<td class="shade s{shade}"{_apart(domain)}>'
            f"{number(measured, **behind, how='measured')}{told}</td>"
        )
    total = number(claim["record_count"], search=search.name, claim=claim["claim"])
    return f"{''.join(cells)}<td>{total}</td>"


def _apart(domain: str) -> str:
    return ' data-apart="yes"' if domain in (APART, "records, each once") else ""
