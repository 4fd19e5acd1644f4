"""The claim map as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.escaping import for_terminal_lines
from pipeline.evidence.curation import NOT_HELD
from pipeline.outputs.claims import LOOKED_AT, groups_across

_WIDTH = 100


def map_text(claims: Sequence[dict[str, Any]]) -> str:
    """The map: measured records by group, the others beside them.

    Args:
        claims: from `claims.the_map`.
    """
    width = max(len(claim["claim"]) for claim in claims)
    groups = [group for group in groups_across(claims)[0] if not group.is_summary]
    head = "  ".join(
        ["claim".ljust(width), *(group.short for group in groups), "beside", "records", "years"]
    )
    lines = [
        LOOKED_AT,
        "Measured, or observed in cases, by kind of study; beside: reviewed, reported, a reason "
        "for use, mentioned.",
        "Records, not a sum: one of two kinds counts in both. A kind without any has no column.",
        "",
        head,
        "-" * len(head),
    ]
    for claim in claims:
        if claim["coverage"] == "none":
            lines.append(f"{claim['claim'].ljust(width)}  {claim['remark']}")
            continue
        empty = "." if claim["coverage"] == "partial" else "0"
        cells = [
            _cell(claim["groups"][group.name]["measured"], len(group.short), empty)
            for group in groups
        ]
        beside = claim["held_count"] - claim["held_measured_count"]
        lines.append(
            "  ".join(
                [
                    claim["claim"].ljust(width), *cells, _cell(beside, len("beside"), empty),
                    _cell(claim["held_count"], len("records"), empty), _years(claim),
                ]
            ).rstrip()
        )  # fmt: skip
    lines += ["", *_meaning(claims), "`ketum claims ID` shows a claim with its records."]
    return for_terminal_lines(lines)


def _meaning(claims: Sequence[dict[str, Any]]) -> list[str]:
    """What a number and an empty cell are worth."""
    if any(claim["coverage"] == "partial" for claim in claims):
        return ["Records held: no complete search was made, and . means not known."]
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
    for record in claim["records"]:
        kind = "" if record["counted_as"] == "record" else f", {record['counted_as']}, not counted"
        yield ""
        yield f"{record['how']} ({record['study_type']}{kind}): {record['citation']}"
        yield from _wrapped(f"  {record['title'] or '[no title]'}")
        yield f"  {record['pubmed_url'] or record['doi_url']}"
        yield f"  words: {'; '.join(record['matched_words'])}"
        if record["conclusion"]:
            yield from _wrapped(f"  {record['conclusion_source']}: {record['conclusion']}")
    for reading in claim["people_read"]:
        stale = _stale(reading["stale_reason"])
        yield ""
        yield from _wrapped(
            f"{reading['who']} read in {reading['pmid']}: {reading['direction']} "
            f'({reading["directness"]}): "{reading["quote"]}".{stale}'
        )


def _stale(reason: str | None) -> str:
    if reason == NOT_HELD:
        return " NOT CHECKED: the record is not held here."
    return f" STALE: {reason}." if reason else ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _cell(count: int, width: int, empty: str) -> str:
    return (str(count) if count else empty).rjust(width)


def _years(claim: dict[str, Any]) -> str:
    first, last = claim["first_year"], claim["last_year"]
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"
