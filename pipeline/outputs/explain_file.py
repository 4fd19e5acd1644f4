"""What a record of a file would become: judged as by a run, and shown as by `ketum explain`."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.people_read import Measured
from pipeline.evidence.labels import SHOWN
from pipeline.evidence.record import Judgement, Label, Proof, Record, read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.stated import FINDINGS
from pipeline.outputs.explain import record_lines, shown, words
from pipeline.pubmed.parsing.bytes import open_bytes
from pipeline.pubmed.records import sniff
from pipeline.rules.text import Section
from pipeline.warehouse import stage

_AROUND = 80
"""How much of a text is shown before and behind the words that decided, in characters."""


def records_of(path: Path) -> list[Record]:
    """The records of a file: of PubMed XML or .nbib, or the one that a plain text is.

    Args:
        path: the file; a plain text has the title on its first line, the abstract after it.

    Raises:
        SourceError: it is damaged.
        ConfigurationError: it is not there, holds no record, or is not text.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"There is no file {path}.",
            effect="There is nothing to explain.",
            next_step="name PubMed XML, a .nbib export or a plain text.",
        )
    with open_bytes(path) as stream:
        kind, whole = sniff(stream)
        raw = b"" if kind in ("xml", "medline") else whole.read()
    records = [_of_text(path, raw)] if raw.strip() else _of_pubmed(path)
    if not records:
        raise ConfigurationError(
            f"{path} holds no record.",
            effect="There is nothing to explain.",
            next_step="give PubMed XML, a .nbib export, or a title with an abstract below it.",
        )
    return records


def _of_text(path: Path, raw: bytes) -> Record:
    try:
        title, _, abstract = raw.decode("utf-8-sig").strip().partition("\n")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not text in UTF-8: {error}.",
            effect="There is nothing to explain.",
            next_step="save it as UTF-8.",
        ) from error
    words = " ".join(abstract.split())
    sections = (Section(1, None, None, True, words),) if words else ()
    return Record(0, title.strip(), sections=sections)


def _of_pubmed(path: Path) -> list[Record]:
    """Read by the parser of every run, in a database in memory."""
    with duckdb.connect() as con:
        stage.create_staging(con)
        stage.stage_file(con, path, raw_file=None, stamp=path.name)
        pmids = dict(con.execute("SELECT record_no, pmid FROM staging.core.articles").fetchall())
        return [
            replace(record, pmid=pmids[record.pmid])
            for batch in read_records(con, "staging.keyed")
            for record in batch
        ]


def explain(record: Record, judgement: Judgement, reference: Reference) -> dict[str, Any]:
    """What a record would become, in the form that `outputs.explain` gives of a record held."""
    types = {one.code: one.label for one in reference.study_types.types}
    facets = {one.name: one.label for one in reference.facets.facets}
    places = {name: place for place, name in enumerate(facets)}
    of_claims = {one.question: one for one in reference.questions_measured}
    of_facets = {one.facet: one for one in reference.facets_measured}
    texts = {(u.field, u.section_no): u.stored for u in record.units(reference.language)}
    proofs = [_with_passage(proof, texts) for proof in sorted(judgement.proofs, key=_order)]

    def proved(kind: str, code: str) -> list[dict[str, Any]]:
        return [one for one in proofs if (one["kind"], one["code"]) == (kind, code)]

    labels = sorted(
        judgement.labels,
        key=lambda one: (not one.is_primary, SHOWN.index(one.confidence), one.study_type),
    )
    suggestion = judgement.suggestion
    return {
        "pmid": record.pmid or None,
        "title": record.title,
        "citation": None,
        "has_abstract": bool(record.sections),
        "topics": [
            {**hit._asdict(), "proofs": proved("topic", hit.topic)} for hit in judgement.topics
        ],
        "labels": [
            {
                **label._asdict(),
                "label": types[label.study_type],
                **_measured(label, reference),
                "proofs": proved("study_type", label.study_type),
                "aspects": [
                    {"aspect": one.aspect, "value": one.value}
                    for one in judgement.aspects
                    if one.study_type == label.study_type
                ],
                "accuracy": [],
            }
            for label in labels
        ],
        "flags": sorted(judgement.flags),
        "facets": [
            {
                **one._asdict(),
                "label": facets[one.facet],
                **_figures(of_facets.get(one.facet)),
                "proofs": proved("facet", f"{one.facet}.{one.value}"),
            }
            for one in sorted(judgement.facets, key=lambda one: (places[one.facet], one.value))
        ],
        "ties": [
            {
                "row_kind": row,
                "tie_no": number,
                "tied": [one.value for one in tied],
                "proofs": [
                    proof
                    for one in tied
                    for proof in proved("tie", f"{row}.{number}.{one.facet}.{one.value}")
                ],
            }
            for (row, number), tied in (
                (key, sorted(found, key=lambda one: one.facet))
                for key, found in groupby(judgement.ties, key=lambda one: one[:2])
            )
        ],
        "claims": [
            {
                **hit._asdict(),
                **_figures(of_claims.get(hit.claim)),
                "proofs": proved("claim", hit.claim),
                "stated": [
                    proof for code in FINDINGS for proof in proved("finding", f"{hit.claim}.{code}")
                ],
            }
            for hit in judgement.claims
        ],
        "study": {
            "registrations": [
                {**one._asdict(), "proofs": proved("registration", one.number)}
                for one in judgement.registrations
            ],
            "groups": [],
            "links": [],
        },
        "nlm_publication_types": [one.name for one in record.publication_types],
        "mesh_headings": [one.name for one in record.headings],
        "decisions": [one._asdict() for one in judgement.decisions],
        "suggestion": [suggestion._asdict()] if suggestion else [],
    }


def text(explained: dict[str, Any], *, is_terminal: bool) -> str:
    """What a record would become, for people."""
    lines = record_lines(explained)
    if explained["topics"]:
        lines += ["", "Topics"]
    for one in explained["topics"]:
        lines.append(f"  {one['topic']} ({one['level']}), {words(one['proofs'])}")
    if explained["flags"]:
        lines += ["", f"Flags: {', '.join(explained['flags'])}"]
    return shown(lines, is_terminal=is_terminal)


def _order(proof: Proof) -> tuple[object, ...]:
    """The order in which the database numbers proofs."""
    return (proof.rule_id, proof.source, proof.field, proof.section_no or 0, proof.start or 0)


def _with_passage(proof: Proof, texts: dict[tuple[str, int | None], str]) -> dict[str, Any]:
    """A proof with the words around it, as evidence.study_type_explained shows them."""
    explained = proof._asdict()
    explained["matched_text"] = explained.pop("text")
    explained["char_start"], explained["char_end"] = explained.pop("start"), explained.pop("end")
    explained["passage"] = proof.text
    if proof.start is not None and proof.end is not None:
        stored = texts[proof.field, proof.section_no]
        before = ("…" if proof.start > _AROUND else "") + stored[
            max(proof.start - _AROUND, 0) : proof.start
        ]
        behind = stored[proof.end : proof.end + _AROUND]
        more = "…" if len(stored) > proof.end + _AROUND else ""
        explained["passage"] = f"{before}[{proof.text}]{behind}{more}"
    return explained


def _figures(one: Measured | None) -> dict[str, Any]:
    """Figures as evidence.claim_accuracy and evidence.facet_accuracy have them."""
    one = one or Measured(said=0, said_right=0, read=0, found=0)
    return {
        "said_count": one.said,
        "said_right_count": one.said_right,
        "read_count": one.read,
        "read_found_count": one.found,
        "precision_value": one.precision,
        "recall_value": one.recall,
    }


def _measured(label: Label, reference: Reference) -> dict[str, int | None]:
    """The figure behind the confidence of a primary type, as the view of those held has it."""
    held = reference.study_types.measured.get((label.study_type, label.evidence))
    if held is None or not label.is_primary:
        return {"right_count": None, "measured_count": None}
    return {"right_count": held.right["hits"], "measured_count": held.right["n"]}
