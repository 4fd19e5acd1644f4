"""What judgements refer to: rule files, study types, their accuracy, topics, facets, claims."""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from pipeline.evidence.claim_types import Claims
from pipeline.evidence.evaluation.results import Result
from pipeline.evidence.facets import NOT_STATED, Facets
from pipeline.evidence.inserting import insert
from pipeline.evidence.overrides import Overrides
from pipeline.evidence.reader import Reader
from pipeline.evidence.registrations import Registries
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.topics import Topics

NOT_MEASURED = "not measured"
_TABLES = (
    "rule_sets", "study_types", "study_type_accuracy", "study_type_aspects", "topics", "searches",
)  # fmt: skip


def write_lookups(
    con: duckdb.DuckDBPyConnection,
    topics: Topics,
    study_types: StudyTypes,
    overrides: Overrides,
    measured: list[Result],
    reader: Reader | None,
) -> None:
    """Fill rule_sets, study_types, study_type_accuracy, study_type_aspects, topics, searches."""
    for table in _TABLES:
        con.execute(f"DELETE FROM evidence.{table}")
    insert(
        con,
        "evidence.rule_sets",
        [
            ("override", overrides.version, overrides.sha256, len(overrides.decisions)),
            (
                "study_type",
                study_types.version,
                study_types.sha256,
                len(study_types.rules.rules),
            ),
            ("topic", topics.version, topics.sha256, len(topics.clauses())),
        ],
    )
    if reader:
        con.execute(
            "INSERT INTO evidence.rule_sets VALUES ('reader', ?, ?, ?)",
            [reader.sha256[:12], reader.sha256, len(reader.labels)],
        )
    insert(
        con,
        "evidence.study_type_accuracy",
        list(_accuracy(study_types, measured)),
    )
    groups = [group.name for group in study_types.groups]
    summaries = {group.name for group in study_types.groups if group.is_summary}
    ordered = sorted(study_types.types, key=lambda one: groups.index(one.group))
    insert(
        con,
        "evidence.study_types",
        [
            (
                one.code,
                one.label,
                one.group,
                one.definition,
                one.group in summaries,
                groups.index(one.group) + 1,
                place,
            )
            for place, one in enumerate(ordered, 1)
        ],
    )
    insert(
        con,
        "evidence.study_type_aspects",
        [
            (one.name, code, one.label, one.definition, list(one.values), one.required)
            for one in study_types.aspects
            for code in one.types
        ],
    )
    insert(
        con,
        "evidence.topics",
        [
            (topic.name, topic.label, topic.query, place)
            for place, topic in enumerate(topics.topics, 1)
        ],
    )
    insert(
        con,
        "evidence.searches",
        [
            (
                search.name,
                search.label,
                search.mode,
                list(search.topics),
                topics.pubmed_query(search.name),
                search.minimum,
                search.maximum,
                place,
            )
            for place, search in enumerate(topics.searches, 1)
        ],
    )


def write_facets(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    """Fill facets and facet_values, and name the rule file."""
    con.execute("DELETE FROM evidence.facets; DELETE FROM evidence.facet_values")
    insert(
        con,
        "evidence.facets",
        [
            (one.name, one.label, one.definition, list(one.types), one.topic, place)
            for place, one in enumerate(facets.facets, 1)
        ],
    )
    insert(
        con,
        "evidence.facet_values",
        [
            (one.name, value, label, place)
            for one in facets.facets
            for place, (value, label) in enumerate((*one.values, (NOT_STATED, "Not stated")), 1)
        ],
    )
    _write_rule_set(con, "facet", facets.version, facets.sha256, len(facets.rules.rules))


def write_registries(con: duckdb.DuckDBPyConnection, registries: Registries) -> None:
    """Name the rule file of registrations."""
    _write_rule_set(
        con, "registry", registries.version, registries.sha256, len(registries.registries)
    )


def write_claims(con: duckdb.DuckDBPyConnection, claims: Claims) -> None:
    """Fill claims, claim_leaned_on and study_type_domains, and name the rule file."""
    for table in ("claims", "claim_leaned_on", "study_type_domains"):
        con.execute(f"DELETE FROM evidence.{table}")
    matched = {claim.code for claim in claims.matched()}
    insert(
        con,
        "evidence.claims",
        [
            (
                claim.code, claim.parent, claim.question, claim.kind, claim.says, claim.source,
                claim.topic, list(claim.answered_by), [one.reading for one in claim.readings],
                claim.code in matched, place,
            )
            for place, claim in enumerate(claims.claims, 1)
        ],
    )  # fmt: skip
    insert(
        con,
        "evidence.claim_leaned_on",
        [
            (
                place, list(one.claims), one.says, one.pmid, one.doi, one.certainty, one.tested,
                one.differs,
            )
            for place, one in enumerate(claims.leaned_on, 1)
        ],
    )  # fmt: skip
    insert(
        con,
        "evidence.study_type_domains",
        [
            (code, domain, place)
            for place, (domain, codes) in enumerate(claims.domains.items(), 1)
            for code in codes
        ],
    )
    _write_rule_set(con, "claim", claims.version, claims.sha256, len(claims.rules.rules))


def _write_rule_set(
    con: duckdb.DuckDBPyConnection, kind: str, version: str, sha256: str, count: int
) -> None:
    con.execute("DELETE FROM evidence.rule_sets WHERE kind = ?", [kind])
    con.execute(
        "INSERT INTO evidence.rule_sets VALUES (?, ?, ?, ?)", [kind, version, sha256, count]
    )


def _accuracy(study_types: StudyTypes, measured: list[Result]) -> Iterator[tuple[Any, ...]]:
    """One row a code and set it was measured on; one `not measured` row for each other code."""
    seen: set[str] = set()
    for result in measured:
        for scheme in result["schemes"]:
            for one in scheme["classes"]:
                for code in one.get("study_types", ()):
                    seen.add(code)
                    precision, recall = one["precision"], one["recall"]
                    yield (
                        code,
                        f"{result['set']}, {result['part']}: {scheme['scheme']}",
                        one["class"],
                        precision["value"], precision["low"], precision["high"], precision["n"],
                        recall["value"], recall["low"], recall["high"], recall["n"],
                        result["rules_version"],
                    )  # fmt: skip
    for code in study_types.codes():
        if code not in seen:
            yield (code, NOT_MEASURED, *(None,) * 10)
