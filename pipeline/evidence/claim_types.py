"""What the claim map is made of: claims as questions, the studies leaned on, the whole file.

A claim is a question with the records that address it, never with a verdict: a question of the
field, or what a popular article says. `questions` and `claims` read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import re2

from pipeline.rules.decide import Matcher
from pipeline.rules.model import Rule, RuleSet
from pipeline.rules.patterns import OPTIONS, regular_expression

FIGURE = "figure"
KINDS = ("effect", FIGURE, "gap", "context", "product")
UNMATCHED_KINDS = ("context", "product")
"""Kinds that are no question to the literature on kratom: never matched, and without a count."""
DOES_IT, WHAT_IS_KNOWN = "does_it", "what_is_known"
ASKS = (DOES_IT, WHAT_IS_KNOWN)
"""Whether there is something to find or not to find, so that a bare count would mislead."""
ARTICLE = "article"
"""The card of what the popular article asks; only its questions quote it."""
MEASURED, OBSERVED, REVIEWED, MENTIONED = "measured", "observed", "reviewed", "mentioned"
HOW = (MEASURED, OBSERVED, "reported_by_users", "reason_for_use", REVIEWED, MENTIONED)
"""How a record bears on a claim, in the order tables show it; the first two are counted first."""
REASON_FOR_USE = "reason_for_use"
IN_FOCUS = "in_focus"
"""Aspect of a rule so broad that it counts only in a record about the substance and no other."""
PRECLINICAL = "preclinical"
COMPANY = "company"
"""The shared signal that says a title is about other drugs too."""
QUOTED_WORDS = 25
"""A quote of the article, or of a record, has at most this many words."""


@dataclass(frozen=True)
class Reading:
    """A reading that must not match, with a pair of sentences of our own wording for the tests.

    Attributes:
        reading: what is meant.
        no_match: a sentence that must not match.
        match: its like that must; None for claims that are never matched.
    """

    reading: str
    no_match: str
    match: str | None


@dataclass(frozen=True)
class Card:
    """A map of questions that stands for itself."""

    code: str
    label: str
    description: str


@dataclass(frozen=True)
class Group:
    """Questions that stand together."""

    code: str
    label: str


@dataclass(frozen=True)
class Claim:
    """A question of the field, or a claim of the article as a question.

    Attributes:
        code: e.g. analgesia or safety.liver.
        parent: the claim it is a part of; None for most.
        question: with its question mark.
        definition: what is asked, in a sentence.
        counts: what counts as addressing it; what does not is said by `readings`.
        cards: the cards it stands on.
        group: the group it stands in.
        asks: one of ASKS.
        kind: one of KINDS.
        says: the article's words, at most 25; None where it is silent.
        source: what the article names for it, and what we identified.
        topic: the topic of topics.toml the claim is about.
        answered_by: study types that would answer it.
        readings: readings that must not match.
    """

    code: str
    parent: str | None
    question: str
    definition: str
    counts: str
    cards: tuple[str, ...]
    group: str
    asks: str
    kind: str
    says: str | None
    source: str | None
    topic: str
    answered_by: tuple[str, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class LeanedOn:
    """A study the article leans on, described in our own words."""

    claims: tuple[str, ...]
    says: str
    pmid: int | None
    doi: str | None
    certainty: str
    tested: str
    differs: str


@dataclass(frozen=True)
class Instruments:
    """What claims are measured by where people might as well have been asked.

    Attributes:
        rules: the rules that find an instrument, each with its name as code.
        types: study types that an instrument lifts to a measurement.
        of_claim: names of the instruments that measure a claim.
    """

    rules: tuple[Rule, ...] = ()
    types: tuple[str, ...] = ()
    of_claim: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Claims:
    """Everything claims.toml says, ready to be used.

    Attributes:
        cards: the cards, the main map first.
        groups: the groups in the order they are shown.
        claims: the questions, those of a group together.
        how: how a record of a study type bears on a claim it could answer.
        preclinical: study types of pharmacology, of which a record may have one for another.
        rules: the rules of all claims, to be read sentence by sentence.
        about: per topic the rule that says whether a sentence names it; their places in the
            matcher follow those of `rules`.
        company: rules that say that a title is about other drugs too.
        instruments: what claims are measured by; their rules follow in the matcher.
        settings: rules that say what kind of record it is, by which rules of claims may ask for
            it; the last of the matcher.
        abbreviated: pattern of the names of the substance that a record may abbreviate.
        stand_in: for measuring only: names that stand in for those of the substance.
    """

    version: str
    sha256: str
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    claims: tuple[Claim, ...]
    how: Mapping[str, str]
    preclinical: tuple[str, ...]
    rules: RuleSet
    about: Mapping[str, Rule]
    company: tuple[Rule, ...]
    instruments: Instruments
    settings: tuple[Rule, ...]
    leaned_on: tuple[LeanedOn, ...]
    abbreviated: str
    stand_in: tuple[str, ...] = ()

    @cached_property
    def matcher(self) -> Matcher:
        """The rules of claims, on what a sentence or title is about, instruments, settings."""
        rules = (
            *self.rules.rules, *self.about.values(), *self.company, *self.instruments.rules,
            *self.settings,
        )  # fmt: skip
        own = self.rules
        return Matcher(RuleSet(own.kind, own.version, rules, own.forms, own.by_unit))

    @cached_property
    def stand_in_pattern(self) -> Any:
        """Finds a name that stands in for the substance; None where the substance is itself."""
        names = "|".join(map(regular_expression, self.stand_in))
        return re2.compile(names, OPTIONS) if names else None

    @cached_property
    def abbreviated_names(self) -> Any:
        """Finds a name of the substance that an abbreviation may follow."""
        return re2.compile(self.abbreviated, OPTIONS)

    @cached_property
    def by_code(self) -> Mapping[str, Claim]:
        return {claim.code: claim for claim in self.claims}

    def codes(self) -> tuple[str, ...]:
        return tuple(self.by_code)

    def parents(self) -> set[str]:
        """Claims shown as their parts, never as one number."""
        return {claim.parent for claim in self.claims if claim.parent}

    def matched(self) -> list[Claim]:
        """The claims that records can address."""
        parents = self.parents()
        return [
            claim
            for claim in self.claims
            if claim.kind not in UNMATCHED_KINDS and claim.code not in parents
        ]
