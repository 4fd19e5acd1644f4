"""What was tested in a record, and which study it belongs to: facets, registrations, links."""

from __future__ import annotations

import textwrap
from typing import Any

import duckdb

_WORDS_SHOWN = 6


def facets(con: duckdb.DuckDBPyConnection, pmid: int) -> list[dict[str, Any]]:
    """Facets of a record, the ones not stated too, each with its proofs."""
    found = rows(
        con,
        "SELECT f.facet, t.label, f.value, f.level, f.assigned_by FROM evidence.article_facets "
        "AS f JOIN evidence.facets AS t USING (facet) WHERE f.pmid = ? "
        "ORDER BY t.display_order, f.value",
        pmid,
    )
    for one in found:
        one["proofs"] = _proofs(con, pmid, "facet", f"{one['facet']}.{one['value']}")
    return found


def ties(con: duckdb.DuckDBPyConnection, pmid: int) -> list[dict[str, Any]]:
    """Values of a record that a sentence, or two neighbours, tie, each row with its proofs."""
    found = rows(
        con,
        "SELECT row_kind, tie_no, list(value ORDER BY facet) AS tied FROM evidence.article_ties "
        "WHERE pmid = ? GROUP BY ALL ORDER BY ALL",
        pmid,
    )
    for one in found:
        one["proofs"] = rows(
            con,
            "SELECT rule_id, source, field, section_no, matched_text, char_start, char_end "
            "FROM evidence.proofs WHERE pmid = ? AND kind = 'tie' AND starts_with(code, ?) "
            "ORDER BY field DESC, section_no, char_start",
            pmid,
            f"{one['row_kind']}.{one['tie_no']}.",
        )
    return found


def study(con: duckdb.DuckDBPyConnection, pmid: int) -> dict[str, Any]:
    """Registrations, the study group, and the links behind it."""
    numbers = rows(
        con,
        "SELECT registry, number, source FROM evidence.registrations WHERE pmid = ? ORDER BY ALL",
        pmid,
    )
    for one in numbers:
        one["proofs"] = _proofs(con, pmid, "registration", one["number"])
    groups = rows(
        con,
        "SELECT study_group, own.role, own.may_share_cases, list_sort(list(other.pmid)) AS pmids "
        "FROM evidence.study_groups AS own JOIN evidence.study_groups AS other "
        "USING (study_group) WHERE own.pmid = ? GROUP BY ALL",
        pmid,
    )
    links = rows(
        con,
        "SELECT * FROM evidence.study_links WHERE pmid = $1 OR other_pmid = $1 ORDER BY ALL",
        pmid,
    )
    return {"registrations": numbers, "groups": groups, "links": links}


def _proofs(
    con: duckdb.DuckDBPyConnection, pmid: int, kind: str, code: str
) -> list[dict[str, Any]]:
    return rows(
        con,
        "SELECT rule_id, source, field, section_no, matched_text, char_start, char_end "
        "FROM evidence.proofs WHERE pmid = ? AND kind = ? AND code = ? ORDER BY proof_no",
        pmid,
        kind,
        code,
    )


def facet_lines(found: list[dict[str, Any]]) -> list[str]:
    """The facets for people, what is not stated in one line."""
    lines: list[str] = []
    silent = [one["label"].lower() for one in found if one["value"] == "not_stated"]
    for one in found:
        if one["value"] != "not_stated":
            lines.append(f"  {one['label']}: {one['value']} ({one['level']}), {_words(one)}")
    if silent:
        lines += textwrap.wrap(f"not stated: {', '.join(silent)}", 96, initial_indent="  ",
                               subsequent_indent="    ")  # fmt: skip
    return ["", "Facets", *lines] if lines else []


def tie_lines(found: list[dict[str, Any]]) -> list[str]:
    """Rows of values that belong together, for people."""
    lines = [f"  {', '.join(one['tied'])}: {_words(one)}" for one in found]
    return ["", "Tied by a sentence, or two neighbours", *lines] if lines else []


def study_lines(told: dict[str, Any]) -> list[str]:
    """Registrations, study group and links for people."""
    lines = [f"  registered: {one['number']} ({one['registry']}), {_words(one)}"
             for one in told["registrations"]]  # fmt: skip
    for group in told["groups"]:
        if len(group["pmids"]) > 1:
            members = ", ".join(map(str, group["pmids"]))
            lines.append(f"  in study {group['study_group']} as {group['role']}: {members}")
        if group["may_share_cases"]:
            lines.append("  may count the same cases as others, see below")
    for link in told["links"]:
        lines.append(
            f"  {link['relation']}: {link['pmid']} and {link['other_pmid']} ({link['ground']})"
        )
    return ["", "Study", *lines] if lines else []


def _words(one: dict[str, Any]) -> str:
    """The distinct words and tags behind a facet or registration, with where they stand."""
    words = dict.fromkeys(f"[{p['matched_text']}] in {p['field']}" for p in one["proofs"])
    return "; ".join(list(words)[:_WORDS_SHOWN])


def rows(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query, each with the names of its columns."""
    found = con.execute(sql, list(values))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
