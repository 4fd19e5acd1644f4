"""Which claims a record addresses, and what its authors state of them: for `ketum explain`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from pipeline.evidence.findings import FINDINGS
from pipeline.outputs.rows import named_rows


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
            f"    {_accuracy(one)}",
        ]
    return ["", "Claims, and what the authors state of them", *lines] if lines else []


def _words(one: dict[str, Any]) -> str:
    """The words that state it, else those the claim was found by, with where they stand."""
    shown = one["stated"] or one["proofs"]
    return "; ".join(dict.fromkeys(f"[{e['matched_text']}] in {e['field']}" for e in shown))


def _accuracy(one: dict[str, Any]) -> str:
    """How often this question is said rightly, and found, on kratom records that were read."""
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
