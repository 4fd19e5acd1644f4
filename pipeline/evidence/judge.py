"""Judge records: what is decided of each, and which study types changed.

`judge_record` is a pure function of a record and the reference files. `judge` calls it for the
records whose input or rules changed (`due.find_due`), and then does what looks at several records
at once: study groups, people's readings, decisions about records that are not there.
"""

# SQL here is made of names that stand in the code.

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb

from pipeline import progress
from pipeline.evidence.claim_finding import claims_of
from pipeline.evidence.curation import NOT_HELD, write_readings
from pipeline.evidence.due import find_due, note_judged
from pipeline.evidence.facet_finding import asked_of, facets_of, scope_of
from pipeline.evidence.facets import Facet
from pipeline.evidence.findings import findings_of
from pipeline.evidence.overrides import Override, Overrides, with_decision
from pipeline.evidence.reader import Document, document_of, suggestions_of
from pipeline.evidence.record import Decided, Judgement, Label, Proof, Record, read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_files import READINGS_FILE
from pipeline.evidence.reference_tables import write_reference_tables
from pipeline.evidence.registrations import registrations_of
from pipeline.evidence.study_groups import group_studies
from pipeline.evidence.study_types import UNCLASSIFIED, TypesOf, types_of_all
from pipeline.evidence.topics import TopicsOf, topics_of_all
from pipeline.evidence.value_context import TiesOf, ties_of
from pipeline.evidence.writing import Writer
from pipeline.rules.decide import Asked, Outcome
from pipeline.rules.text import Unit

_SCHEMA = "core"
TOGETHER = 100
"""Records that rules are run over at once."""
Take = Callable[[duckdb.DuckDBPyConnection, Sequence[int], Overrides], list[int]]


def judge_record(record: Record, reference: Reference) -> Judgement:
    """Everything decided about one record, people's decisions about it included.

    Args:
        record: the record.
        reference: rules and decisions.
    """
    return judge_records([record], reference)[0]


def judge_records(records: Sequence[Record], reference: Reference) -> list[Judgement]:
    """As `judge_record`, for many: rules and the second reader take many at a time much faster."""
    judged = [
        one
        for first in range(0, len(records), TOGETHER)
        for one in _by_rules(records[first : first + TOGETHER], reference)
    ]
    if reference.reader is None:
        return [judgement for judgement, _ in judged]
    suggestions = suggestions_of(
        reference.reader,
        [document for _, document in judged],
        [judgement.primary.study_type for judgement, _ in judged],
    )
    return [
        dataclasses.replace(judgement, suggestion=suggestion)
        for (judgement, _), suggestion in zip(judged, suggestions, strict=True)
    ]


def _by_rules(
    records: Sequence[Record], reference: Reference
) -> Iterator[tuple[Judgement, Document]]:
    """Judgements without the second reader's suggestion, and what that reader is to read."""
    asked = [Asked(record.units(reference.language), record.tags()) for record in records]
    topics = topics_of_all(reference.topics, asked)
    types = types_of_all(reference.study_types, records, asked)
    begun = [_begun(reference, *one) for one in zip(records, asked, topics, types, strict=True)]
    outcomes = reference.facets.matcher.run_all([one.asked for one in begun])
    for one, outcome in zip(begun, outcomes, strict=True):
        yield (
            _judged(reference, one, outcome),
            document_of(one.record, one.types.rule_ids, one.types.labels),
        )


class _Begun(NamedTuple):
    """A record with its topics and study types, and what its facets are asked of.

    Attributes:
        labels: its study types, people's decisions in force.
        type_proofs: what these rest on.
        decisions: people's decisions about it.
        decided: those about study types, beside what the rules say.
        scope: the facets that apply to it.
    """

    record: Record
    units: Sequence[Unit]
    topics: TopicsOf
    types: TypesOf
    labels: tuple[Label, ...]
    type_proofs: tuple[Proof, ...]
    decisions: Sequence[Override]
    decided: Sequence[Decided]
    scope: Sequence[Facet]
    asked: Asked


def _begun(
    reference: Reference, record: Record, asked: Asked, topics: TopicsOf, types: TypesOf
) -> _Begun:
    decisions = reference.overrides.of.get(record.pmid, ())
    labels, decided, decision_proofs = with_decision(types.labels, decisions)
    scope = scope_of(reference.facets, {hit.topic for hit in topics.hits}, labels)
    return _Begun(
        record, asked.units, topics, types, labels, (*types.proofs, *decision_proofs), decisions,
        decided, scope, asked_of(reference.facets, scope, record, asked),
    )  # fmt: skip


def _judged(reference: Reference, begun: _Begun, outcome: Outcome) -> Judgement:
    """Everything decided about a record, given what the rules of its facets say."""
    record, units, topics, types, labels, type_proofs, decisions, decided, scope, asked = begun
    tags = asked.tags
    facets = facets_of(
        reference.facets,
        record,
        scope,
        asked,
        outcome,
        aspects=types.aspects,
        type_proofs=[proof for proof in type_proofs if proof.kind == "study_type"],
        decisions=decisions,
    )
    ties = (
        ties_of(
            reference.facets,
            units,
            tags,
            labels=labels,
            values=facets.values,
            proofs=facets.proofs,
        )
        if topics.hits
        else TiesOf((), ())
    )
    registrations = registrations_of(reference.registries, record, units)
    claims = claims_of(reference.claims, units, tags, topics=topics.hits, labels=labels)
    findings = findings_of(
        reference.findings,
        units,
        claims=claims.hits,
        facets=facets.values,
        proofs=(*claims.proofs, *facets.proofs),
        labels=labels,
        decisions=decisions,
    )
    return Judgement(
        pmid=record.pmid,
        topics=topics.hits,
        labels=labels,
        aspects=types.aspects,
        flags=types.flags,
        facets=findings.facets,
        ties=ties.ties,
        registrations=registrations.found,
        claims=findings.claims,
        decisions=(*decided, *facets.decisions, *findings.decisions),
        proofs=(
            *topics.proofs,
            *type_proofs,
            *facets.proofs,
            *ties.proofs,
            *registrations.proofs,
            *claims.proofs,
            *findings.proofs,
        ),
    )


def judge(
    con: duckdb.DuckDBPyConnection,
    reference: Reference,
    changed: Sequence[int] | None = None,
    take: Take | None = None,
) -> dict[str, int]:
    """Bring all evidence tables up to date with core and the reference files.

    Args:
        con: the warehouse, in the caller's transaction.
        reference: the reference files.
        changed: the records that came or changed since the last judging (`due.find_due`).
        take: brings in what workers judged, and says what is left to be judged.

    Returns:
        Counts for the receipt: those of `_counts`, and judged_again.

    Raises:
        ConfigurationError: a quote in claim_evidence.csv is wrong; nothing stays written once
            the transaction is undone.
    """
    due = find_due(con, reference.overrides, reference.sha256, changed)
    remember_types(con)
    write_reference_tables(con, reference)
    writer = Writer(con, reference)
    writer.remove_stale()
    wanted = None if due.is_all else due.pmids
    if take is not None:
        wanted = take(con, due.pmids, reference.overrides)
    judged = 0
    for records in read_records(con, _SCHEMA, wanted):
        writer.add(judge_records(records, reference))
        judged += len(records)
        progress.note(judged, len(due.pmids))
    writer.finish()
    note_judged(con, reference.sha256)
    topic = reference.facets.named("substance").topic or ""
    group_studies(con, reference.registries, topic, _SCHEMA)
    write_readings(con, reference.readings, reference.directory / READINGS_FILE)
    return {**_counts(con), "judged_again": len(due.pmids)}


def _counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What the receipt says about this judging."""
    queries = {
        "judged": "count(*) FROM evidence.article_flags",
        "labelled": f"count(*) FROM evidence.article_study_types "
        f"WHERE is_primary AND study_type <> '{UNCLASSIFIED}'",
        "unclassified": f"count(*) FROM evidence.article_study_types "
        f"WHERE is_primary AND study_type = '{UNCLASSIFIED}'",
        "conflicts": "count(*) FROM evidence.article_study_types WHERE is_primary AND has_conflict",
        "labels": f"count(*) FROM evidence.article_study_types "
        f"WHERE study_type <> '{UNCLASSIFIED}'",
        "proofs": "count(*) FROM evidence.proofs",
        "retracted": "count(*) FROM evidence.article_flags WHERE is_retracted",
        "notices": "count(*) FROM evidence.article_flags WHERE is_notice",
        "preprints": "count(*) FROM evidence.article_flags WHERE is_preprint",
        "facet_values": "count(*) FROM evidence.article_facets WHERE value <> 'not_stated'",
        "registrations": "count(*) FROM evidence.registrations",
        "study_groups": "count(DISTINCT study_group) FROM evidence.study_groups",
        "overrides": "count(*) FROM evidence.overrides",
        "claim_pairs": "count(*) FROM evidence.article_claims",
        "claim_readings": "count(*) FROM evidence.claim_evidence",
        "claim_readings_not_held": "count(*) FROM evidence.claim_evidence "
        f"WHERE stale_reason = '{NOT_HELD}'",
        "overrides_unmet": "count(*) FROM evidence.overrides WHERE NOT is_expectation_met",
        "overrides_not_held": "count(*) FROM evidence.overrides WHERE automatic_value IS NULL",
    }
    counts: dict[str, int] = {}
    for name, query in queries.items():
        row = con.execute(f"SELECT {query}").fetchone()
        counts[name] = row[0] if row else 0
    return counts


# -- Which primary study types changed in a run, and why: record, rules, a decision, the program


def remember_types(con: duckdb.DuckDBPyConnection) -> None:
    """Set aside the versions of the rules, and the primary types of what is judged anew."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE types_before AS
        SELECT label.pmid, label.study_type, label.assigned_by, judged.rules_sha256
        FROM evidence.article_study_types AS label
        LEFT JOIN ops.judged AS judged USING (pmid)
        WHERE label.is_primary AND label.pmid IN (SELECT pmid FROM judging_stale)
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE rules_before AS "
        "SELECT kind, rules_version, rules_sha256 FROM evidence.rule_sets"
    )


def note_type_changes(con: duckdb.DuckDBPyConnection, as_of: datetime) -> int:
    """Write the changes to ops.study_type_changes; returns how many there were.

    Args:
        con: the warehouse, after `judge.judge` in the same transaction.
        as_of: the run's time; changes of records are in ops.article_changes under it.

    A record that is new or gone has no change of type.
    """
    con.execute(
        """
        INSERT OR REPLACE INTO ops.study_type_changes
        WITH record_changes AS (
            SELECT pmid, string_agg(field, ', ' ORDER BY field) AS fields
            FROM ops.article_changes
            WHERE changed_at = $as_of AND field IN ('title', 'publication_types',
                'mesh_headings', 'chemicals', 'abstract_sections', 'keywords', 'article_links')
            GROUP BY pmid
        ),
        rules AS (
            SELECT string_agg(concat('rules ', old.rules_version, ' to ', now.rules_version), '')
                AS told
            FROM rules_before AS old
            JOIN evidence.rule_sets AS now USING (kind)
            WHERE kind = 'study_type' AND old.rules_sha256 <> now.rules_sha256
        )
        SELECT now.pmid, $as_of::TIMESTAMP, old.study_type, now.study_type, coalesce(
            nullif(concat_ws('; ',
                CASE WHEN 'override' IN (old.assigned_by, now.assigned_by)
                    THEN 'a person''s decision' END,
                'record: ' || changed.fields,
                (SELECT told FROM rules)), ''),
            -- no field, version or decision tells it: the program, or what else rules rest on
            CASE WHEN judged.rules_sha256 IS DISTINCT FROM old.rules_sha256
                THEN 'program' ELSE 'record' END)
        FROM types_before AS old
        JOIN evidence.article_study_types AS now ON now.pmid = old.pmid AND now.is_primary
        LEFT JOIN record_changes AS changed ON changed.pmid = now.pmid
        LEFT JOIN ops.judged AS judged ON judged.pmid = now.pmid
        WHERE old.study_type <> now.study_type
        ORDER BY now.pmid
        """,
        {"as_of": as_of},
    )
    row = con.execute(
        "SELECT count(*) FROM ops.study_type_changes WHERE changed_at = ?", [as_of]
    ).fetchone()
    return int(row[0]) if row else 0
