"""Why a record has its study types, facets, claims and study group: rules, words, tags, people."""

from __future__ import annotations

import math
import os
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.escaping import for_terminal_lines
from pipeline.evidence.labels import NOT_MEASURED
from pipeline.evidence.overrides import FACET, FIELD, confirming
from pipeline.evidence.stated import FINDINGS
from pipeline.outputs.rows import named_rows
from pipeline.outputs.wording import not_given, share

Rows = list[dict[str, Any]]

_PASSAGES_SHOWN = 6
_WORDS_SHOWN = 6
_BRACKETED = re.compile(r"\[[^\[\]]*\]")


def explain(con: duckdb.DuckDBPyConnection, pmid: int) -> dict[str, Any]:
    """Everything that bears on a record's study types, its facets and its study group.

    Raises:
        ConfigurationError: the record is not held.
    """
    record = named_rows(
        con,
        "SELECT a.pmid, c.title, m.citation, a.doi, "
        "a.pmid IN (SELECT s.pmid FROM core.abstract_sections AS s) AS has_abstract "
        "FROM core.articles AS a "
        "JOIN core.article_citations AS c USING (pmid) "
        "LEFT JOIN marts.articles AS m USING (pmid) WHERE a.pmid = ?",
        pmid,
    )
    if not record:
        raise ConfigurationError(
            f"PMID {pmid} is not in the published set.",
            effect="There is nothing to explain.",
            next_step="`ketum search WORDS` finds what is held.",
        )
    labels = named_rows(
        con,
        "SELECT DISTINCT study_type, label, is_primary, assigned_by, confidence, evidence, "
        "right_count, measured_count, has_conflict, "
        "precedence, reason FROM evidence.study_type_explained WHERE pmid = ? "
        "ORDER BY is_primary DESC, "
        "list_position(['high', 'medium', 'not measured', 'low'], confidence), study_type",
        pmid,
    )
    for label in labels:
        label["proofs"] = named_rows(
            con,
            "SELECT rule_id, source, field, section_no, matched_text, passage "
            "FROM evidence.study_type_explained WHERE pmid = ? AND study_type = ? "
            "AND rule_id IS NOT NULL ORDER BY proof_no",
            pmid,
            label["study_type"],
        )
        label["aspects"] = named_rows(
            con,
            "SELECT aspect, value FROM evidence.article_type_aspects "
            "WHERE pmid = ? AND study_type = ? ORDER BY ALL",
            pmid,
            label["study_type"],
        )
        label["accuracy"] = named_rows(
            con,
            "SELECT measured_on, class_name, precision_value, precision_low, precision_high, "
            "predicted_count, recall_value, recall_low, recall_high, positive_count "
            "FROM evidence.study_type_accuracy WHERE study_type = ? ORDER BY ALL",
            label["study_type"],
        )
    proofs = _proofs(con, pmid)
    return {
        **record[0],
        "labels": labels,
        "facets": _facets(con, pmid, proofs["facet"]),
        "ties": _ties(con, pmid, proofs["tie"]),
        "claims": _claims(con, pmid, proofs),
        "study": _study(con, pmid, proofs["registration"]),
        "nlm_publication_types": _column(con, "publication_type", "publication_types", pmid),
        "mesh_headings": _column(con, "descriptor", "mesh_headings", pmid),
        "override": named_rows(
            con, "SELECT * FROM evidence.overrides WHERE pmid = ? ORDER BY field DESC", pmid
        ),
        "suggestion": named_rows(
            con, "SELECT * FROM evidence.study_type_suggestions WHERE pmid = ?", pmid
        ),
        "queue": named_rows(
            con, "SELECT queue_no, reason_list FROM marts.review_queue WHERE pmid = ?", pmid
        ),
    }


def text(explained: dict[str, Any], *, is_terminal: bool, today: date) -> str:
    """The explanation for people; words that decided stand in brackets, bold on a terminal."""
    lines = record_lines(explained)
    for place in explained["queue"]:
        reasons = "; ".join(place["reason_list"])
        lines.append(f"Number {place['queue_no']} in the review queue: {reasons}.")
    for decision in explained["override"]:
        lines.append(
            f"{decision['who']} decided {decision['field']} {decision['value']} "
            f"on {decision['decided_date']}: "
            f"{decision['why']} The rules say {decision['automatic_value']}."
        )
    if not any(decision["field"] == "study_type" for decision in explained["override"]):
        lines += ["", *_how_to_decide(explained, today)]
    return shown(lines, is_terminal=is_terminal)


def record_lines(explained: dict[str, Any]) -> list[str]:
    """What a record is judged to be, and what NLM and the second reader say of it."""
    name = f"PMID {explained['pmid']}" if explained["pmid"] else "No PMID"
    lines = [f"{name}  {explained['title'] or '(no title)'}"]
    if explained["citation"]:
        lines.append(explained["citation"])
    for label in explained["labels"]:
        lines += ["", *_label_lines(label)]
    lines += facet_lines(explained["facets"], has_abstract=explained["has_abstract"])
    lines += tie_lines(explained["ties"])
    lines += claim_lines(explained["claims"])
    lines += study_lines(explained["study"])
    lines += [
        "",
        f"NLM says: {', '.join(explained['nlm_publication_types']) or 'no publication type'}.",
    ]
    if explained["mesh_headings"]:
        lines.append(f"MeSH: {', '.join(dict.fromkeys(explained['mesh_headings']))}.")
    for suggestion in explained["suggestion"]:
        lines.append(
            f"The second reader suggests {suggestion['suggestion']} "
            f"(probability {suggestion['probability']:.2f}); it only suggests."
        )
    return lines


def shown(lines: list[str], *, is_terminal: bool) -> str:
    """Lines as one text; on a terminal, words in brackets are bold."""
    whole = for_terminal_lines(lines)
    if is_terminal and not os.environ.get("NO_COLOR"):
        whole = _BRACKETED.sub("\033[1m\\g<0>\033[0m", whole)
    return whole


def _label_lines(label: dict[str, Any]) -> list[str]:
    lines = [
        f"{'*' if label['is_primary'] else '-'} {label['study_type']} ({label['label']}), "
        f"{_confidence(label)}, by {label['assigned_by']}"
        + (", CONFLICT" if label["has_conflict"] else "")
    ]
    if label["precedence"]:
        lines.append(f"    primary since: {label['precedence']}")
    if label["reason"]:
        lines.append(f"    why: {label['reason']}")
    lines += [f"    {one['aspect']}: {one['value']}" for one in label["aspects"]]
    for proof in label["proofs"][:_PASSAGES_SHOWN]:
        lines.append(f"    {proof['rule_id']}, {proof['source']} in {proof['field']}:")
        lines += textwrap.wrap(proof["passage"] or proof["matched_text"], 90,
                               initial_indent="      ", subsequent_indent="      ")  # fmt: skip
    if len(label["proofs"]) > _PASSAGES_SHOWN:
        lines.append(f"    and {len(label['proofs']) - _PASSAGES_SHOWN} more (--json)")
    if label["is_primary"]:
        lines += [f"    accuracy: {_accuracy(one)}" for one in label["accuracy"]]
    return lines


def _confidence(label: dict[str, Any]) -> str:
    """High, medium or low with the figure behind it, or not measured."""
    explained = str(label["confidence"])
    if label["measured_count"]:
        explained += f" ({label['right_count']} of {label['measured_count']} such were right)"
    return explained if explained != NOT_MEASURED else f"confidence {explained}"


def _accuracy(one: dict[str, Any]) -> str:
    if one["class_name"] is None:
        return str(one["measured_on"])
    shares = [
        f"{name} {share(one[f'{name}_value'], one[f'{name}_low'], one[f'{name}_high'], one[count])}"
        for name, count in (("precision", "predicted_count"), ("recall", "positive_count"))
    ]
    return f"{', '.join(shares)} ({one['measured_on']}, class {one['class_name']})"


def _how_to_decide(explained: dict[str, Any], today: date) -> list[str]:
    """Entries for overrides.toml: of the type as it is, and that pain was measured."""
    primary = next(one["study_type"] for one in explained["labels"] if one["is_primary"])
    lines = [
        "To confirm it, add to data/reference/overrides.toml (or give `value` and `expect`):",
        *confirming(explained["pmid"], FIELD, primary, today),
    ]
    purposes = [one["value"] for one in explained["facets"] if one["facet"] == "trial_purpose"]
    if "pain_outcome" in purposes:
        lines += [
            "and, if you read that pain was measured:",
            *confirming(explained["pmid"], f"{FACET}trial_purpose", "; ".join(purposes), today),
        ]
    return lines


def _column(con: duckdb.DuckDBPyConnection, column: str, table: str, pmid: int) -> list[str]:
    found = con.table(f"core.{table}").filter(f"pmid = {int(pmid)}").project(column).fetchall()
    return [row[0] for row in found if row[0]]


def _proofs(con: duckdb.DuckDBPyConnection, pmid: int) -> dict[str, Rows]:
    """The proofs of a record by their kind, in their order."""
    found: dict[str, Rows] = defaultdict(list)
    for proof in named_rows(
        con,
        "SELECT kind, code, rule_id, source, field, section_no, matched_text, char_start, char_end "
        "FROM evidence.proofs WHERE pmid = ? ORDER BY proof_no",
        pmid,
    ):
        found[proof.pop("kind")].append(proof)
    return found


def _of(proofs: Rows, code: str, *, is_start: bool = False) -> Rows:
    """The proofs of a code, or of all that begin with it."""
    return [
        {name: value for name, value in proof.items() if name != "code"}
        for proof in proofs
        if proof["code"] == code or (is_start and proof["code"].startswith(code))
    ]


def _facets(con: duckdb.DuckDBPyConnection, pmid: int, proofs: Rows) -> Rows:
    """Facets of a record, those without a value too, each with its proofs."""
    found = named_rows(
        con,
        "SELECT f.facet, t.label, f.value, f.level, f.assigned_by, f.finding, "
        "a.said_count, a.said_right_count, a.read_count, a.read_found_count, a.precision_value, "
        "a.recall_value FROM evidence.article_facets AS f JOIN evidence.facets AS t USING (facet) "
        "LEFT JOIN evidence.facet_accuracy AS a USING (facet) WHERE f.pmid = ? "
        "ORDER BY t.display_order, f.value",
        pmid,
    )
    return [{**one, "proofs": _of(proofs, f"{one['facet']}.{one['value']}")} for one in found]


def _ties(con: duckdb.DuckDBPyConnection, pmid: int, proofs: Rows) -> Rows:
    """Values of a record that a sentence, or two neighbours, tie, each row with its proofs."""
    found = named_rows(
        con,
        "SELECT row_kind, tie_no, list(value ORDER BY facet) AS tied FROM evidence.article_ties "
        "WHERE pmid = ? GROUP BY ALL ORDER BY ALL",
        pmid,
    )
    placed = sorted(proofs, key=lambda one: (one["section_no"] or math.inf, one["char_start"] or 0))
    placed.sort(key=lambda one: str(one["field"]), reverse=True)
    return [
        {**one, "proofs": _of(placed, f"{one['row_kind']}.{one['tie_no']}.", is_start=True)}
        for one in found
    ]


def _claims(con: duckdb.DuckDBPyConnection, pmid: int, proofs: dict[str, Rows]) -> Rows:
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
            own = (one["claim"], *(f"{one['claim']}.{finding}" for finding in FINDINGS))
            one[key] = sorted(
                (proof for proof in proofs[kind] if proof["code"] in own),
                key=lambda proof: str(proof["code"]),
            )
    return found


def _study(con: duckdb.DuckDBPyConnection, pmid: int, proofs: Rows) -> dict[str, Any]:
    """Registrations, the study group, and the links behind it."""
    numbers = named_rows(
        con,
        "SELECT registry, number, source FROM evidence.registrations WHERE pmid = ? ORDER BY ALL",
        pmid,
    )
    groups = named_rows(
        con,
        "SELECT study_group, own.role, own.may_share_cases, list_sort(list(other.pmid)) AS pmids "
        "FROM evidence.study_groups AS own JOIN evidence.study_groups AS other "
        "USING (study_group) WHERE own.pmid = ? GROUP BY ALL",
        pmid,
    )
    links = named_rows(
        con,
        "SELECT * FROM evidence.study_links WHERE pmid = $1 OR other_pmid = $1 ORDER BY ALL",
        pmid,
    )
    registrations = [{**one, "proofs": _of(proofs, one["number"])} for one in numbers]
    return {"registrations": registrations, "groups": groups, "links": links}


def facet_lines(found: Rows, *, has_abstract: bool) -> list[str]:
    """The facets for people, those without a value in one line."""
    lines: list[str] = []
    silent = [one["label"].lower() for one in found if one["value"] == "not_stated"]
    for one in found:
        if one["value"] != "not_stated":
            how = f"{one['level']}: {FINDINGS[one['finding']]}" if one["finding"] else one["level"]
            lines.append(
                f"  {one['label']}: {one['value']} ({how}), {words(one['proofs'], _WORDS_SHOWN)}"
            )
    figures = {one["label"]: _accuracy_read(one) for one in found if one["value"] != "not_stated"}
    lines += [f"  all values of {label.lower()}, {figure}" for label, figure in figures.items()]
    if silent:
        silent_line = f"{not_given(has_abstract)}: {', '.join(silent)}"
        lines += textwrap.wrap(silent_line, 96, initial_indent="  ", subsequent_indent="    ")
    return ["", "Facets", *lines] if lines else []


def tie_lines(found: Rows) -> list[str]:
    """Rows of values that belong together, for people."""
    lines = [f"  {', '.join(one['tied'])}: {words(one['proofs'], _WORDS_SHOWN)}" for one in found]
    return ["", "Tied by a sentence, or two neighbours", *lines] if lines else []


def study_lines(explained: dict[str, Any]) -> list[str]:
    """Registrations, study group and links for people."""
    lines = [
        f"  registered: {one['number']} ({one['registry']}), {words(one['proofs'], _WORDS_SHOWN)}"
        for one in explained["registrations"]
    ]
    for group in explained["groups"]:
        if len(group["pmids"]) > 1:
            members = ", ".join(map(str, group["pmids"]))
            lines.append(f"  in study {group['study_group']} as {group['role']}: {members}")
        if group["may_share_cases"]:
            lines.append("  may count the same cases as others, see below")
    for link in explained["links"]:
        lines.append(
            f"  {link['relation']}: {link['pmid']} and {link['other_pmid']} ({link['ground']})"
        )
    return ["", "Study", *lines] if lines else []


def claim_lines(found: Iterable[dict[str, Any]]) -> list[str]:
    """The claims for people: what is stated of each, by which words, and why it is asked."""
    lines: list[str] = []
    for one in found:
        by = ", as a person read it" if one["finding_by"] == "override" else ""
        how = one["how"].replace("_", " ")
        said = words(one["stated"] or one["proofs"])
        lines += [
            f"  {one['claim']} ({how}): {FINDINGS[one['finding']]}{by}, {said}",
            f"    {_accuracy_read(one)}",
        ]
    return ["", "Claims, and what the authors state of them", *lines] if lines else []


def _accuracy_read(one: dict[str, Any]) -> str:
    """How often a value that is given is right, and how often one is found, by kratom records."""
    parts = []
    for what, value, hits, of in (
        ("right", one["precision_value"], "said_right_count", "said_count"),
        ("found", one["recall_value"], "read_found_count", "read_count"),
    ):
        share_of = "not measured on kratom" if value is None else f"{value:.2f}"
        parts.append(f"{what}: {share_of} ({one[hits] or 0} of {one[of] or 0})")
    return "; ".join(parts)


def words(proofs: Iterable[dict[str, Any]], at_most: int | None = None) -> str:
    """The distinct words and tags of some proofs, with where they stand."""
    found = dict.fromkeys(f"[{one['matched_text']}] in {one['field']}" for one in proofs)
    return "; ".join(list(found)[:at_most])
