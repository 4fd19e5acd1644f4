"""The claim map as a published set has it: all claims, one claim, what to read next.

For pages and programs as rows, and as text for terminals.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.escaping import for_terminal_lines
from pipeline.evidence.curation import NOT_HELD
from pipeline.evidence.stated import FINDINGS, MIXED, NOT_FOUND, REPORTED, RULED_OUT, UNCLEAR
from pipeline.outputs.rows import named_rows

LOOKED_AT = "Counts show what was looked at and what its authors state, not what is true."
"""Stands above every table of claims."""
_NEXT_SHOWN = 10


def the_map(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Every claim of a search, group by group, with its counts by evidence group.

    Args:
        con: a published database.
        search: e.g. kratom.

    Returns:
        Rows of marts.claim_totals, each with what evidence.claims says of the question (cards,
        question_group and its `group_label`, asks, definition, what_counts, not_readings),
        `groups` {group: {looked, and a count for each finding}} of what is held,
        and `readings` (how many people's readings stand beside it).

    Raises:
        ConfigurationError: no search of that name has claims.
    """
    claims = named_rows(
        con,
        """
        SELECT t.*, q.cards, q.question_group, g.label AS group_label, q.asks, q.definition,
            q.what_counts, q.not_readings,
            (SELECT count(*) FROM marts.claim_readings AS r WHERE r.claim = t.claim) AS readings
        FROM marts.claim_totals AS t
        INNER JOIN evidence.claims AS q ON t.claim = q.claim
        INNER JOIN evidence.question_groups AS g ON q.question_group = g.question_group
        WHERE t.search = ? ORDER BY t.display_order
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
    for row in named_rows(
        con,
        "SELECT c.*, g.short_label, g.group_kind FROM marts.claims_by_group AS c "
        "JOIN evidence.evidence_groups AS g USING (evidence_group) "
        "WHERE c.search = ? ORDER BY c.claim, c.group_order",
        search,
    ):
        groups.setdefault(row["claim"], {})[row["evidence_group"]] = {
            **{name: row[f"held_{column}"] for name, column in counts_of("looked").items()},
            "short_label": row["short_label"],
            "is_summary": row["group_kind"] == "summary",
        }
    for claim in claims:
        claim["groups"] = groups.get(claim["claim"], {})
    return claims


def cards(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The cards that questions are on, the main map first."""
    return named_rows(con, "SELECT * FROM evidence.claim_cards ORDER BY display_order")


def counts_of(prefix: str) -> dict[str, str]:
    """Columns with the counts of studies (`looked`) or reviews (`review`): all, and by finding."""
    return {
        "looked": f"{prefix}_count",
        **{finding: f"{prefix}_{finding}_count" for finding in FINDINGS},
    }


def by_finding(counts: dict[str, Any]) -> str:
    """Counts by finding in words, those that are not 0: `3 reported, 1 mixed`."""
    return ", ".join(f"{counts[code]} {label}" for code, label in FINDINGS.items() if counts[code])


def looked_in(claim: dict[str, Any], prefix: str) -> dict[str, int]:
    """How many studies (`looked`) or reviews (`review`) that are held looked at a claim."""
    return {name: claim[f"held_{column}"] or 0 for name, column in counts_of(prefix).items()}


def rest(claim: dict[str, Any]) -> str:
    """What the kinds of studies that are not named mean: none, or not known."""
    if claim["coverage"] == "partial":
        return " Whatever else there is: not known."
    unread = claim["unread_count"]
    return f" No other kind of study{f'; {unread} could not be read' if unread else ''}."


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
    claim["people_read"] = named_rows(
        con, "SELECT * FROM marts.claim_readings WHERE claim = ? ORDER BY pmid", code
    )
    claim["leaned_on"] = leaned_on(con)[code]
    return claim


def records(con: duckdb.DuckDBPyConnection, search: str, code: str) -> list[dict[str, Any]]:
    """The records that address a claim: those that measured it first, then the newest."""
    return named_rows(
        con,
        """
        SELECT pmid, how, looked_as, finding, finding_by, finding_words, study_group, study_type,
            evidence_groups, year, counted_as, citation, title,
            pubmed_url, doi_url, matched_words, conclusion, conclusion_source
        FROM marts.claim_articles WHERE search = ? AND claim = ?
        ORDER BY how NOT IN ('measured', 'observed'), how, year DESC NULLS LAST, pmid DESC
        """,
        search,
        code,
    )


def leaned_on(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """By claim, the studies the article leans on for it; `is_found` says that one is held."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for study in named_rows(
        con,
        """
        SELECT l.*, EXISTS (
            SELECT 1 FROM core.articles AS a
            WHERE a.pmid = l.pmid OR lower(a.doi) = lower(l.doi)) AS is_found
        FROM evidence.claim_leaned_on AS l ORDER BY l.position
        """,
    ):
        for claim in study["claims"]:
            found[claim].append(study)
    return found


def focus_search(con: duckdb.DuckDBPyConnection) -> str:
    """The search whose records the questions are about."""
    row = con.execute("SELECT search FROM evidence.searches WHERE is_focus").fetchone()
    assert row is not None
    return str(row[0])


def next_to_read(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Records that nobody has read for their claim yet: strongest design first.

    Records that measured come before records that only report, trials first as in the order of
    the groups; within these the newest.
    """
    return named_rows(
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


# -- For terminals

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
    from pipeline.evidence.questions import DOES_IT  # here, since a page needs none of it

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
    """What a number and an empty cell mean."""
    if any(claim["coverage"] == "partial" for claim in claims):
        return ["What is held: no complete search was made, and . means not known."]
    if unread := next((claim["unread_count"] for claim in claims if claim["unread_count"]), 0):
        return [f"{unread} listed could not be read: each count c means c, at most c + {unread}."]
    return ["A 0 means that the complete search found none."]


def one_text(claim: dict[str, Any]) -> str:
    """A claim with its records."""
    return for_terminal_lines(_one_lines(claim))


def next_text(rows: Sequence[dict[str, Any]]) -> str:
    """What to read next."""
    if not rows:
        return "Every record of the map has been read for its claim."
    lines = ["Not read yet, strongest design first:"]
    for row in rows:
        lines.append(f"  {row['pmid']}  {row['claim']}  ({row['how']}, {row['study_type']})")
        lines.append(f"      {row['title'] or '[no title]'} {row['citation']}")
    lines.append("Add what you read to data/reference/claim_evidence.csv.")
    return for_terminal_lines(lines)


def _one_lines(claim: dict[str, Any]) -> Iterator[str]:
    from pipeline.evidence.questions import ARTICLE

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
