"""The finding of a record on each question and harm, from the sentences its proofs stand in.

Every proof by words leads to its sentence; what that states (see `stated`) is put together. A
person's decision (overrides.toml, field `finding.CLAIM` or `finding.harm.VALUE`) stands above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.evidence.findings import NOT_FOUND, REPORTED, RULED_OUT, Findings, together
from pipeline.evidence.overrides import BY_A_PERSON, FINDING, Override
from pipeline.evidence.record import CASES, ClaimHit, Decided, FacetValue, Label, Proof
from pipeline.evidence.stated import stated_in
from pipeline.rules.decide import TEXT
from pipeline.rules.patterns import Text, visible
from pipeline.rules.text import Unit, sentence_places

HARM = "harm"
"""The facet whose values are harms: the only one that has findings."""
_LESSER = "not_found.lesser"
_ENGLISH_FIELDS = ("title", "abstract")
_PROTOCOL = "PROTOCOL"
"""Study type of records of what is to be done: they state nothing yet."""
_NOT_ADDRESSED = "not addressed"
"""What the rules say where a person decided on a claim or harm that they do not find."""


class FindingsOf(NamedTuple):
    """The findings of one record.

    Attributes:
        claims: the claims it addresses, with their findings.
        facets: its values of facets; those of harms with their findings.
        proofs: the words that decided, of kind `finding` and with the code CODE.FINDING.
        decisions: people's decisions, in force, beside what the rules say.
    """

    claims: tuple[ClaimHit, ...]
    facets: tuple[FacetValue, ...]
    proofs: tuple[Proof, ...]
    decisions: tuple[Decided, ...]


def findings_of(
    findings: Findings,
    units: Sequence[Unit],
    *,
    claims: Sequence[ClaimHit],
    facets: Sequence[FacetValue],
    proofs: Iterable[Proof],
    labels: Sequence[Label],
    decisions: Sequence[Override] = (),
) -> FindingsOf:
    """The findings of a record.

    Args:
        findings: the lists of words.
        units: its texts.
        claims: the claims it addresses.
        facets: its values of facets.
        proofs: what these rest on; others are passed over.
        labels: its study types.
        decisions: people's decisions about it; those about other fields are passed over.
    """
    texts = _Texts(units)
    is_planned = any(one.is_primary and one.study_type == _PROTOCOL for one in labels)
    is_case = any(one.is_primary and one.study_type in CASES for one in labels)
    of_code: dict[str, list[Proof]] = {}
    for proof in proofs:
        if proof.kind == "claim" or (proof.kind == "facet" and proof.code.startswith(f"{HARM}.")):
            of_code.setdefault(proof.code, []).append(proof)
    decided = {
        one.field.removeprefix(FINDING): one for one in decisions if one.field.startswith(FINDING)
    }
    asked: set[str] = set()
    made: list[Proof] = []
    taken: list[Decided] = []

    def finding(code: str) -> tuple[str, str]:
        asked.add(code)
        found = () if is_planned else of_code.get(code, ())
        own = _weighed(list(_stated(findings, texts, code, found, is_case)))
        automatic = together(map(_code, own), findings.senses.get(code))
        made.extend(own)
        decision = decided.get(code)
        if decision is None:
            return automatic, "rule"
        taken.append(decision.decided(automatic))
        made.append(decision.proof("finding", f"{code}.{decision.value}"))
        return decision.value, BY_A_PERSON

    held = tuple(ClaimHit(hit.claim, hit.how, *finding(hit.claim)) for hit in claims)
    values = tuple(
        one._replace(finding=finding(f"{HARM}.{one.value}")[0])
        if one.facet == HARM and one.level != "none"
        else one
        for one in facets
    )
    taken += [one.decided(_NOT_ADDRESSED) for code, one in decided.items() if code not in asked]
    return FindingsOf(held, values, tuple(dict.fromkeys(made)), tuple(taken))


class _Texts:
    """The texts of a record with the places of their sentences, each cut when first asked for."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = {
            (unit.field, unit.section_no): unit for unit in units if unit.field in _ENGLISH_FIELDS
        }
        self._places: dict[tuple[str, int | None], list[slice]] = {}

    def sentence(self, proof: Proof) -> tuple[Unit, Text, slice] | None:
        """The text of a proof, folded, and the sentence that it begins in."""
        key = (proof.field, proof.section_no)
        unit = self._units.get(key)
        if unit is None or proof.start is None or unit.zone == "other_abstract":
            return None
        if key not in self._places:
            self._places[key] = sentence_places(unit)
        start = len(visible(unit.stored[: proof.start]))
        place = next(place for place in self._places[key] if start < place.stop)
        return unit, unit.forms["whole"], place


def _weighed(stated: list[Proof]) -> list[Proof]:
    """Without what a title seems to report, where the abstract denies it and reports nothing.

    A title names its subject, "Hepatitis and kratom: a case report", before it is said what of it.
    Nor does a denial of the worst only, "no serious adverse events", stand beside what is reported.
    """
    if any(_code(proof) == REPORTED for proof in stated):
        stated = [proof for proof in stated if proof.rule_id != _LESSER]
    of_abstract = {_code(proof) for proof in stated if proof.field == "abstract"}
    if not of_abstract & {NOT_FOUND, RULED_OUT} or REPORTED in of_abstract:
        return stated
    return [one for one in stated if one.field == "abstract" or _code(one) != REPORTED]


def _code(proof: Proof) -> str:
    return proof.code.rpartition(".")[2]


def _stated(
    findings: Findings, texts: _Texts, code: str, proofs: Iterable[Proof], is_case: bool
) -> Iterator[Proof]:
    """What the sentences of some proofs state."""
    for proof in proofs:
        found = texts.sentence(proof) if proof.source == TEXT else None
        if found is None or proof.end is None:
            continue
        unit, text, place = found
        first = place.start
        start = len(visible(unit.stored[: proof.start])) - first
        end = min(len(visible(unit.stored[: proof.end])), place.stop) - first
        stated = stated_in(
            findings, text.folded[place], start, end,
            zone=unit.zone, sense=findings.senses.get(code), is_case=is_case,
        )  # fmt: skip
        if stated is not None:
            start, end = text.stored(first + stated.start, first + stated.end)
            yield Proof(
                "finding", f"{code}.{stated.finding}", stated.rule_id, TEXT, proof.field,
                proof.section_no, unit.stored[start:end], start, end,
            )  # fmt: skip
