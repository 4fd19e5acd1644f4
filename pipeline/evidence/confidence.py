"""How sure a study type is: what was measured of others that rest on the same kind of evidence.

The tiers of rules only say which rule goes before which. What readers see as confidence is a
measurement: of the labelled records of the develop parts that got this type from evidence of
this kind, the share that was right. Where no set holds enough of them, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.rules.decide import TEXT, Found
from pipeline.rules.model import CONFIDENCES, Rule

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


class Measured(NamedTuple):
    """What was measured for a study type and a kind of evidence.

    Attributes:
        study_type: the type.
        evidence: the kind of evidence.
        confidence: what readers see of a primary type that rests on it.
        measured_on: the set.
        class_name: the class of that set; with `is_of_class` the figures are of all its types.
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


Measurements = Mapping[tuple[str, str], Measured]


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
    found: dict[tuple[str, str], Measured] = {}
    for result in results:
        if (result["part"], result["by"]) != (_PART, _BY):
            continue
        for cell in result.get("evidence", ()):
            one = Measured(
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


def _rank(one: Measured) -> tuple[bool, float]:
    """A figure of the type alone before one of its class; then the lowest."""
    return one.is_of_class, float(one.right["value"])


def _confidence(cell: Mapping[str, Any]) -> str:
    """High only where the type itself was measured, not its class."""
    value = cell["right"]["value"]
    if cell["evidence"].startswith(HINT) or value < _MEDIUM_FROM:
        return LOW
    return HIGH if value >= _HIGH_FROM and not cell["is_of_class"] else MEDIUM
