"""Run the rules over labelled records and compare: one result a set, part and reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.evidence.evaluation.figures import (
    Answer,
    evidence_figures,
    pair_figures,
    scheme_figures,
    share,
)
from pipeline.evidence.evaluation.mapping import LabelMapping, Scheme
from pipeline.evidence.evaluation.records import Labelled
from pipeline.evidence.reader import Document, Reader, document_of
from pipeline.evidence.record import Record
from pipeline.evidence.study_types import StudyTypes, TypesOf, types_of
from pipeline.rules.text import Language


class Typed(NamedTuple):
    """A record and what the rules say of it."""

    record: Record
    types: TypesOf

    @property
    def document(self) -> Document:
        """The record as the second reader sees it."""
        return document_of(self.record, self.types.rule_ids, self.types.labels)


def typed(records: Sequence[Record], study_types: StudyTypes, language: Language) -> list[Typed]:
    """Judge the study types of records, each by itself."""
    return [
        Typed(one, types_of(study_types, one, one.units(language), one.tags())) for one in records
    ]


def evaluate(
    labelled: Labelled,
    judged: Sequence[Typed],
    mapping: LabelMapping,
    part: str,
    study_types: StudyTypes,
) -> dict[str, Any]:
    """Compare the primary types of records with their labels.

    Args:
        labelled: the records and their labels.
        judged: what the rules say of them.
        mapping: the set's classes.
        part: the part of the set, for the result.
        study_types: the rules, for the result.

    Returns:
        The result: set, part, by, rules_version, n, evidence and schemes (see `figures`).
    """
    answers = []
    for record, types in judged:
        primary = next(label for label in types.labels if label.is_primary)
        answers.append(
            Answer(
                labelled.labels[record.pmid],
                primary.study_type,
                primary.confidence,
                primary.evidence,
                bool(record.sections),
            )
        )
    return {
        "set": mapping.set_name,
        "part": part,
        "by": "rules",
        "rules_version": study_types.version,
        "rules_sha256": study_types.sha256,
        "n": len(answers),
        "wide_net": _wide_net(labelled, judged, mapping),
        "evidence": [
            figure
            for scheme in mapping.schemes
            if scheme.measures_confidence
            for figure in evidence_figures(scheme, answers)
        ],
        "schemes": [scheme_figures(scheme, answers) for scheme in mapping.schemes],
    }


def _wide_net(labelled: Labelled, judged: Sequence[Typed], mapping: LabelMapping) -> dict[str, Any]:
    """How many of the experiments on people the wide net holds, and what share of all records."""
    caught = {
        one.record.pmid for one in judged if "is_possible_human_experiment" in one.types.flags
    }
    wanted = {
        pmid
        for pmid, held in labelled.labels.items()
        if set(held) & set(mapping.human_experimental)
    }
    return {
        "recall": share(len(wanted & caught), len(wanted)),
        "share_of_records": share(len(caught), len(labelled.labels)),
    }


def evaluate_reader(
    labelled: Labelled,
    judged: Sequence[Typed],
    mapping: LabelMapping,
    part: str,
    reader: Reader,
    rules_version: str,
) -> dict[str, Any]:
    """What the second reader, which sees what the rules said too, says of the same records.

    Within a scheme it is asked for the likeliest of the scheme's classes, the probability of a
    class being that of its labels together.
    """
    shares = reader.probabilities([one.document for one in judged])
    schemes = []
    for scheme in mapping.schemes:
        pairs = []
        for one, row in zip(judged, shares, strict=True):
            truth = scheme.truth(labelled.labels[one.record.pmid])
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
        "n": len(judged),
        "schemes": schemes,
    }


def _likeliest(scheme: Scheme, reader: Reader, shares: Any) -> str:
    by_label = dict(zip(reader.labels, shares, strict=True))
    return max(
        scheme.classes, key=lambda one: sum(by_label.get(label, 0.0) for label in one.labels)
    ).name
