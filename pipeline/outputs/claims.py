"""The claim map as a published set has it: all claims, one claim, what to read next.

And `ketum claims --check`: people's readings against the published texts, before a run does it.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.escaping import for_terminal_lines
from pipeline.evidence.claims import load_claims
from pipeline.evidence.curation import NOT_HELD, load_readings, stale_reasons
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics

LOOKED_AT = "Counts show what was looked at, not what was found."
"""Stands above every table of claims."""
_NEXT_SHOWN = 10


def the_map(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Every claim of a search in the order of claims.toml, with its counts by evidence group.

    Args:
        con: a published database.
        search: e.g. kratom.

    Returns:
        Rows of marts.claim_totals, each with `groups` {group: {measured, beside}} of what is held,
        and `readings` (how many people's readings stand beside it).

    Raises:
        ConfigurationError: no search of that name has claims.
    """
    claims = _rows(
        con,
        """
        SELECT t.*, (SELECT count(*) FROM marts.claim_readings AS r WHERE r.claim = t.claim)
            AS readings
        FROM marts.claim_totals AS t WHERE t.search = ? ORDER BY t.display_order
        """,
        search,
    )
    if not claims:
        raise ConfigurationError(
            f"There is no claim map for a search `{search}`.",
            effect="Nothing was read.",
            next_step='`ketum query "SELECT DISTINCT search FROM marts.claim_totals"` lists them.',
        )
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for row in _rows(
        con,
        "SELECT c.claim, c.evidence_group, c.held_measured_count, c.held_beside_count, "
        "g.short_label, g.group_kind FROM marts.claims_by_group AS c "
        "JOIN evidence.evidence_groups AS g USING (evidence_group) "
        "WHERE c.search = ? ORDER BY c.claim, c.group_order",
        search,
    ):
        groups.setdefault(row["claim"], {})[row["evidence_group"]] = {
            "measured": row["held_measured_count"],
            "beside": row["held_beside_count"],
            "short_label": row["short_label"],
            "is_summary": row["group_kind"] == "summary",
        }
    for claim in claims:
        claim["groups"] = groups.get(claim["claim"], {})
    return claims


class Group(NamedTuple):
    """A column of the claim map."""

    name: str
    short: str
    is_summary: bool


def groups_across(claims: Sequence[dict[str, Any]]) -> tuple[list[Group], list[str]]:
    """The groups that have a record of any claim, summaries last; and the names of the others.

    Args:
        claims: from `the_map`.
    """
    every: dict[str, dict[str, Any]] = next(filter(None, (one["groups"] for one in claims)), {})
    found = {
        name
        for claim in claims
        for name, cell in claim["groups"].items()
        if cell["measured"] or cell["beside"]
    }
    groups = [Group(name, cell["short_label"], cell["is_summary"]) for name, cell in every.items()]
    shown = [group for group in groups if group.name in found]
    return sorted(shown, key=lambda group: group.is_summary), [
        group.name for group in groups if group.name not in found
    ]


def looked_at(claim: dict[str, Any]) -> list[tuple[str, str, int]]:
    """In what kinds of studies a claim was looked at: group, how, and how many records are held.

    Studies by what they measured; summaries by what they tell, since they measure nothing.
    """
    cells = (
        (name, "beside" if cell["is_summary"] else "measured", cell)
        for name, cell in claim["groups"].items()
    )
    return [(name, how, cell[how]) for name, how, cell in cells if cell[how]]


def rest(claim: dict[str, Any]) -> str:
    """What the kinds of studies that are not named mean: none, or not known."""
    if claim["coverage"] == "partial":
        return " Whatever else there is: not known."
    unread = claim["unread_count"]
    return (
        f" No other kind of study; {unread} could not be read."
        if unread
        else (" No other kind of study.")
    )


def one(con: duckdb.DuckDBPyConnection, search: str, code: str) -> dict[str, Any]:
    """One claim with its parts, records, people's readings and the studies leaned on.

    Raises:
        ConfigurationError: no such search or claim.
    """
    claims = the_map(con, search)
    claim = next((claim for claim in claims if claim["claim"] == code), None)
    if claim is None:
        raise ConfigurationError(
            f"There is no claim `{code}`.",
            effect="Nothing was read.",
            next_step="`ketum claims` lists them.",
        )
    claim["parts"] = [other["claim"] for other in claims if other["parent"] == code]
    claim["records"] = records(con, search, code)
    claim["people_read"] = _rows(
        con, "SELECT * FROM marts.claim_readings WHERE claim = ? ORDER BY pmid", code
    )
    claim["leaned_on"] = leaned_on(con, code)
    return claim


def records(con: duckdb.DuckDBPyConnection, search: str, code: str) -> list[dict[str, Any]]:
    """The records that address a claim: those that measured it first, then the newest."""
    return _rows(
        con,
        """
        SELECT pmid, how, study_type, evidence_groups, year, counted_as, citation, title,
            pubmed_url, doi_url, matched_words, conclusion, conclusion_source
        FROM marts.claim_articles WHERE search = ? AND claim = ?
        ORDER BY how NOT IN ('measured', 'observed'), how, year DESC NULLS LAST, pmid DESC
        """,
        search,
        code,
    )


def leaned_on(con: duckdb.DuckDBPyConnection, code: str) -> list[dict[str, Any]]:
    """The studies the article leans on for a claim; `is_found` says that one is held."""
    return _rows(
        con,
        """
        SELECT l.*, EXISTS (
            SELECT 1 FROM core.articles AS a
            WHERE a.pmid = l.pmid OR lower(a.doi) = lower(l.doi)) AS is_found
        FROM evidence.claim_leaned_on AS l
        WHERE list_contains(l.claims, ?) ORDER BY l.position
        """,
        code,
    )


def focus_search(con: duckdb.DuckDBPyConnection) -> str:
    """The search whose records the questions are about."""
    row = con.execute("SELECT search FROM evidence.searches WHERE is_focus").fetchone()
    assert row is not None
    return str(row[0])


def next_to_read(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Records that nobody has read for their claim yet: strongest design first.

    What measured comes before what only tells, trials first as in the order of the groups; within
    these the newest.
    """
    return _rows(
        con,
        """
        SELECT c.claim, c.pmid, c.how, c.study_type, c.year, c.citation, c.title
        FROM marts.claim_articles AS c
        INNER JOIN evidence.study_types AS t ON c.study_type = t.study_type
        LEFT JOIN evidence.claim_evidence AS e ON c.claim = e.claim AND c.pmid = e.pmid
        WHERE c.search = ? AND c.counted_as = 'record' AND e.pmid IS NULL
        ORDER BY c.how NOT IN ('measured', 'observed'), t.is_summary, t.group_order,
            c.year DESC NULLS LAST, c.pmid DESC, c.claim
        LIMIT ?
        """,
        search,
        _NEXT_SHOWN,
    )


def _rows(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    found = con.execute(sql, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def check_readings(con: duckdb.DuckDBPyConnection, reference: Path) -> list[str]:
    """What there is to say of claim_evidence.csv as it stands: totals, then rows not to rely on.

    Args:
        con: a published database.
        reference: directory of the reference files.

    Raises:
        ConfigurationError: naming the line: what a run would refuse, too.
    """
    types = load_study_types(reference / "study_types.toml").codes()
    topics = load_topics(reference / "topics.toml")
    claims = load_claims(reference / "claims.toml", types, topics)
    path = reference / "claim_evidence.csv"
    readings = load_readings(path, [claim.code for claim in claims.matched()])
    reasons = stale_reasons(con, readings, path)
    counted = Counter(one.claim for one in readings)
    told = [
        f"{path.name}, line {one.line}: {one.claim}, PMID {one.pmid}: "
        + ("not held here, quote unchecked" if reason == NOT_HELD else f"stale, {reason}")
        for one, reason in zip(readings, reasons, strict=True)
        if reason
    ]
    not_held = reasons.count(NOT_HELD)
    return [
        f"{len(readings)} readings of {len(counted)} claims; {len(told) - not_held} stale; "
        f"{not_held} not held; {len(claims.matched()) - len(counted)} claims without any.",
        *told,
    ]


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
