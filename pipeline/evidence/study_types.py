"""Load study_types.toml, and decide the study types of a record: a trial, a review, ...

Groups and types stand in one neutral display order (not a ranking). The precedence is a list of
steps; the first step matched by any rule that holds decides the primary label. Aspects say
more about a label: where surveillance data come from, what a review summarises. People's
decisions come on top (see `overrides`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from pipeline.evidence.labels import (
    SOURCES,
    Aspect,
    Measurements,
    Step,
    aspects_of,
    check_aspects,
    confidence_of,
    evidence_of,
    load_aspects,
    load_steps,
    measurements,
    place_of,
    source_of,
)
from pipeline.evidence.record import AspectValue, Label, Proof, Record
from pipeline.rules.decide import Asked, Found, Matcher, Outcome
from pipeline.rules.file import RuleFile, Table
from pipeline.rules.finding import Tag
from pipeline.rules.model import CONFIDENCES, Rule, RuleSet, load_rules
from pipeline.rules.text import Unit

UNCLASSIFIED = "OTHER"
FLAGS = (
    "is_retracted", "is_preprint", "is_veterinary", "is_multicenter", "is_feed_study",
    "is_other_species", "is_possible_human_experiment",
)  # fmt: skip


class StudyType(Table):
    """A study type as readers see it."""

    named_by = "code"

    code: str
    label: str
    group: str
    definition: str


class Group(Table):
    """A group of study types, a row of the headline table; the order is not a ranking.

    Attributes:
        short: its name where a column is narrow.
        kind: study, summary or other.
    """

    name: str
    short: str
    kind: Literal["study", "summary", "other"]


class _TogetherTable(Table):
    """One `[[together]]`."""

    study_types: list[str]


class _CompatibleTable(Table):
    """One `[[compatible]]`."""

    named_by = "primary"

    primary: str
    others: list[str] = Field(alias="with")


@dataclass(frozen=True)
class StudyTypes:
    """Everything study_types.toml says.

    Attributes:
        rules: rules that give a type, an aspect or a flag, in this order, as one set: they
            look at the same texts.
        type_count: how many of them give a type.
        aspect_count: how many give an aspect only.
        measured: how often a type was right that rests on a kind of evidence.
    """

    version: str
    sha256: str
    groups: tuple[Group, ...]
    types: tuple[StudyType, ...]
    rules: RuleSet
    type_count: int
    aspect_count: int
    aspects: tuple[Aspect, ...]
    steps: tuple[Step, ...]
    compatible: frozenset[tuple[str, str]]
    measured: Measurements

    def type_rules(self) -> tuple[Rule, ...]:
        """The rules that give a type."""
        return self.rules.rules[: self.type_count]

    def codes(self) -> tuple[str, ...]:
        """The codes of all study types."""
        return tuple(study_type.code for study_type in self.types)

    @cached_property
    def matcher(self) -> Matcher:
        """The rules, compiled."""
        return Matcher(self.rules)

    @cached_property
    def best_step(self) -> tuple[tuple[int, int], ...]:
        """Of each rule that gives a type the first step it satisfies, and its place there."""
        return tuple(place_of(self.steps, rule) for rule in self.type_rules())


class TypesOf(NamedTuple):
    """What the rules say of one record.

    Attributes:
        labels: its study types, one of them primary, in the order of their codes.
        aspects: what is said about them.
        flags: names of the flags that are up.
        proofs: what labels, aspects and flags rest on; what proves an aspect stands among the
            proofs of the label it belongs to.
        rule_ids: the rules that hold and rest on texts, or give an aspect or a flag: what the
            second reader looks at.
    """

    labels: tuple[Label, ...]
    aspects: tuple[AspectValue, ...]
    flags: frozenset[str]
    proofs: tuple[Proof, ...]
    rule_ids: tuple[str, ...]


def types_of(
    study_types: StudyTypes, record: Record, units: Sequence[Unit], tags: Sequence[Tag]
) -> TypesOf:
    """The study types of a record, with aspects and flags."""
    return types_of_all(study_types, [record], [Asked(units, tags)])[0]


def types_of_all(
    study_types: StudyTypes, records: Sequence[Record], asked: Sequence[Asked]
) -> list[TypesOf]:
    """As `types_of`, for many records."""
    outcomes = study_types.matcher.run_all(asked)
    return [_types(study_types, *pair) for pair in zip(records, outcomes, strict=True)]


def _types(study_types: StudyTypes, record: Record, outcome: Outcome) -> TypesOf:
    """The study types of a record for which the rules were run."""
    rules = study_types.rules.rules
    fired = [rule_no for _, rule_no in outcome.fired]
    typing = _counting(
        study_types,
        [n for n in fired if n < study_types.type_count],
        has_abstract=bool(record.sections),
    )
    found_of = [
        one
        for one in outcome.found
        if one.rule_no >= study_types.type_count or one.rule_no in typing
    ]
    labels = (
        _labels(study_types, typing, found_of, has_abstract=bool(record.sections))
        if typing
        else (_unclassified(record),)
    )
    flags_from = study_types.type_count + study_types.aspect_count
    aspects = aspects_of(
        study_types.aspects,
        [label.study_type for label in labels],
        [
            *((aspect, rules[n].code) for n in typing if (aspect := rules[n].aspect)),
            *((rules[n].code, None) for n in fired if study_types.type_count <= n < flags_from),
        ],
    )
    given: dict[str, list[str]] = {}
    for name, study_type in dict.fromkeys((one.aspect, one.study_type) for one in aspects):
        given.setdefault(name, []).append(study_type)
    proofs: list[Proof] = []
    for found in found_of:
        rule = rules[found.rule_no]
        if found.rule_no < study_types.type_count:
            proofs.append(Proof.of("study_type", rule.code, rule, found))
        elif found.rule_no < flags_from:
            name = rule.code.partition(".")[0]
            proofs += [Proof.of("study_type", code, rule, found) for code in given.get(name, ())]
        else:
            proofs.append(Proof.of("flag", rule.code, rule, found))
    return TypesOf(
        labels,
        aspects,
        frozenset(rules[n].code for n in fired if n >= flags_from),
        tuple(dict.fromkeys(proofs)),
        tuple(
            rules[n].rule_id
            for n in fired
            if n >= study_types.type_count or source_of(rules[n]) == "text_rule"
        ),
    )


def _counting(study_types: StudyTypes, fired: Sequence[int], *, has_abstract: bool) -> list[int]:
    """The rules that count: those of a step of their own only where no earlier step decides.

    A title without an abstract is all there is: beside it only guesses are left out.
    """
    rules = study_types.rules.rules
    steps = [study_types.best_step[rule_no][0] for rule_no in fired]
    return [
        rule_no
        for rule_no, step in zip(fired, steps, strict=True)
        if step == min(steps)
        or not study_types.steps[step].rules
        or (not has_abstract and rules[rule_no].confidence != CONFIDENCES[-1])
    ]


def _labels(
    study_types: StudyTypes, fired: Sequence[int], found: Sequence[Found], *, has_abstract: bool
) -> tuple[Label, ...]:
    """Labels from the rules that hold, one of them primary, and what each rests on."""
    rules = study_types.rules.rules
    by_type: dict[str, list[Rule]] = {}
    for rule_no in fired:
        by_type.setdefault(rules[rule_no].code, []).append(rules[rule_no])
    decisive = {
        code for code, held in by_type.items() if any(r.confidence == CONFIDENCES[0] for r in held)
    }
    words: dict[str, list[Found]] = {}
    for one in found:
        if one.rule_no < study_types.type_count and rules[one.rule_no].confidence == CONFIDENCES[0]:
            words.setdefault(rules[one.rule_no].code, []).append(one)
    (step, _), winning = min((study_types.best_step[rule_no], rule_no) for rule_no in fired)
    primary = rules[winning].code
    against = {
        code
        for code in decisive
        if code != primary and (primary, code) not in study_types.compatible
    }
    labels = []
    for code, held in sorted(by_type.items()):
        evidence = evidence_of(held, words.get(code, ()), has_abstract=has_abstract)
        labels.append(
            Label(
                study_type=code,
                is_primary=code == primary,
                assigned_by=min(map(source_of, held), key=SOURCES.index),
                confidence=confidence_of(
                    study_types.measured, code, evidence, is_primary=code == primary
                ),
                evidence=evidence,
                has_conflict=code in against or (code == primary and bool(against)),
                precedence=study_types.steps[step].step if code == primary else None,
                reason=None,
            )
        )
    return tuple(labels)


def _unclassified(record: Record) -> Label:
    """The label of a record without a type, and why it has none."""
    if record.sections:
        reason = "no signal"
    elif record.source == "sparse":
        reason = "title only"
    else:
        reason = "no abstract and no informative tag"
    return Label(UNCLASSIFIED, True, "none", "low", "none", False, None, reason)


def load_study_types(path: Path, results: Sequence[Mapping[str, Any]] = ()) -> StudyTypes:
    """Read study_types.toml.

    Args:
        path: the reference file.
        results: what was measured (measured.json); without it no confidence is known.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    groups, types = file.read_all("group", Group), file.read_all("study_type", StudyType)
    for one in types:
        file.require(one.line, "group", [one.group], [group.name for group in groups])
    for group in groups:
        if not any(study_type.group == group.name for study_type in types):
            raise file.error(group.line, f"no study type is in `{group.name}`")
    codes = [study_type.code for study_type in types]
    if UNCLASSIFIED not in codes:
        raise file.error("study_type", f"the type {UNCLASSIFIED} is needed")
    assignable = [code for code in codes if code != UNCLASSIFIED]
    rules = load_rules(file, "rule", assignable)
    steps = load_steps(file, assignable, rules)
    aspects = load_aspects(file, assignable)
    aspect_rules = load_rules(file, "aspect_rule", [v for one in aspects for v in one.codes()])
    check_aspects(file, aspects, rules)
    flag_rules = load_rules(file, "flag_rule", FLAGS)
    return StudyTypes(
        version=version,
        sha256=file.sha256,
        groups=groups,
        types=types,
        rules=RuleSet("study_type", version, (*rules, *aspect_rules, *flag_rules)),
        type_count=len(rules),
        aspect_count=len(aspect_rules),
        aspects=aspects,
        steps=steps,
        compatible=_compatible(file, assignable),
        measured=measurements(results),
    )


def _compatible(file: RuleFile, codes: list[str]) -> frozenset[tuple[str, str]]:
    """Pairs (primary, other) of types that a record may carry side by side."""
    pairs: set[tuple[str, str]] = set()
    for table in file.tables("together"):
        together = file.read(_TogetherTable, table, "[[together]]").study_types
        file.require("[[together]]", "code", together, codes)
        pairs |= set(permutations(together, 2))
    for given in file.read_all("compatible", _CompatibleTable):
        file.require(given.line, "code", (given.primary, *given.others), codes)
        pairs |= {(given.primary, other) for other in given.others}
    return frozenset(pairs)
