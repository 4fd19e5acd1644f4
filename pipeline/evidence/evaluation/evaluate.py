"""Run the rules over labelled records and compare: one result a set, part and reader."""

# SQL here is made of schema names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

from typing import Any

import duckdb

from pipeline.evidence.assigning import assign
from pipeline.evidence.evaluation.figures import Answer, pair_figures, scheme_figures, share
from pipeline.evidence.evaluation.mapping import LabelMapping, Scheme
from pipeline.evidence.evaluation.records import SCHEMA
from pipeline.evidence.reader import Reader, documents
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.zones import build_units


def evaluate(
    con: duckdb.DuckDBPyConnection,
    labels: dict[int, tuple[str, ...]],
    mapping: LabelMapping,
    part: str,
    study_types: StudyTypes,
) -> dict[str, Any]:
    """Judge the records of `records.SCHEMA` and compare their primary types with the labels.

    Args:
        con: a connection as `records` gives it.
        labels: labels by PMID.
        mapping: the set's classes.
        part: the part of the set, for the result.
        study_types: the rules.

    Returns:
        The result: set, part, by, rules_version, n, schemes (see `figures`).
    """
    build_units(con, SCHEMA)
    assign(con, study_types, SCHEMA)
    answers = [
        Answer(labels[pmid], study_type, confidence, has_abstract)
        for pmid, study_type, confidence, has_abstract in con.execute(
            f"SELECT pmid, study_type, confidence, pmid IN (SELECT pmid FROM "
            f"{SCHEMA}.abstract_sections) FROM type_labels WHERE is_primary ORDER BY pmid"
        ).fetchall()
        if pmid in labels
    ]
    return {
        "set": mapping.set_name,
        "part": part,
        "by": "rules",
        "rules_version": study_types.version,
        "rules_sha256": study_types.sha256,
        "n": len(answers),
        "wide_net": _wide_net(con, labels, mapping),
        "schemes": [scheme_figures(scheme, answers) for scheme in mapping.schemes],
    }


def _wide_net(
    con: duckdb.DuckDBPyConnection, labels: dict[int, tuple[str, ...]], mapping: LabelMapping
) -> dict[str, Any]:
    """How many of the experiments on people the wide net holds, and what share of all records."""
    caught = {
        pmid
        for (pmid,) in con.execute(
            "SELECT pmid FROM flag_hits WHERE flag = 'is_possible_human_experiment'"
        ).fetchall()
    }
    wanted = {pmid for pmid, held in labels.items() if set(held) & set(mapping.human_experimental)}
    return {
        "recall": share(len(wanted & caught), len(wanted)),
        "share_of_records": share(len(caught & set(labels)), len(labels)),
    }


def evaluate_reader(
    con: duckdb.DuckDBPyConnection,
    labels: dict[int, tuple[str, ...]],
    mapping: LabelMapping,
    part: str,
    reader: Reader,
    rules_version: str,
) -> dict[str, Any]:
    """What the second reader, which sees the rules too, says of records `evaluate` has judged.

    Within a scheme it is asked for the likeliest of the scheme's classes, the probability of a
    class being that of its labels together.
    """
    pmids, texts = documents(con, SCHEMA)
    shares = reader.probabilities(texts)
    schemes = []
    for scheme in mapping.schemes:
        pairs = []
        for pmid, row in zip(pmids, shares, strict=True):
            truth = scheme.truth(labels[pmid])
            if truth is not None:
                pairs.append((truth.name, _likeliest(scheme, reader, row)))
        figures = pair_figures([one.name for one in scheme.classes], pairs)
        schemes.append({"scheme": scheme.name, **figures})
    return {
        "set": mapping.set_name,
        "part": part,
        "by": "rules and reader",
        "rules_version": rules_version,
        "reader_sha256": reader.sha256,
        "n": len(pmids),
        "schemes": schemes,
    }


def _likeliest(scheme: Scheme, reader: Reader, shares: Any) -> str:
    by_label = dict(zip(reader.labels, shares, strict=True))
    return max(
        scheme.classes, key=lambda one: sum(by_label.get(label, 0.0) for label in one.labels)
    ).name
