"""The questions of the claim map: its parts, and how claims.toml states them.

A claim is a question with the records that address it, never with a verdict: a question of the
field, or what a popular article says. `claims` reads the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Annotated, Any

import re2
from pydantic import Field

from pipeline.evidence.curation import QUOTED_WORDS
from pipeline.evidence.topics import Topics
from pipeline.rules.decide import Matcher
from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.model import Rule, RuleSet
from pipeline.rules.patterns import OPTIONS, regular_expression

# -- The parts of the map

FIGURE = "figure"
KINDS = ("effect", FIGURE, "gap", "context", "product")
UNMATCHED_KINDS = ("context", "product")
"""Kinds that do not question the literature on kratom: never matched, and without a count."""
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


class Misreading(Table):
    """A reading that must not match, with a pair of sentences of our own wording for the tests.

    Attributes:
        reading: what is meant.
        no_match: a sentence that must not match.
        match: its like that must; None for claims that are never matched.
    """

    reading: str
    no_match: str
    match: str | None = None


class Card(Table):
    """One `[[card]]`: a map of questions by itself, what the field or a popular article asks."""

    named_by = "code"

    code: str = Field(alias="name")
    label: str
    description: str


class Group(Table):
    """One `[[group]]`: questions shown together."""

    named_by = "code"

    code: str = Field(alias="name")
    label: str


class Claim(Table):
    """One `[[claim]]`: a question of the field, or a claim of the article as a question.

    Attributes:
        code: e.g. analgesia or safety.liver.
        parent: the claim it is a part of; None for most.
        question: with its question mark.
        definition: what is asked, in a sentence.
        counts: what counts as addressing it; what does not is said by `readings`.
        cards: the cards it is on, in the order of the cards.
        group: the group it is in.
        asks: one of ASKS.
        kind: one of KINDS.
        says: the article's words, at most 25; None where it is silent.
        source: what the article names for it, and what we identified.
        topic: the topic of topics.toml the claim is about.
        answered_by: study types that would answer it; in the file, names of designs.
        readings: readings that must not match.
        includes: claims; what addresses any of them addresses this claim too.
    """

    named_by = "code"

    code: str = Field(alias="id")
    parent: str | None = None
    question: str
    definition: str
    counts: str
    cards: Names
    group: str
    asks: str
    kind: str
    says: str | None = None
    source: str | None = None
    topic: str
    answered_by: Names
    includes: Names = ()
    readings: Annotated[tuple[Misreading, ...], Field(strict=False, alias="not")] = ()


class LeanedOn(Table):
    """One `[[leaned_on]]`: a study the article leans on, described in our own words."""

    named_by = "says"

    claims: Names
    says: str
    pmid: int | None = None
    doi: str | None = None
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
        preclinical: study types of pharmacology; a record may have one in place of another.
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


# -- The questions of claims.toml, read and checked; `claims` reads the rules


def load_questions(
    file: RuleFile, designs: Mapping[str, tuple[str, ...]], topics: Topics
) -> tuple[tuple[Card, ...], tuple[Group, ...], tuple[Claim, ...]]:
    """Cards, groups and claims of claims.toml, the claims in the order of their groups.

    Raises:
        ConfigurationError: naming the line at fault; among others a claim that is not a
            question, that lacks `not`, or that names an unknown card or group.
    """
    cards, groups = file.read_all("card", Card), file.read_all("group", Group)
    names = [topic.name for topic in topics.topics]
    listed = [
        _checked(
            file, claim, designs, names, [card.code for card in cards], [g.code for g in groups]
        )
        for claim in file.read_all("claim", Claim)
    ]
    codes = [claim.code for claim in listed]
    for claim in listed:
        if codes.count(claim.code) > 1:
            raise file.error(claim.line, f"claim {claim.code} is there twice")
        if claim.parent is not None and claim.parent not in codes:
            raise file.error(claim.line, f"unknown parent `{claim.parent}`")
        file.require(claim.line, "claim", claim.includes, codes)
    used = {name for claim in listed for name in (*claim.cards, claim.group)}
    for one in chain[Card | Group](cards, groups):
        if one.code not in used:
            raise file.error(one.line, f"no claim names `{one.code}`")
    place = {group.code: number for number, group in enumerate(groups)}
    return cards, groups, tuple(sorted(listed, key=lambda claim: place[claim.group]))


def _checked(
    file: RuleFile,
    given: Claim,
    designs: Mapping[str, tuple[str, ...]],
    topics: Sequence[str],
    cards: Sequence[str],
    groups: Sequence[str],
) -> Claim:
    """A claim with its cards in their order, and with study types in place of its designs."""
    near = given.line
    if not given.question.endswith("?"):
        raise file.error(near, f"claim {given.code} is not a question: it ends without a `?`")
    if given.kind not in KINDS:
        raise file.error(near, f"kind must be one of {', '.join(KINDS)}")
    if given.asks not in ASKS:
        raise file.error(near, f"asks must be one of {', '.join(ASKS)}")
    file.require(near, "topic", [given.topic], topics)
    file.require(near, "group", [given.group], groups, lists=True)
    if not given.cards:
        raise file.error(near, f"claim {given.code} is on no card (known: {', '.join(cards)})")
    file.require(near, "card", given.cards, cards, lists=True)
    if ARTICLE not in given.cards and (given.says or given.source):
        raise file.error(near, f"claim {given.code} quotes the article and is not on its card")
    if len((given.says or "").split()) > QUOTED_WORDS:
        raise file.error(near, f"`says` quotes more than {QUOTED_WORDS} words")
    file.require(near, "design", given.answered_by, designs, lists=True)
    if not given.readings:
        raise file.error(near, f"claim {given.code} lacks `not`: the readings it must not match")
    return given.model_copy(
        update={
            "cards": tuple(name for name in cards if name in given.cards),
            "answered_by": tuple(dict.fromkeys(c for n in given.answered_by for c in designs[n])),
        }
    )
