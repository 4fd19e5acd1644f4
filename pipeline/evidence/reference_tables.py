"""What judgements refer to: rule files, study types, their accuracy, topics, facets, claims."""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from pipeline.evidence.evaluation.figures import LEAST_READ, Result
from pipeline.evidence.evaluation.people_read import Measured
from pipeline.evidence.facets import NOT_STATED, Facets
from pipeline.evidence.questions import Claims
from pipeline.evidence.reference import Reference
from pipeline.evidence.stated import FINDINGS
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.topics import Topics
from pipeline.warehouse.database import append

NOT_MEASURED = "not measured"
KRATOM = "kratom"
"""The set of kratom records that people read; every other set is about other literature."""
NOT_ON_KRATOM = "not measured on kratom"
_TABLES = (
    "rule_sets", "study_types", "study_type_accuracy", "confidence_measured",
    "study_type_aspects", "topics", "searches", "facets", "facet_values", "claims",
    "claim_accuracy", "facet_accuracy", "claim_cards", "question_groups", "claim_leaned_on",
    "evidence_groups", "findings",
)  # fmt: skip


def write_reference_tables(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """Fill the tables that judgements refer to; small, they are rebuilt each time.

    Args:
        con: the warehouse, in the caller's transaction.
        reference: the reference files.
    """
    for table in _TABLES:
        con.execute(f"DELETE FROM evidence.{table}")
    append(con, "evidence.rule_sets", _rule_sets(reference))
    append(
        con,
        "evidence.study_type_accuracy",
        _accuracy(reference.study_types, reference.measured),
    )
    append(con, "evidence.confidence_measured", _confidences(reference.study_types))
    _write_study_types(con, reference.study_types)
    _write_topics(con, reference.topics)
    _write_facets(con, reference.facets)
    _write_claims(con, reference.claims, reference.findings.senses)
    append(con, "evidence.claim_accuracy", _claim_accuracy(reference))
    append(con, "evidence.facet_accuracy", _facet_accuracy(reference))
    append(
        con,
        "evidence.findings",
        [(code, label, place) for place, (code, label) in enumerate(FINDINGS.items(), 1)],
    )


def _rule_sets(reference: Reference) -> Iterator[tuple[str, str, str, int]]:
    """Kind, version, SHA-256 and number of rules of each rule file."""
    overrides, study_types = reference.overrides, reference.study_types
    topics, reader, facets = reference.topics, reference.reader, reference.facets
    registries, claims = reference.registries, reference.claims
    yield ("override", overrides.version, overrides.sha256, len(overrides.decisions))
    yield ("study_type", study_types.version, study_types.sha256, len(study_types.rules.rules))
    yield ("topic", topics.version, topics.sha256, len(topics.clauses()))
    if reader:
        yield ("reader", reader.sha256[:12], reader.sha256, len(reader.labels))
    yield ("facet", facets.version, facets.sha256, len(facets.rules.rules))
    yield ("registry", registries.version, registries.sha256, len(registries.registries))
    yield ("claim", claims.version, claims.sha256, len(claims.rules.rules))
    findings = reference.findings
    yield ("finding", findings.version, findings.sha256, findings.pattern_count)


def _write_study_types(con: duckdb.DuckDBPyConnection, study_types: StudyTypes) -> None:
    groups = [group.name for group in study_types.groups]
    summaries = {group.name for group in study_types.groups if group.kind == "summary"}
    append(
        con,
        "evidence.evidence_groups",
        [
            (group.name, group.short, group.kind, place)
            for place, group in enumerate(study_types.groups, 1)
        ],
    )
    ordered = sorted(study_types.types, key=lambda one: groups.index(one.group))
    append(
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
    append(
        con,
        "evidence.study_type_aspects",
        [
            (one.name, code, one.label, one.definition, list(one.values), one.required)
            for one in study_types.aspects
            for code in one.types
        ],
    )


def _write_topics(con: duckdb.DuckDBPyConnection, topics: Topics) -> None:
    append(
        con,
        "evidence.topics",
        [
            (topic.name, topic.label, topic.query, topic.subject, place)
            for place, topic in enumerate(topics.topics, 1)
        ],
    )
    append(
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
                search.is_headline,
                search.is_focus,
                place,
            )
            for place, search in enumerate(topics.searches, 1)
        ],
    )


def _write_facets(con: duckdb.DuckDBPyConnection, facets: Facets) -> None:
    append(
        con,
        "evidence.facets",
        [
            (one.name, one.label, one.definition, list(one.types), one.topic, place)
            for place, one in enumerate(facets.facets, 1)
        ],
    )
    append(
        con,
        "evidence.facet_values",
        [
            (one.name, value, label, place)
            for one in facets.facets
            for place, (value, label) in enumerate(
                (*((v.value, v.label) for v in one.values), (NOT_STATED, "Not in abstract")), 1
            )
        ],
    )


def _write_claims(
    con: duckdb.DuckDBPyConnection, claims: Claims, senses: Mapping[str, str]
) -> None:
    matched = {claim.code for claim in claims.matched()}
    append(
        con,
        "evidence.claims",
        [
            (
                claim.code, claim.parent, claim.question, claim.definition, claim.counts,
                [one.reading for one in claim.readings], list(claim.cards), claim.group,
                claim.asks, claim.kind, claim.says, claim.source, claim.topic,
                list(claim.answered_by), senses.get(claim.code), claim.code in matched, place,
            )
            for place, claim in enumerate(claims.claims, 1)
        ],
    )  # fmt: skip
    append(
        con,
        "evidence.claim_cards",
        [(one.code, one.label, one.description, n) for n, one in enumerate(claims.cards, 1)],
    )
    append(
        con,
        "evidence.question_groups",
        [(one.code, one.label, place) for place, one in enumerate(claims.groups, 1)],
    )
    append(
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


def _accuracy(study_types: StudyTypes, measured: Sequence[Result]) -> Iterator[tuple[Any, ...]]:
    """One row a code and set it was measured on, and one for each code that was not measured.

    On kratom, fewer than LEAST_READ records measure nothing: the code was not measured there.
    """
    seen: set[str] = set()
    on_kratom: set[str] = set()
    for result in measured:
        for scheme in result["schemes"]:
            for one in scheme["classes"]:
                for code in one.get("study_types", ()):
                    precision, recall = one["precision"], one["recall"]
                    if result["set"] == KRATOM:
                        if precision["n"] < LEAST_READ:
                            continue
                        on_kratom.add(code)
                    seen.add(code)
                    yield (
                        code,
                        f"{result['set']}, {result['part']}: {scheme['scheme']}",
                        one["class"],
                        precision["value"], precision["low"], precision["high"], precision["n"],
                        recall["value"], recall["low"], recall["high"], recall["n"],
                        result["rules_version"],
                    )  # fmt: skip
    for code in study_types.codes():
        if code not in on_kratom:
            yield (code, NOT_ON_KRATOM, *(None,) * 10)
        if code not in seen:
            yield (code, NOT_MEASURED, *(None,) * 10)


def _claim_accuracy(reference: Reference) -> Iterator[tuple[Any, ...]]:
    """One row a question: its figures on kratom; shares only of LEAST_READ readings and more."""
    of = {one.question: one for one in reference.questions_measured}
    for claim in reference.claims.matched():
        one = of.get(claim.code)
        yield (*_on_kratom(claim.code, one), one.rules_version if one else None)


def _facet_accuracy(reference: Reference) -> Iterator[tuple[Any, ...]]:
    """One row a facet: its figures on kratom; shares only of LEAST_READ readings and more."""
    of = {one.facet: one for one in reference.facets_measured}
    for facet in reference.facets.facets:
        yield _on_kratom(facet.name, of.get(facet.name))


def _on_kratom(name: str, one: Measured | None) -> tuple[Any, ...]:
    if one is None:
        return (name, NOT_ON_KRATOM, 0, 0, 0, 0, None, None)
    is_measured = one.precision is not None or one.recall is not None
    return (
        name, KRATOM if is_measured else NOT_ON_KRATOM, one.said, one.said_right,
        one.read, one.found, one.precision, one.recall,
    )  # fmt: skip


def _confidences(study_types: StudyTypes) -> Iterator[tuple[Any, ...]]:
    """What was measured of each type by the kind of evidence."""
    for one in sorted(study_types.measured.values(), key=lambda held: held[:2]):
        yield (
            one.study_type, one.evidence, one.confidence, one.right["hits"], one.right["n"],
            one.right["low"], one.right["high"], one.measured_on, one.class_name,
            one.is_of_class, one.rules_version,
        )  # fmt: skip
