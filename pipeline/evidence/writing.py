"""The one writer of judgements and proofs: frozen values in, rows of evidence.* out."""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb

from pipeline.evidence.record import Decided, Judgement, Proof
from pipeline.evidence.reference import Reference
from pipeline.evidence.study_types import FLAGS
from pipeline.warehouse.database import append

TABLES = (
    "article_topics", "article_study_types", "article_type_aspects", "study_type_suggestions",
    "article_flags", "article_facets", "article_ties", "registrations", "article_claims",
)  # fmt: skip
"""What holds judgements, besides proofs and decisions."""
PROOFS = "new_proofs"
"""A temporary table of the proofs that a writer was given, until it puts them in order."""
_TOGETHER = 1_000
"""Judgements whose rows are put into tables at once: each table costs something each time."""
_NOTICE = "NOTICE"


class Writer:
    """Writes judgements into evidence, in the order of their PMIDs."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
        """Begin in the caller's transaction, in which `find_due` has run."""
        self._con = con
        self._reference = reference
        self._appenders = {name: con.appender(f"evidence.{name}") for name in TABLES}
        # by its columns: of a table made as a query without rows, DuckDB 2.0.0 shows nothing of
        # more than a row group that is inserted in the same transaction
        columns = con.execute(
            "SELECT string_agg(concat(column_name, ' ', data_type), ', ' ORDER BY column_index) "
            "FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = 'evidence' AND table_name = 'proofs'"
        ).fetchall()[0][0]
        con.execute(f"CREATE OR REPLACE TEMP TABLE {PROOFS} ({columns})")
        self._appenders[PROOFS] = con.appender(PROOFS)
        self._decided: list[Decided] = []
        self._held = 0

    def remove_stale(self) -> None:
        """Remove the judgements of records that are judged again or gone."""
        for name in (*TABLES, "proofs", "overrides"):
            self._con.execute(
                f"DELETE FROM evidence.{name} WHERE pmid IN (SELECT pmid FROM judging_stale)"
            )

    def add(self, judged: JudgedRows) -> None:
        """Write the rows of some judgements; those of later calls are of higher PMIDs."""
        for name, found in judged.tables.items():
            if found:
                self._appenders[name].append_rows(found)
        self._decided += judged.decided
        self._held += judged.number
        if self._held >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Have the tables hold all that was added."""
        for appender in self._appenders.values():
            appender.flush()
        self._held = 0

    def finish(self) -> None:
        """Put the proofs in order, and note decisions about records that are not held."""
        self.flush()
        self._con.execute(
            """
            INSERT INTO evidence.proofs
            SELECT * EXCLUDE (part)
            FROM (
                SELECT *, CASE kind WHEN 'facet' THEN 1 WHEN 'registration' THEN 2
                    WHEN 'claim' THEN 3 WHEN 'finding' THEN 4 ELSE 0 END AS part
                FROM new_proofs
            )
            ORDER BY part, CASE WHEN part = 0 THEN kind WHEN part < 3 THEN code ELSE '' END, pmid,
                code, proof_no
            """
        )
        self._con.execute("DROP TABLE new_proofs")
        self._write_decisions()

    def _write_decisions(self) -> None:
        """Decisions, those about records that are not held among them, in their order."""
        before = self._con.execute("SELECT * FROM evidence.overrides").fetchall()
        decisions = self._reference.overrides.decisions
        about = {*(row[0] for row in before), *(one.pmid for one in decisions)}
        found = self._con.execute(
            "SELECT pmid FROM core.articles WHERE pmid IN (SELECT unnest(?::INTEGER[]))",
            [list(about)],
        ).fetchall()
        held = {pmid for (pmid,) in found}
        absent = [one.decided(None) for one in decisions if one.pmid not in held]
        rows: list[Row] = [row for row in before if row[0] in held]
        rows += [(*one, one.is_expectation_met) for one in (*self._decided, *absent)]
        self._con.execute("DELETE FROM evidence.overrides")
        append(self._con, "evidence.overrides", sorted(rows, key=itemgetter(0, 1)))


# -- The rows of judgements: plain tuples, which also come cheaply from another process

Row = tuple[Any, ...]


class JudgedRows(NamedTuple):
    """The rows of some judgements.

    Attributes:
        number: how many judgements.
        tables: rows by table, those of `PROOFS` among them.
        decided: people's decisions about the records.
    """

    number: int
    tables: dict[str, list[Row]]
    decided: list[Decided]


def rows_of(judgements: Sequence[Judgement], reference: Reference) -> JudgedRows:
    """The rows of some judgements, with the versions of the rules that gave them."""
    versions = {
        "topic": reference.topics.version,
        "study_type": reference.study_types.version,
        "flag": reference.study_types.version,
        "facet": reference.facets.version,
        "tie": reference.facets.version,
        "registration": reference.registries.version,
        "claim": reference.claims.version,
        "finding": reference.findings.version,
    }
    tables: dict[str, list[Row]] = {name: [] for name in (*TABLES, PROOFS)}
    for one in judgements:
        for name, found in _by_table(one, versions).items():
            tables[name] += found
        tables[PROOFS] += _numbered(one, versions)
    return JudgedRows(len(judgements), tables, [it for one in judgements for it in one.decisions])


def _by_table(one: Judgement, versions: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows of one judgement, its proofs apart."""
    pmid, types, facets = one.pmid, versions["study_type"], versions["facet"]
    suggested = one.suggestion
    return {
        "article_topics": [(pmid, *hit, versions["topic"]) for hit in sorted(one.topics)],
        "article_study_types": [(pmid, *label, types) for label in sorted(one.labels)],
        "article_type_aspects": [(pmid, *value, types) for value in sorted(one.aspects)],
        "study_type_suggestions": [
            (pmid, suggested.suggestion, list(suggested.study_types), *suggested[2:])
        ]
        if suggested
        else [],
        "article_flags": [_flags_row(one, types)],
        "article_facets": [(pmid, *value, facets) for value in sorted(one.facets)],
        "article_ties": [(pmid, *tie, facets) for tie in sorted(one.ties)],
        "registrations": [(pmid, *found) for found in sorted(one.registrations)],
        "article_claims": [(pmid, *hit, versions["claim"]) for hit in sorted(one.claims)],
    }


def _flags_row(one: Judgement, version: str) -> Row:
    """Flags in the order of evidence.article_flags."""
    is_retracted, *others = (flag in one.flags for flag in FLAGS)
    return (one.pmid, is_retracted, one.primary.study_type == _NOTICE, *others, version)


def _numbered(one: Judgement, versions: Mapping[str, str]) -> Iterator[Row]:
    """Proofs with their numbers within a code."""
    ordered = sorted(one.proofs, key=_order)
    for (kind, code), held in groupby(ordered, key=lambda proof: (proof.kind, proof.code)):
        for number, proof in enumerate(held, 1):
            yield (kind, code, one.pmid, number, *proof[2:], versions[kind])


def _order(proof: Proof) -> Row:
    # a number stands in texts of one registry; else rules come first
    rule_id = "" if proof.kind == "registration" else proof.rule_id
    return (
        proof.kind, proof.code, rule_id, proof.source, proof.field, proof.section_no or 0,
        -1 if proof.start is None else proof.start, proof.text, proof.rule_id,
    )  # fmt: skip
