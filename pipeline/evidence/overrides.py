"""People's decisions on top of the rules: read, checked, and put in force when judging.

A decision never changes core and never hides what the rules say: the automatic value stands
beside it, and a decision whose expectation no longer holds is reported, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pipeline.evidence.facets import Facets
from pipeline.evidence.record import Decided, Label, Proof
from pipeline.evidence.stated import FINDINGS
from pipeline.evidence.study_types import UNCLASSIFIED
from pipeline.rules.file import RuleFile, Table

BY_A_PERSON = "override"
"""What a person decided rests on."""
FIELD = "study_type"
FACET = "facet."
"""A decision about a facet has the field `facet.NAME`; several values are joined by `; `."""
FINDING = "finding."
"""A decision about a finding has the field `finding.CLAIM` or `finding.harm.VALUE`."""


class _OverrideTable(Table):
    """One `[[override]]` of overrides.toml."""

    named_by = "pmid"

    pmid: int
    field: str
    value: str | None = None
    expect: str | None = None
    confirm: str | None = None
    who: str
    when: date
    why: str


class Override(NamedTuple):
    """One decision about one article."""

    pmid: int
    field: str
    value: str
    expect: str
    who: str
    when: date
    why: str

    def values(self) -> list[str]:
        """The decided values: one, or for a facet several."""
        return [value.strip() for value in self.value.split(";")]

    def decided(self, automatic: str | None) -> Decided:
        """The decision beside what the rules say; None for a record that is not held."""
        return Decided(*self, automatic)

    def proof(self, kind: str, code: str) -> Proof:
        """The decision as the proof of something."""
        return Proof(kind, code, BY_A_PERSON, BY_A_PERSON, "overrides", None, self.why, None, None)


@dataclass(frozen=True)
class Overrides:
    """Everything overrides.toml says."""

    version: str
    sha256: str
    decisions: tuple[Override, ...]

    @cached_property
    def of(self) -> Mapping[int, tuple[Override, ...]]:
        """The decisions about each record that has any."""
        found: dict[int, tuple[Override, ...]] = {}
        for decision in self.decisions:
            found[decision.pmid] = (*found.get(decision.pmid, ()), decision)
        return found


def load_overrides(
    path: Path, codes: Sequence[str], facets: Facets, claims: Sequence[str]
) -> Overrides:
    """Read overrides.toml.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    asked = [*claims, *(f"harm.{one.value}" for one in facets.named("harm").values)]
    decisions = [
        _decision(file, given, codes, facets, asked)
        for given in file.read_all("override", _OverrideTable)
    ]
    decided = [(decision.pmid, decision.field) for decision in decisions]
    if twice := sorted({one for one in decided if decided.count(one) > 1}):
        pmid, field = twice[0]
        raise file.error(f"pmid = {pmid}", f"{field} of PMID {pmid} is decided twice")
    return Overrides(file.version(), file.sha256, tuple(decisions))


def confirming(pmid: int, field: str, value: str, today: date) -> list[str]:
    """The lines of an entry that confirms what the rules say, for a person to fill in."""
    return [
        "    [[override]]",
        f"    pmid = {pmid}",
        f'    field = "{field}"',
        f'    confirm = "{value}"',
        '    who = "your name"',
        f"    when = {today}",
        '    why = "what you read"',
    ]


def with_decision(
    labels: Sequence[Label], decisions: Sequence[Override]
) -> tuple[tuple[Label, ...], tuple[Decided, ...], tuple[Proof, ...]]:
    """Labels with a person's decision about the study type in force.

    Args:
        labels: the study types of a record, as the rules give them.
        decisions: people's decisions about it; those about facets are passed over.

    Returns:
        The labels, the decision beside what the rules say, and the proof of it.
    """
    decision = next((one for one in decisions if one.field == FIELD), None)
    if decision is None:
        return tuple(labels), (), ()
    automatic = next(label.study_type for label in labels if label.is_primary)
    kept = [
        label._replace(is_primary=False, precedence=None)
        for label in labels
        # OTHER is the absence of a type: a decision takes its place
        if label.study_type not in (decision.value, UNCLASSIFIED)
    ]
    reason = decision.why if decision.value == UNCLASSIFIED else None
    ground = (BY_A_PERSON, "high", BY_A_PERSON, False, "decided by a person")
    kept.append(Label(decision.value, True, *ground, reason))
    proof = decision.proof("study_type", decision.value)
    return tuple(sorted(kept)), (decision.decided(automatic),), (proof,)


def _decision(
    file: RuleFile,
    given: _OverrideTable,
    codes: Sequence[str],
    facets: Facets,
    asked: Sequence[str],
) -> Override:
    near = given.line
    fields = [FIELD, *(FACET + facet.name for facet in facets.facets)]
    of_finding = given.field.startswith(FINDING)
    if of_finding:
        file.require(near, "claim or harm", [given.field.removeprefix(FINDING)], asked)
    elif given.field not in fields:
        raise file.error(near, f"`field` can be {', '.join(fields)}, {FINDING}CLAIM")
    if given.confirm is not None and (given.value is not None or given.expect is not None):
        raise file.error(near, "`confirm` stands in place of `value` and `expect`")
    value, expect = (given.confirm or given.value), (given.confirm or given.expect)
    if value is None or expect is None:
        raise file.error(near, "`value` and `expect` are needed, or `confirm` in their place")
    for stated in (value, expect):
        if given.field == FIELD:
            file.require(near, "study type", [stated], codes)
        elif of_finding:
            file.require(near, "finding", [stated], FINDINGS, lists=True)
        else:
            facet = given.field.removeprefix(FACET)
            for one in stated.split(";"):
                if not facets.allows(facet, one.strip()):
                    raise file.error(near, f"unknown value `{one.strip()}` of {facet}")
    return Override(given.pmid, given.field, value, expect, given.who, given.when, given.why)
