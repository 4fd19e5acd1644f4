"""The article card: what a popular article says, and what was looked at, claim by claim."""

from __future__ import annotations

from typing import Any

from pipeline.escaping import for_html
from pipeline.identifiers import doi_url
from pipeline.outputs import claims
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import article, number, paragraph, text
from pipeline.outputs.page.sections.claim_map import NOT_SEARCHED

TITLE = "The article, claim by claim"


def html(facts: Facts) -> str:
    """A card a claim, closed: its question and what was looked at stand on it."""
    search = claims.focus_search(facts.con)
    if search not in facts.claim_maps:
        return ""
    leaned_on = _leaned_on(facts)
    newest = _newest(facts, search)
    return paragraph(
        'A popular article, "How Does Kratom Help With Pain Management?", makes many claims '
        "and names none of its studies. Each is a question here, with what was looked at in "
        "PubMed. Nothing here says that a claim is true: a study that is found is held, no "
        f"more. {claims.LOOKED_AT}"
    ) + "".join(
        _card(claim, leaned_on.get(claim["claim"], []), newest)
        for claim in facts.claim_maps[search]
    )


def _card(
    claim: dict[str, Any], leaned_on: list[dict[str, Any]], newest: dict[int, tuple[str, str]]
) -> str:
    is_part = " part" if claim["parent"] else ""
    says = f"The article: “{claim['says']}”." if claim["says"] else "The article is silent."
    source = f" Its source: {claim['source']}." if claim["source"] else ""
    looked_at, links = _looked_at(claim)
    items = "".join(
        f"<li>{article(newest[pmid][0], pmid, newest[pmid][1])}</li>"
        for pmid in claim["newest_pmids"] or []
    )
    return (
        f'<details class="claim{is_part}" id="claim-{for_html(claim["claim"])}">'
        f"<summary>{text(claim['question'])} <small>{text(looked_at)}</small></summary>"
        f"<p>{text(says + source)}</p>"
        + "".join(map(_study, leaned_on))
        + f"<p>{links}</p>"
        + (f"<p>The newest:</p><ul>{items}</ul>" if items else "")
        + _feed(claim)
        + "</details>"
    )


def _feed(claim: dict[str, Any]) -> str:
    if claim["coverage"] == "none":
        return ""
    address = for_html(f"feeds/claims/{claim['claim']}.atom")
    return f'<p><a href="{address}">New records on this, as a feed</a></p>'


def _study(study: dict[str, Any]) -> str:
    found = "found" if study["is_found"] else "not held"
    name = "The study it leans on"
    pmid, doi = study["pmid"], study["doi"]
    if pmid or doi:
        name = article(name, pmid or 0, doi_url(doi))
    return (
        f"<p>{name} ({found}; identified by us: {text(study['certainty'])}): "
        f"{text(study['tested'])}<br>How that differs: {text(study['differs'])}</p>"
    )


def _looked_at(claim: dict[str, Any]) -> tuple[str, str]:
    """What was looked at: in plain words for the card's head, and with links to the records."""
    if claim["remark"]:
        is_unknown = claim["coverage"] == "partial"
        return NOT_SEARCHED if is_unknown else claim["remark"], text(claim["remark"])
    words, links = [], []
    behind = {"search": claim["search"], "claim": claim["claim"]}
    for group, how, count in claims.looked_at(claim):
        name = group.lower()
        words.append(f"{name}: {count}")
        links.append(f"{name}: {number(count, **behind, group=group, how=how)}")
    beside = claim["held_count"] - claim["held_measured_count"]
    if beside:
        words.append(f"not measuring it: {beside}")
        links.append(
            f"{number(beside, **behind, how='beside')} in all, the reviews among them, that "
            "mention it without measuring it"
        )
    since = f" Since {claim['first_year']}." if claim["first_year"] else ""
    return f"{'; '.join(words)}.", f"Looked at: {'; '.join(links)}.{since}{claims.rest(claim)}"


def _leaned_on(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    codes = facts.con.execute(
        "SELECT DISTINCT unnest(claims) AS claim FROM evidence.claim_leaned_on ORDER BY claim"
    ).fetchall()
    return {code: claims.leaned_on(facts.con, code) for (code,) in codes}


def _newest(facts: Facts, search: str) -> dict[int, tuple[str, str]]:
    rows = facts.con.execute(
        """
        SELECT DISTINCT a.pmid, a.citation, a.doi_url FROM marts.articles AS a
        WHERE a.pmid IN (SELECT unnest(newest_pmids) FROM marts.claim_totals WHERE search = ?)
        """,
        [search],
    ).fetchall()
    return {pmid: (citation, doi) for pmid, citation, doi in rows}
