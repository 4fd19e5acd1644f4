"""The claim map for terminals: all claims, one claim, what to read next, those of a record."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from pipeline.escaping import for_terminal_lines
from pipeline.evidence.curation import NOT_HELD
from pipeline.evidence.findings import FINDINGS, MIXED, NOT_FOUND, REPORTED, RULED_OUT, UNCLEAR
from pipeline.evidence.questions import ARTICLE, DOES_IT
from pipeline.outputs.claims import LOOKED_AT, by_finding, looked_in
from pipeline.outputs.rows import named_rows

_SHORT = {
    REPORTED: "reported",
    NOT_FOUND: "not found",
    RULED_OUT: "ruled out",
    MIXED: "mixed",
    UNCLEAR: "unclear",
}
"""Findings where a column is narrow."""
_WIDTH = 100


def map_text(claims: Sequence[dict[str, Any]], cards: Sequence[dict[str, Any]]) -> str:
    """The maps: a line a question, its studies split by what their authors state.

    A question on two cards is shown on the first, and said to be on the other too.

    Args:
        claims: from `claims.the_map`.
        cards: from `claims.cards`.
    """
    width = max(len(claim["claim"]) for claim in claims) + len(" *")
    heads = ("studies", *_SHORT.values(), "reviews", "named")
    head = "  ".join(["claim".ljust(width), *heads, "years"])
    lines = [
        LOOKED_AT,
        *_wrapped(
            "Studies that looked at it (reports of one study count once), by what their authors "
            "state in title and abstract; reviews: how many of them report it; named: records that "
            "only name it. Where a question asks what is known, there is nothing to find or not to "
            "find, and studies are only counted."
        ),
    ]
    for card in cards:
        first = [claim for claim in claims if claim["cards"][0] == card["card"]]
        also = sum(card["card"] in claim["cards"][1:] for claim in claims)
        lines += ["", f"{card['label']}. {card['description']}"]
        if also:
            lines.append(f"{also} of its questions stand above, marked *.")
        lines += ["", head, "-" * len(head)]
        for label, of_group in groupby(first, key=itemgetter("group_label")):
            lines.append(f"{label}:")
            lines += [_map_line(claim, width, heads) for claim in of_group]
    lines += ["", *_meaning(claims), "`ketum claims ID` shows a claim with its records."]
    return for_terminal_lines(lines)


def _map_line(claim: dict[str, Any], width: int, heads: Sequence[str]) -> str:
    name = f"{claim['claim']}{' *' if len(claim['cards']) > 1 else ''}".ljust(width)
    if claim["coverage"] == "none":
        return f"{name}  {claim['remark']}"
    empty = "." if claim["coverage"] == "partial" else "0"
    studies, reviews = looked_in(claim, "looked"), looked_in(claim, "review")
    if claim["asks"] == DOES_IT:
        found = [str(studies[finding] or empty) for finding in _SHORT]
        reviewed = f"{reviews[REPORTED]} of {reviews['looked']}" if reviews["looked"] else empty
    else:
        found = [""] * len(_SHORT)
        reviewed = str(reviews["looked"] or empty)
    cells = [
        str(studies["looked"] or empty), *found, reviewed, str(claim["held_mention_count"] or empty)
    ]  # fmt: skip
    shown = [cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True)]
    return "  ".join([name, *shown, _years(claim)]).rstrip()


def _meaning(claims: Sequence[dict[str, Any]]) -> list[str]:
    """What a number and an empty cell are worth."""
    if any(claim["coverage"] == "partial" for claim in claims):
        return ["What is held: no complete search was made, and . means not known."]
    if unread := next((claim["unread_count"] for claim in claims if claim["unread_count"]), 0):
        return [f"{unread} listed could not be read: each count c means c, at most c + {unread}."]
    return ["A 0 means that the complete search found none."]


def one_text(claim: dict[str, Any]) -> str:
    """A claim with its records.

    Args:
        claim: from `claims.one`.
    """
    return for_terminal_lines(_one_lines(claim))


def next_text(rows: Sequence[dict[str, Any]]) -> str:
    """What to read next.

    Args:
        rows: from `claims.next_to_read`.
    """
    if not rows:
        return "Every record of the map has been read for its claim."
    lines = ["Not read yet, strongest design first:"]
    for row in rows:
        lines.append(f"  {row['pmid']}  {row['claim']}  ({row['how']}, {row['study_type']})")
        lines.append(f"      {row['title'] or '[no title]'} {row['citation']}")
    lines.append("Add what you read to data/reference/claim_evidence.csv.")
    return for_terminal_lines(lines)


def _one_lines(claim: dict[str, Any]) -> Iterator[str]:
    yield f"{claim['claim']}: {claim['question']}"
    yield from _wrapped(f"{claim['group_label']}. {claim['definition']}")
    yield from _wrapped(f"Counts: {claim['what_counts']}")
    yield from _wrapped(f"Does not count: {'; '.join(claim['not_readings'])}.")
    if ARTICLE in claim["cards"]:
        yield f'The article: "{claim["says"]}"' if claim["says"] else "The article is silent."
    if claim["source"]:
        yield from _wrapped(f"Its source: {claim['source']}.")
    for study in claim["leaned_on"]:
        found = "found" if study["is_found"] else "not held"
        yield from _wrapped(
            f"Leans on ({found}; {study['certainty']}): {study['tested']} {study['differs']}"
        )
    if claim["parts"]:
        yield from _wrapped(f"Shown as its parts: {', '.join(claim['parts'])}.")
        return
    yield ""
    yield LOOKED_AT
    if claim["remark"]:
        yield claim["remark"]
    else:
        yield from _looked(claim)
    for record in claim["records"]:
        kind = "" if record["counted_as"] == "record" else f", {record['counted_as']}, not counted"
        yield ""
        by = ", as a person read it" if record["finding_by"] == "override" else ""
        yield (
            f"{FINDINGS[record['finding']]}{by} ({record['how'].replace('_', ' ')}, "
            f"{record['study_type']}{kind}): {record['citation']}"
        )
        yield from _wrapped(f"  {record['title'] or '[no title]'}")
        yield f"  {record['pubmed_url'] or record['doi_url']}"
        yield f"  words: {'; '.join(record['matched_words'])}"
        if record["finding_words"]:
            yield from _wrapped(f"  stated: {'; '.join(record['finding_words'])}")
        if record["conclusion"]:
            yield from _wrapped(f"  {record['conclusion_source']}: {record['conclusion']}")
    for reading in claim["people_read"]:
        stale = _stale(reading["stale_reason"])
        yield ""
        yield from _wrapped(
            f"{reading['who']} read in {reading['pmid']}: {reading['direction']} "
            f'({reading["directness"]}): "{reading["quote"]}".{stale}'
        )


def _looked(claim: dict[str, Any]) -> Iterator[str]:
    """How many looked at a claim, by what they state; studies by their kind too."""
    for prefix, name in (("looked", "Studies"), ("review", "Reviews")):
        counts = looked_in(claim, prefix)
        if counts["looked"]:
            yield f"{name} that looked at it: {counts['looked']} ({by_finding(counts)})"
    for name, counts in claim["groups"].items():
        if counts["looked"] and not counts["is_summary"]:
            yield f"  {name}: {counts['looked']} ({by_finding(counts)})"


def _stale(reason: str | None) -> str:
    if reason == NOT_HELD:
        return " NOT CHECKED: the record is not held here."
    return f" STALE: {reason}." if reason else ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _years(claim: dict[str, Any]) -> str:
    first, last = claim["first_year"], claim["last_year"]
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"


# -- Which claims a record addresses, and what its authors state of them: for `ketum explain`


def claims_of(con: duckdb.DuckDBPyConnection, pmid: int) -> list[dict[str, Any]]:
    """The claims a record addresses, in their order, with the words behind each and its finding."""
    found = named_rows(
        con,
        "SELECT c.claim, c.how, c.finding, c.finding_by, a.said_count, a.said_right_count, "
        "a.read_count, a.read_found_count, a.precision_value, a.recall_value "
        "FROM evidence.article_claims AS c JOIN evidence.claims AS q USING (claim) "
        "LEFT JOIN evidence.claim_accuracy AS a USING (claim) "
        "WHERE c.pmid = ? ORDER BY q.display_order",
        pmid,
    )
    for one in found:
        for key, kind in (("proofs", "claim"), ("stated", "finding")):
            one[key] = named_rows(
                con,
                "SELECT code, rule_id, source, field, section_no, matched_text, char_start, "
                "char_end FROM evidence.proofs WHERE pmid = ? AND kind = ? "
                "AND (code = ? OR regexp_replace(code, '\\.[a-z_]+$', '') = ?) "
                "ORDER BY code, proof_no",
                pmid,
                kind,
                one["claim"],
                one["claim"],
            )
    return found


def claim_lines(found: Iterable[dict[str, Any]]) -> list[str]:
    """The claims for people: what is stated of each, by which words, and why it is asked."""
    lines: list[str] = []
    for one in found:
        by = ", as a person read it" if one["finding_by"] == "override" else ""
        how = one["how"].replace("_", " ")
        lines += [
            f"  {one['claim']} ({how}): {FINDINGS[one['finding']]}{by}, {_words(one)}",
            f"    {accuracy(one)}",
        ]
    return ["", "Claims, and what the authors state of them", *lines] if lines else []


def _words(one: dict[str, Any]) -> str:
    """The words that state it, else those the claim was found by, with where they stand."""
    shown = one["stated"] or one["proofs"]
    return "; ".join(dict.fromkeys(f"[{e['matched_text']}] in {e['field']}" for e in shown))


def accuracy(one: dict[str, Any]) -> str:
    """How often something is said rightly, and found, on kratom records that were read."""
    parts = [
        f"{what} {value:.2f} ({one[hits]} of {one[of]})"
        if value is not None
        else f"{what} not measured on kratom ({one[hits] or 0} of {one[of] or 0})"
        for what, value, hits, of in (
            ("said rightly", one["precision_value"], "said_right_count", "said_count"),
            ("found", one["recall_value"], "read_found_count", "read_count"),
        )
    ]
    return "; ".join(parts)
