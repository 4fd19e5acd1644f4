"""Read labelled records, run the rules over them and compare: one result for each set and part."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline import progress
from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.figures import (
    ALL,
    Answer,
    LabelMapping,
    Result,
    Scheme,
    evidence_figures,
    pair_figures,
    scheme_figures,
    share,
)
from pipeline.evidence.reader import Document, Reader, document_of
from pipeline.evidence.record import Record, read_records
from pipeline.evidence.study_types import StudyTypes, TypesOf, types_of
from pipeline.rules.text import Language, Section
from pipeline.warehouse import database, load, stage
from pipeline.warehouse.fingerprint import schema_files


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
    judged = []
    for number, one in enumerate(records, 1):
        judged.append(Typed(one, types_of(study_types, one, one.units(language), one.tags())))
        progress.note(number, len(records))
    return judged


def evaluate(
    labelled: Labelled,
    judged: Sequence[Typed],
    mapping: LabelMapping,
    part: str,
    study_types: StudyTypes,
) -> dict[str, Any]:
    """Compare the primary types of records with their labels.

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
    """How many human trials and laboratory studies the wide net holds; its share of all records."""
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


_LOADED_AT = datetime(2000, 1, 1)  # noqa: DTZ001  (naive UTC, as every _at column; never read)
_ROW = ("pmid", "title", "abstract", "label")


@dataclass(frozen=True)
class Labelled:
    """Records, and what others call them.

    Attributes:
        records: the records, without NLM's terms, in the order of their numbers.
        labels: labels by number; several where NLM gave several tags.
    """

    records: tuple[Record, ...]
    labels: dict[int, tuple[str, ...]]


def labelled(path: Path, mapping: LabelMapping, part: str) -> Labelled:
    """Labelled titles and abstracts of a CSV file.

    Args:
        path: the file; its columns are named in the mapping.
        mapping: columns and split.
        part: develop, unseen or all.

    Raises:
        ConfigurationError: the file is not there, or lacks a column.
    """
    rows = _rows(path, mapping, part)
    return Labelled(
        tuple(
            Record(
                number,
                title,
                source="labels",
                sections=(Section(1, None, None, True, abstract),) if abstract else (),
            )
            for number, title, abstract, _ in rows
        ),
        {number: (label,) for number, _, _, label in rows},
    )


def tagged(paths: Sequence[Path], mapping: LabelMapping, part: str, sql: Path) -> Labelled:
    """Records of PubMed files whose publication types mean a class of the mapping.

    Raises:
        ConfigurationError: a file is not there.
    """
    known = {label for s in mapping.schemes for one in s.classes for label in one.labels}
    found: list[Record] = []
    with duckdb.connect() as con:
        database.configure(con)
        for path in schema_files(sql):
            con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(con)
        for path in paths:
            if not path.is_file():
                raise ConfigurationError(f"There is no file {path}.", effect="Nothing was done.")
            stage.stage_file(con, path, raw_file=None, stamp=path.name)
            con.execute("BEGIN")
            load.merge(con, _LOADED_AT)
            con.execute("COMMIT")
            stage.empty_staging(con)
        for batch in read_records(con, "core"):
            found += [
                one
                for one in batch
                if known.intersection(tag.name for tag in one.publication_types)
                and part in (ALL, mapping.split.part(str(one.pmid)))
            ]
    return Labelled(
        tuple(
            replace(one, publication_types=(), headings=(), substances=(), supplementary=())
            for one in found
        ),
        {one.pmid: tuple(tag.name for tag in one.publication_types) for one in found},
    )


def _rows(path: Path, mapping: LabelMapping, part: str) -> list[tuple[int, str, str, str]]:
    """(number, title, abstract, label) of the part; a record that is there twice counts once.

    Records are numbered because some sets hold records without a PMID.
    """
    columns = mapping.columns.model_dump()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(columns.values()) - set(reader.fieldnames or ()))
            if missing:
                raise ConfigurationError(
                    f"{path} has no column {missing[0]}.",
                    effect="Nothing was evaluated.",
                    next_step="name the columns in the mapping file, under [columns].",
                )
            rows = [tuple(row[columns[name]] for name in _ROW) for row in reader]
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", effect="Nothing was evaluated."
        ) from error
    wanted = dict.fromkeys(row[0] for row in rows if part in (ALL, mapping.split.part(row[0])))
    found = {identifier: rest for identifier, *rest in reversed(rows) if identifier in wanted}
    return [
        (number, found[identifier][0], found[identifier][1], found[identifier][2])
        for number, identifier in enumerate(wanted, 1)
    ]


# -- For people


def text(result: Result) -> str:
    """A result for the terminal."""
    lines = [
        f"{result['set']}, part {result['part']}, by {result['by']}, "
        f"rules {result['rules_version']}: n = {result['n']}"
    ]
    if "wide_net" in result:
        lines.append(
            "wide net for trials and human laboratory studies: recall "
            f"{interval(result['wide_net']['recall'])}, "
            f"share of records {interval(result['wide_net']['share_of_records'])}"
        )
    for scheme in result["schemes"]:
        lines += [
            "",
            f"{scheme['scheme']}: n = {scheme['n']}, accuracy {interval(scheme['accuracy'])}, "
            f"weighted F1 {scheme['weighted_f1']}, macro F1 {scheme['macro_f1']}",
        ]
        if "coverage" in scheme:
            lines.append(
                f"coverage {interval(scheme['coverage'])}, "
                f"abstention {interval(scheme['abstention'])}"
            )
        if scheme.get("refined"):
            lines.append(f"left out: {scheme['refined']} whose label is refined, not contradicted")
        lines += [
            f"  shown as {tier['confidence']:12}: right {interval(tier['right'])}, "
            f"share of records {interval(tier['share_of_records'])}"
            for tier in scheme.get("calibration", ())
        ]
        width = max(len(one["class"]) for one in scheme["classes"])
        lines.append(f"  {'class':{width}}  positives  {'precision':24} {'recall':24} F1")
        lines += [
            f"  {one['class']:{width}}  {one['positives']:9}  {interval(one['precision']):24} "
            f"{interval(one['recall']):24} {one['f1']:.3f}"
            for one in scheme["classes"]
        ]
        lines.append("  confusion (label: what was said, how often)")
        lines += [
            f"  {truth:{width}}  "
            + ", ".join(
                f"{said} {count}" for said, count in sorted(row.items(), key=lambda x: -x[1])
            )
            for truth, row in scheme["confusion"].items()
        ]
    return "\n".join(lines)


def interval(figure: dict[str, Any]) -> str:
    """A share as `.930 (.910-.950) of 512`."""
    if figure["value"] is None:
        return "- of 0"
    shown = [f"{figure[key]:.3f}".replace("0.", ".", 1) for key in ("value", "low", "high")]
    return f"{shown[0]} ({shown[1]}-{shown[2]}) of {figure['n']}"
