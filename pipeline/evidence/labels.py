"""What a label carries: its place among others, its aspects, and how sure it is.

`study_types` gives a record its labels; this module ranks them, says what stands beside the code,
and what was measured of labels that rest on the same kind of evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.evidence.record import AspectValue
from pipeline.rules.decide import TEXT, Found
from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.model import CONFIDENCES, Rule

# -- The primary study type: the steps of `[[precedence]]`
#
# The first step that any rule that holds satisfies decides; within a step, the first code. A step
# can be for some rules alone: they count nowhere else.

SOURCES = ("nlm_pt", "nlm_mesh", "record_kind", "text_rule")
"""What a rule can rest on, strongest first; `override` stands before all of them."""
_SOURCE_OF_KIND = {
    "publication_type": "nlm_pt",
    "mesh": "nlm_mesh",
    "mesh_qualifier": "nlm_mesh",
    "substance": "nlm_mesh",
    "record_kind": "record_kind",
    "link": "record_kind",
    "text": "text_rule",
}


class Step(Table):
    """One `[[precedence]]`: the first of `codes` with a rule of this kind is primary.

    Attributes:
        rules: the only rules it is for, which then count at this step alone; empty: all that no
            step names.
    """

    named_by = "step"

    step: str
    codes: Names
    confidence: Names = CONFIDENCES
    source: Names = SOURCES
    rules: Names = ()

    def covers(self, rule: Rule) -> bool:
        """Whether a rule that holds satisfies it."""
        return (
            rule.code in self.codes
            and rule.confidence in self.confidence
            and source_of(rule) in self.source
            and (not self.rules or rule.rule_id in self.rules)
        )


def source_of(rule: Rule) -> str:
    """What the rule's own signals rest on."""
    return _SOURCE_OF_KIND[rule.signals[0].kind]


def place_of(steps: Sequence[Step], rule: Rule) -> tuple[int, int]:
    """The first step that a rule satisfies, and the place of its code there.

    A step that names the rule comes before all others.
    """
    by_name = sorted(enumerate(steps), key=lambda numbered: not numbered[1].rules)
    return next(
        (number, step.codes.index(rule.code)) for number, step in by_name if step.covers(rule)
    )


def load_steps(file: RuleFile, codes: list[str], rules: tuple[Rule, ...]) -> tuple[Step, ...]:
    """Read the steps.

    Raises:
        ConfigurationError: a step names what is not there, or none covers a rule.
    """
    rule_ids = [rule.rule_id for rule in rules]
    steps = file.read_all("precedence", Step)
    for step in steps:
        file.require(step.line, "code", step.codes, codes, lists=True)
        file.require(step.line, "confidence", step.confidence, CONFIDENCES, lists=True)
        file.require(step.line, "source", step.source, SOURCES, lists=True)
        file.require(step.line, "rule", step.rules, rule_ids)
    for rule in rules:
        # else an article could have labels and no primary
        if not any(step.covers(rule) for step in steps):
            raise file.error(
                f'id = "{rule.rule_id}"', f"no step of [[precedence]] covers rule {rule.rule_id}"
            )
    return steps


# -- Aspects: what is said about a label beside its code, such as where the data come from
#
# An aspect belongs to some study types and has a list of values. A rule that gives the type may
# state a value (`aspect = "data_source.poison_centre"`); rules under `[[aspect_rule]]` state one
# without giving a type, and count only where the label is there.


class Aspect(Table):
    """One `[[aspect]]` of a rule file.

    Attributes:
        name: code, e.g. data_source.
        label: name shown to readers.
        definition: what it says.
        types: study types it applies to.
        values: what it can be.
        required: every rule that gives one of its types must state a value.
        several: value in place of two or more; None to keep them all.
        otherwise: value where no rule states one; None for no row.
    """

    name: str
    label: str
    definition: str
    types: Names
    values: Names
    required: bool = False
    several: str | None = None
    otherwise: str | None = None

    def codes(self) -> list[str]:
        """The values as rules name them: `aspect.value`."""
        return [f"{self.name}.{value}" for value in self.values]


def load_aspects(file: RuleFile, codes: Sequence[str]) -> tuple[Aspect, ...]:
    """The aspects of a rule file.

    Raises:
        ConfigurationError: naming the line.
    """
    aspects = file.read_all("aspect", Aspect)
    for aspect in aspects:
        file.require(aspect.line, "code", aspect.types, codes)
    return aspects


def check_aspects(file: RuleFile, aspects: tuple[Aspect, ...], rules: tuple[Rule, ...]) -> None:
    """See that rules state known values of aspects of their own type, and all they must."""
    known = {(code, type_) for one in aspects for code in one.codes() for type_ in one.types}
    required = {type_: one for one in aspects if one.required for type_ in one.types}
    for rule in rules:
        near = f'id = "{rule.rule_id}"'
        if rule.aspect is not None and (rule.aspect, rule.code) not in known:
            raise file.error(near, f"`{rule.aspect}` is not an aspect of {rule.code}")
        wanted = required.get(rule.code)
        if wanted and (rule.aspect is None or rule.aspect not in wanted.codes()):
            raise file.error(near, f"a rule for {rule.code} must state its `{wanted.name}`")


def aspects_of(
    aspects: Sequence[Aspect], types: Iterable[str], stated: Iterable[tuple[str, str | None]]
) -> tuple[AspectValue, ...]:
    """What is said about the labels of a record.

    Args:
        aspects: the aspects there are.
        types: study types of the record.
        stated: `aspect.value` of each rule that holds and states one, with the study type it is
            stated of; None for any type that has the aspect.
    """
    stated = list(stated)
    found: list[AspectValue] = []
    for study_type in types:
        for aspect in aspects:
            if study_type not in aspect.types:
                continue
            values = {
                value
                for name, _, value in (
                    code.partition(".") for code, of in stated if of in (None, study_type)
                )
                if name == aspect.name
            }
            if not values and aspect.otherwise:
                values = {aspect.otherwise}
            elif len(values) > 1 and aspect.several:
                values = {aspect.several}
            found += [AspectValue(study_type, aspect.name, value) for value in sorted(values)]
    return tuple(found)


# -- How sure a study type is: what was measured of others that rest on the same kind of evidence
#
# The tiers of rules only say which rule goes before which. What readers see as confidence is a
# measurement: of the labelled records of the develop parts that got this type from evidence of this
# kind, the share that was right. Where no set holds enough of them, nothing is claimed.

HIGH, MEDIUM, NOT_MEASURED, LOW = "high", "medium", "not measured", "low"
SHOWN = (HIGH, MEDIUM, NOT_MEASURED, LOW)
"""What readers see, surest first."""
TITLE, ABSTRACT, LIKELY, HINT = "title", "abstract", "likely", "hint"
TAG, LINK = "tag", "link"
ALONE = ", title alone"
"""Added to the kind of evidence of a record without an abstract."""
ENOUGH = 30
"""Fewer labelled records than this measure nothing."""
_HIGH_FROM, _MEDIUM_FROM = 0.95, 0.80
_PART, _BY = "develop", "rules"


class TypeMeasured(NamedTuple):
    """What was measured for a study type and a kind of evidence.

    Attributes:
        study_type: the type.
        evidence: the kind of evidence.
        confidence: what readers see of a primary type that rests on it.
        measured_on: the set.
        class_name: the class of that set; with `is_of_class` the figures count all its types.
        is_of_class: the type alone has too few records there: never high.
        right: how many of them were right; with its share and 95 % interval.
        rules_version: the rules that were measured.
    """

    study_type: str
    evidence: str
    confidence: str
    measured_on: str
    class_name: str
    is_of_class: bool
    right: Mapping[str, Any]
    rules_version: str


Measurements = Mapping[tuple[str, str], TypeMeasured]


def evidence_of(rules: Iterable[Rule], found: Iterable[Found], *, has_abstract: bool) -> str:
    """The kind of evidence a label rests on, the strongest there is.

    Args:
        rules: the rules that gave it.
        found: the words and tags behind those that decide by themselves.
        has_abstract: whether the record has one.

    Returns:
        `title`: a decisive rule, by words of the title; `abstract`: by words of the abstract;
        `likely`: rules on words that are usually right; `tag`: what NLM says; `link`: the kind
        of record, or a link to another article; `hint`: nothing better. Titles without an
        abstract are a kind apart.
    """
    best = min(CONFIDENCES.index(rule.confidence) for rule in rules)
    rests_on = {rule.signals[0].kind for rule in rules if rule.confidence == CONFIDENCES[best]}
    if best == 2:
        kind = HINT
    elif TEXT not in rests_on:
        return LINK if rests_on <= {"link", "record_kind"} else TAG
    elif best == 1:
        kind = LIKELY
    else:
        kind = TITLE if any(one.field == "title" for one in found) else ABSTRACT
    return kind if has_abstract else kind + ALONE


def measurements(results: Sequence[Mapping[str, Any]]) -> Measurements:
    """What the saved results of `ketum evaluate` say of each type and kind of evidence.

    Of several sets the one with the lowest share counts.
    """
    found: dict[tuple[str, str], TypeMeasured] = {}
    for result in results:
        if (result["part"], result["by"]) != (_PART, _BY):
            continue
        for cell in result.get("evidence", ()):
            one = TypeMeasured(
                cell["study_type"],
                cell["evidence"],
                _confidence(cell),
                f"{result['set']}, {result['part']}",
                cell["class"],
                cell["is_of_class"],
                cell["right"],
                result["rules_version"],
            )
            before = found.get(one[:2])
            if before is None or _rank(one) < _rank(before):
                found[one[:2]] = one
    return found


def confidence_of(
    measured: Measurements, study_type: str, evidence: str, *, is_primary: bool
) -> str:
    """What readers see of a label.

    Only primary types were compared with labels, so that one beside it is never of high
    confidence; a hint is always of low confidence.
    """
    if evidence.startswith(HINT):
        return LOW
    held = measured.get((study_type, evidence))
    if held is None:
        return NOT_MEASURED
    return MEDIUM if held.confidence == HIGH and not is_primary else held.confidence


def _rank(one: TypeMeasured) -> tuple[bool, float]:
    """A figure of the type alone before one of its class; then the lowest."""
    return one.is_of_class, float(one.right["value"])


def _confidence(cell: Mapping[str, Any]) -> str:
    """High only where the type itself was measured, not its class."""
    value = cell["right"]["value"]
    if cell["evidence"].startswith(HINT) or value < _MEDIUM_FROM:
        return LOW
    return HIGH if value >= _HIGH_FROM and not cell["is_of_class"] else MEDIUM
