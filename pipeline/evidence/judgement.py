"""What a record is judged to be: frozen values, each with the proofs it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Proof(NamedTuple):
    """The words, heading or tag behind a judgement.

    Attributes:
        kind: topic, study_type, flag, facet, tie, registration, claim or finding.
        code: what is proved: the topic, study type, flag or claim; facet.value; of a tie its row
            and number before it; a number; of a finding the claim, or harm.value, before it.
        rule_id: the rule that fired.
        source: text, nlm_pt, nlm_mesh, nlm_mesh_major, ..., or override.
        field: where it stands.
        section_no: abstract section or keyword; None for fields with one value.
        text: the exact words of the stored text, or the heading, tag or reason.
        start: first character of the words, in code points; None for tags.
        end: one past the last.
    """

    kind: str
    code: str
    rule_id: str
    source: str
    field: str
    section_no: int | None
    text: str
    start: int | None
    end: int | None


class TopicHit(NamedTuple):
    """A topic a record is about: `focus`, `outcome` or `mention`."""

    topic: str
    level: str


class Label(NamedTuple):
    """A study type of a record; see evidence.article_study_types for its fields."""

    study_type: str
    is_primary: bool
    assigned_by: str
    confidence: str
    evidence: str
    has_conflict: bool
    precedence: str | None
    reason: str | None


class AspectValue(NamedTuple):
    """What is told about a label beside its code."""

    study_type: str
    aspect: str
    value: str


class FacetValue(NamedTuple):
    """A value of a facet; see evidence.article_facets."""

    facet: str
    value: str
    level: str
    assigned_by: str
    finding: str | None = None


class Tie(NamedTuple):
    """A value of a row of values that belong together; see evidence.article_ties."""

    row: str
    tie_no: int
    facet: str
    value: str


class RegistrationFound(NamedTuple):
    """A registration a record names; see evidence.registrations."""

    registry: str
    number: str
    source: str
    number_verbatim: str
    is_trial_registry: bool


class ClaimHit(NamedTuple):
    """A claim a record addresses, how, and what its authors state (see `findings`)."""

    claim: str
    how: str
    finding: str = "unclear"
    finding_by: str = "rule"


class Suggestion(NamedTuple):
    """What the second reader suggests beside the primary type."""

    suggestion: str
    study_types: tuple[str, ...]
    probability: float
    agrees: bool


class Decided(NamedTuple):
    """A person's decision beside what the rules say; automatic is None for a record not held."""

    pmid: int
    field: str
    value: str
    expect: str
    who: str
    when: date
    why: str
    automatic: str | None

    @property
    def is_expectation_met(self) -> bool | None:
        """The rules still say what was expected; None when the record is not held."""
        return None if self.automatic is None else self.automatic == self.expect


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything decided about one record, people's decisions included.

    Attributes:
        flags: names of the flags that are up.
        decisions: people's decisions about it, in force.
        proofs: what all of it rests on; a proof of several signals stands here once.
    """

    pmid: int
    topics: tuple[TopicHit, ...] = ()
    labels: tuple[Label, ...] = ()
    aspects: tuple[AspectValue, ...] = ()
    flags: frozenset[str] = frozenset()
    facets: tuple[FacetValue, ...] = ()
    ties: tuple[Tie, ...] = ()
    registrations: tuple[RegistrationFound, ...] = ()
    claims: tuple[ClaimHit, ...] = ()
    suggestion: Suggestion | None = None
    decisions: tuple[Decided, ...] = ()
    proofs: tuple[Proof, ...] = ()

    @property
    def primary(self) -> Label:
        """The one label the tables count the record under."""
        return next(label for label in self.labels if label.is_primary)
