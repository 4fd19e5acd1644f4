"""The questions of claims.toml: cards they stand on, groups, definitions, what does not count.

A card is a map of its own: what the field asks, what a popular article asks. A question may stand
on both. `claims` reads the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from pipeline.evidence.claim_types import (
    ARTICLE,
    ASKS,
    KINDS,
    QUOTED_WORDS,
    Card,
    Claim,
    Group,
    Reading,
)
from pipeline.evidence.topics import Topics
from pipeline.rules.file import RuleFile, Table


class _ReadingTable(Table):
    """One of `not` of a claim."""

    reading: str
    no_match: str
    match: str | None = None


class _ClaimTable(Table):
    """One `[[claim]]`."""

    id: str
    parent: str | None = None
    question: str
    definition: str
    counts: str
    cards: list[str]
    group: str
    asks: str
    kind: str
    says: str | None = None
    source: str | None = None
    topic: str
    answered_by: list[str]
    readings: list[_ReadingTable] = Field(default_factory=list, alias="not")


class _CardTable(Table):
    """One `[[card]]`."""

    name: str
    label: str
    description: str


class _GroupTable(Table):
    """One `[[group]]`."""

    name: str
    label: str


def load_questions(
    file: RuleFile, designs: Mapping[str, tuple[str, ...]], topics: Topics
) -> tuple[tuple[Card, ...], tuple[Group, ...], tuple[Claim, ...]]:
    """Cards, groups and claims of claims.toml, the claims in the order of their groups.

    Args:
        file: the parsed file.
        designs: study types by the name that `answered_by` uses.
        topics: the topics the claims are about.

    Raises:
        ConfigurationError: naming the line at fault; among others a claim that is no question,
            that lacks `not`, or that stands on a card or in a group that there is not.
    """
    cards = tuple(
        Card(one.name, one.label, one.description)
        for table in file.tables("card")
        for one in [file.read(_CardTable, table, f'name = "{table.get("name")}"')]
    )
    groups = tuple(
        Group(one.name, one.label)
        for table in file.tables("group")
        for one in [file.read(_GroupTable, table, f'name = "{table.get("name")}"')]
    )
    names = [topic.name for topic in topics.topics]
    listed = [
        _claim(file, table, designs, names, [card.code for card in cards], [g.code for g in groups])
        for table in file.tables("claim")
    ]
    codes = [claim.code for claim in listed]
    for claim in listed:
        near = f'id = "{claim.code}"'
        if codes.count(claim.code) > 1:
            raise file.error(near, f"claim {claim.code} is there twice")
        if claim.parent is not None and claim.parent not in codes:
            raise file.error(near, f"unknown parent `{claim.parent}`")
    used = {name for claim in listed for name in (*claim.cards, claim.group)}
    for name in (*(card.code for card in cards), *(group.code for group in groups)):
        if name not in used:
            raise file.error(f'name = "{name}"', f"no claim names `{name}`")
    place = {group.code: number for number, group in enumerate(groups)}
    return cards, groups, tuple(sorted(listed, key=lambda claim: place[claim.group]))


def _claim(
    file: RuleFile,
    table: Mapping[str, Any],
    designs: Mapping[str, tuple[str, ...]],
    topics: Sequence[str],
    cards: Sequence[str],
    groups: Sequence[str],
) -> Claim:
    near = f'id = "{table.get("id")}"'
    given = file.read(_ClaimTable, table, near)
    if not given.question.endswith("?"):
        raise file.error(near, f"claim {given.id} is no question: it ends without a `?`")
    if given.kind not in KINDS:
        raise file.error(near, f"kind must be one of {', '.join(KINDS)}")
    if given.asks not in ASKS:
        raise file.error(near, f"asks must be one of {', '.join(ASKS)}")
    if given.topic not in topics:
        raise file.error(near, f"unknown topic `{given.topic}`")
    if given.group not in groups:
        raise file.error(near, f"unknown group `{given.group}` (known: {', '.join(groups)})")
    if not given.cards:
        raise file.error(near, f"claim {given.id} stands on no card (known: {', '.join(cards)})")
    for name in given.cards:
        if name not in cards:
            raise file.error(near, f"unknown card `{name}` (known: {', '.join(cards)})")
    if ARTICLE not in given.cards and (given.says or given.source):
        raise file.error(near, f"claim {given.id} quotes the article and is not on its card")
    if len((given.says or "").split()) > QUOTED_WORDS:
        raise file.error(near, f"`says` quotes more than {QUOTED_WORDS} words")
    for name in given.answered_by:
        if name not in designs:
            raise file.error(near, f"unknown design `{name}` (known: {', '.join(designs)})")
    if not given.readings:
        raise file.error(near, f"claim {given.id} lacks `not`: the readings it must not match")
    return Claim(
        code=given.id,
        parent=given.parent,
        question=given.question,
        definition=given.definition,
        counts=given.counts,
        cards=tuple(name for name in cards if name in given.cards),
        group=given.group,
        asks=given.asks,
        kind=given.kind,
        says=given.says,
        source=given.source,
        topic=given.topic,
        answered_by=tuple(dict.fromkeys(c for n in given.answered_by for c in designs[n])),
        readings=tuple(Reading(one.reading, one.no_match, one.match) for one in given.readings),
    )
