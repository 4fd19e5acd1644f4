"""The claim map as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.escaping import for_terminal_lines
from pipeline.evidence.curation import NOT_HELD
from pipeline.outputs.claims import LOOKED_AT

_COLUMNS = (
    ("trials", "human experimental"),
    ("other human", "human observational"),
    ("animal", "animal"),
    ("in vitro", "in vitro"),
    ("in silico", "in silico"),
    ("other", "other"),
)
_WIDTH = 100


def map_text(claims: Sequence[dict[str, Any]]) -> str:
    """The map: measured records by domain, the others beside them.

    Args:
        claims: from `claims.the_map`.
    """
    width = max(len(claim["claim"]) for claim in claims)
    names = [name for name, _ in _COLUMNS]
    head = "  ".join(["claim".ljust(width), *names, "beside", "records", "years"])
    lines = [
        LOOKED_AT,
        "Measured, by evidence domain; beside: reviewed, reported, a reason for use, mentioned.",
        "Records, not a sum: one in two domains counts in both.",
        "",
        head,
        "-" * len(head),
    ]
    for claim in claims:
        if claim["coverage"] == "none":
            lines.append(f"{claim['claim'].ljust(width)}  {claim['remark']}")
            continue
        domains = claim["domains"]
        cells = [_cell(domains[domain]["measured"], len(name)) for name, domain in _COLUMNS]
        beside = (claim["record_count"] or 0) - (claim["measured_count"] or 0)
        is_known = beside or claim["coverage"] == "complete"
        lines.append(
            "  ".join(
                [
                    claim["claim"].ljust(width), *cells,
                    _cell(beside if is_known else None, len("beside")),
                    _cell(claim["record_count"], len("records")), _years(claim),
                ]
            ).rstrip()
        )  # fmt: skip
    lines += [
        "",
        "A 0 means that the complete search found none; . means not known (no complete search).",
        "`ketum claims ID` shows a claim with its records.",
    ]
    return for_terminal_lines(lines)


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


def _cell(count: int | None, width: int) -> str:
    return ("." if count is None else str(count)).rjust(width)


def _years(claim: dict[str, Any]) -> str:
    first, last = claim["first_year"], claim["last_year"]
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"
