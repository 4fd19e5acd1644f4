"""The finding of a record on each question and harm, by the words of findings.toml.

Every proof by words leads to its sentence; what that states (see `stated`) is put together. What is
reported beside what was not found, or was ruled out, is `mixed`, and both are shown. A person's
decision (overrides.toml, field `finding.CLAIM` or `finding.harm.VALUE`) stands above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import re2

from pipeline.evidence.overrides import BY_A_PERSON, FINDING, Override
from pipeline.evidence.record import CASES, ClaimHit, Decided, FacetValue, Label, Proof
from pipeline.evidence.stated import (
    MIXED,
    NAMED,
    NOT_FOUND,
    REPORTED,
    RULED_OUT,
    SENSES,
    UNCLEAR,
    stated_in,
)
from pipeline.rules.decide import TEXT
from pipeline.rules.file import RuleFile
from pipeline.rules.patterns import OPTIONS, Text, Words, checked, regular_expression, visible
from pipeline.rules.text import Unit, sentence_places

_LISTS = {
    "set_aside": "all but_mechanism granted",
    "clauses": "all title",
    "unclear": "all",
    "no_finding": "before title_names wanted helped given beside stated title",
    "ruled_out": "all sentence another of_another_nature substance",
    "not_found": "lesser before adjacent after sentence p_value worse alone company",
    "in_part": "other rest",
}
"""The lists of words that findings.toml has, by table."""
_WORDS = {
    # a new statement begins: its own subject has a verb
    "next_verb": r",(?: \S+){0,6}? {finite}\b|\band(?: \S+){0,6}? {finite}\b"
    r"|(?:,|\band\b) (?:and )?(?:\w+ )?(?:lower|higher|greater|more|less|fewer|longer|shorter)\b",
    "ended": r"\b{intransitive}(?:,| and)",
    "verb_soon": r"^\W*(?:\S+ ){0,4}?{finite}\b",
    "result": r"\b{result}\b",
    "next_subject": r"\b{finite}\b(?: \S+){0,6}?(?:,|\band\b)|\band (?:\d|one|two|three|four|"
    r"five|six|seven|eight|nine|ten|none|others|the (?:others?|rest|remaining))\b|: ",
}
"""Patterns made of the file's own words."""


@dataclass(frozen=True)
class Findings:
    """Everything findings.toml says, compiled.

    Attributes:
        senses: sense by question, of the questions that ask in one of their own.
        pattern_count: how many patterns its lists have.
    """

    version: str
    sha256: str
    senses: Mapping[str, str]
    pattern_count: int
    _patterns: Mapping[str, Any]

    def spans(self, name: str, text: str) -> list[tuple[int, int]]:
        """Where the patterns of a list stand in a folded text, in characters."""
        raw = text.encode()
        found = [match.span() for match in self._patterns[name].finditer(raw)]
        if len(raw) == len(text):
            return found
        return [(len(raw[:start].decode()), len(raw[:end].decode())) for start, end in found]


def load_findings(path: Path, questions: Sequence[str] | None) -> Findings:
    """Read findings.toml.

    Args:
        path: the reference file.
        questions: codes of the claims; None: any will do, as the claims are those of another run.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    words = Words(file)
    senses: dict[str, str] = {}
    for sense, listed in file.data.get("sense", {}).items():
        file.require(f"{sense} = ", "sense", [sense], SENSES)
        for code in listed:
            if questions is not None and code not in questions and not code.startswith("harm."):
                raise file.error(f"{sense} = ", f"unknown claim `{code}`")
            senses[code] = sense
    patterns: dict[str, Any] = {}
    count = 0
    for table, names in _LISTS.items():
        for name in names.split():
            listed = file.data.get(table, {}).get(name)
            if not listed:
                raise file.error(f"[{table}]", f"`{name}` of [{table}] is missing")
            made = [regular_expression(words.pattern(one)) for one in listed]
            count += len(made)
            patterns[f"{table}.{name}"] = re2.compile("|".join(made), OPTIONS)
    for name, pattern in _WORDS.items():
        patterns[name] = re2.compile(checked(file, words.fill(pattern, name), name), OPTIONS)
    return Findings(file.version(), file.sha256, senses, count, patterns)


def together(found: Iterable[str], sense: str | None = None) -> str:
    """The finding of a record, or of a study, from those of its sentences, or of its reports.

    What is left open counts only where nothing else is stated; what was not found and what was
    ruled out are both no support, and the stronger word stands.

    Args:
        found: the findings to be put together.
        sense: the sense in which it is asked, if it has one of its own.
    """
    codes = set(found)
    if sense in NAMED and REPORTED in codes:
        return REPORTED
    if MIXED in codes or (REPORTED in codes and codes & {NOT_FOUND, RULED_OUT}):
        return MIXED
    return next((one for one in (REPORTED, RULED_OUT, NOT_FOUND) if one in codes), UNCLEAR)


# -- What a record states

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
    """The findings of a record; proofs and decisions about other fields are passed over."""
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
