"""Judge records: what is decided of each, by several processes where there are many.

`judge_records` is a pure function of records and the reference files. `judge` calls it for the
records whose input or rules changed (`due.find_due`), and then does what looks at several records
at once: study groups, people's readings, decisions about records that are not there.
"""

from __future__ import annotations

import dataclasses
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
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
from pipeline.evidence.record import (
    Decided,
    Judgement,
    Label,
    Proof,
    Record,
    RecordRows,
    read_rows,
    records_of,
)
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_files import READINGS_FILE
from pipeline.evidence.reference_tables import write_reference_tables
from pipeline.evidence.registrations import registrations_of
from pipeline.evidence.study_groups import group_studies
from pipeline.evidence.study_types import UNCLASSIFIED, TypesOf, types_of_all
from pipeline.evidence.topics import TopicsOf, topics_of_all
from pipeline.evidence.type_changes import remember_types
from pipeline.evidence.value_context import TiesOf, ties_of
from pipeline.evidence.writing import JudgedRows, Writer, rows_of
from pipeline.rules.decide import Asked, Outcome
from pipeline.rules.text import Unit
from pipeline.settings import processors

TOGETHER = 100
"""Records that rules are run over at once."""
MANY = 1_000
"""Records from which on several processes judge them. Each needs 0.8 s of processor before its
first record, 0.5 s of it to compile rules, which one process needs as well; then a record takes
1.5 ms, and a tenth of that to be read, sent and written. On two processors two processes took as
long as one of 500 records (1.4 s by the clock), 1.8 s and not 2.2 of 1,000, 3.3 and not 5.3 of
3,000."""
MOST_PROCESSES = 8
"""Each holds 200 MB or more, and the run that gives them records is busy a tenth of the time that
one needs for these."""
Take = Callable[[duckdb.DuckDBPyConnection, Sequence[int], Overrides], list[int]]


def judge_records(records: Sequence[Record], reference: Reference) -> list[Judgement]:
    """Everything decided about each record, people's decisions about it included.

    Rules and the second reader take many records at a time much faster than one by one.
    """
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
    wanted = due.pmids if take is None else take(con, due.pmids, reference.overrides)
    judged = 0
    for rows in _rows_of_all(con, reference, wanted, is_all=take is None and due.is_all):
        writer.add(rows)
        judged += rows.number
        progress.note(judged, len(due.pmids))
    writer.finish()
    note_judged(con, reference.sha256)
    topic = reference.facets.named("substance").topic or ""
    group_studies(con, reference.registries, topic)
    write_readings(con, reference.readings, reference.directory / READINGS_FILE)
    return {**_counts(con), "judged_again": len(due.pmids)}


def _rows_of_all(
    con: duckdb.DuckDBPyConnection, reference: Reference, wanted: Sequence[int], *, is_all: bool
) -> Iterator[JudgedRows]:
    """The rows of all judgements, in the order of PMIDs; of many records by several processes.

    Args:
        con: the warehouse.
        reference: the reference files.
        wanted: the records.
        is_all: they are all there are.

    Raises:
        MachineError: one of several processes died.
    """
    batches = read_rows(con, "core", None if is_all else wanted)
    processes = min(processors(), MOST_PROCESSES) if len(wanted) >= MANY else 1
    if processes == 1:
        for rows in batches:
            yield _judge_rows(rows, reference)
        return
    from pipeline import workers  # seldom needed, and 20 ms

    parts = (part for rows in batches for part in _parts_of(rows))
    with tempfile.NamedTemporaryFile(prefix="ketum-") as file:
        pickle.dump(reference, file)  # as it is here; files may change while a run goes on
        file.flush()
        judge_part = partial(_judge_part, file.name)
        yield from workers.in_order(judge_part, parts, workers.Processes(processes))


def _parts_of(rows: RecordRows) -> Iterator[RecordRows]:
    """A batch cut into parts of so many records as rules are run over at once."""
    pmids = list(rows["articles"])
    for first in range(0, len(pmids), TOGETHER):
        part = pmids[first : first + TOGETHER]
        yield {table: {pmid: of[pmid] for pmid in part if pmid in of} for table, of in rows.items()}


def _judge_part(path: str, rows: RecordRows) -> JudgedRows:
    """In a worker: as `_judge_rows`, by the reference files that lie there, pickled."""
    return _judge_rows(rows, _unpickled(path))


def _judge_rows(rows: RecordRows, reference: Reference) -> JudgedRows:
    """The rows of the judgements of some records."""
    return rows_of(judge_records(records_of(rows), reference), reference)


@lru_cache(maxsize=1)
def _unpickled(path: str) -> Reference:
    reference: Reference = pickle.loads(Path(path).read_bytes())
    return reference


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
