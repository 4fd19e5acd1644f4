"""Say which claims a record addresses, and how.

A sentence addresses a claim when a rule of the claim holds in it and it is about the claim's
topic: it names one of the topic's words (close to the claim's, unless the topic is the record's
focus), or the topic is the record's focus and its title names no other drugs. In a report on
patients, whatever they took is the focus, whatever its title names. Keywords and
headings count for records of the latter kind only. How a record bears on the claim (`how`) follows
from its primary study type and its instruments, by claims.toml.

An abbreviation that a record defines, "mitragynine (MG)", holds in that record only, so no list can
have it. It is overwritten with underscores of the same length, which keeps every place in the text,
and rule files say that a run of underscores is such a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, NamedTuple

from pipeline.evidence.questions import (
    FIGURE,
    IN_FOCUS,
    MEASURED,
    MENTIONED,
    REASON_FOR_USE,
    REVIEWED,
    Claim,
    Claims,
)
from pipeline.evidence.record import CASES, ClaimHit, Label, Proof, TopicHit
from pipeline.rules.decide import Found, Outcome
from pipeline.rules.finding import Tag
from pipeline.rules.patterns import fold, visible
from pipeline.rules.text import Unit, sentence_units

_FOCUS, _MENTION = "focus", "mention"
_NEAR = 60
"""Most characters between a claim's words and the topic's, in a record whose focus is another.
Of pairs from such records, 4 of 14 were right in the third and fourth draw (docs/evaluation)."""


class ClaimsOf(NamedTuple):
    """The claims one record addresses, and what that rests on."""

    hits: tuple[ClaimHit, ...]
    proofs: tuple[Proof, ...]


def claims_of(
    claims: Claims,
    units: Sequence[Unit],
    tags: Sequence[Tag],
    *,
    topics: Sequence[TopicHit],
    labels: Sequence[Label],
    instead: str | None = None,
) -> ClaimsOf:
    """The claims that a record addresses.

    Args:
        claims: what is asked. With a stand-in for the substance, it is asked of all records that
            name one, as it is else of records on the topic.
        units: texts of the record.
        tags: what it carries beside them.
        topics: the topics it is on.
        labels: its study types; the primary one says how.
        instead: for measuring only: a topic whose records stand in for those of the claims'
            topics, with the substance waived: any sentence counts as about it.
    """
    levels = _levels(claims, units, topics, instead)
    if not levels:
        return ClaimsOf((), ())
    short = abbreviations_of(units, claims.abbreviated_names)
    outcome = claims.matcher.run(list(blotted(sentence_units(units), short)), tags)
    is_case = any(label.is_primary and label.study_type in CASES for label in labels)
    sentences = _Sentences(claims, outcome, is_case=is_case)
    found: dict[str, list[Found]] = {}
    for one in outcome.found:
        if one.rule_no < len(claims.rules.rules):
            claim = claims.by_code[claims.rules.rules[one.rule_no].code]
            aspect = claims.rules.rules[one.rule_no].aspect
            is_broad = aspect not in (None, REASON_FOR_USE)
            if is_broad and aspect not in (IN_FOCUS, *sentences.settings):
                continue
            if instead or sentences.is_about(claim.topic, one, levels, only_in_focus=is_broad):
                found.setdefault(claim.code, []).append(one)
    for claim in claims.claims:
        for part in claim.includes:
            if part in found:
                found[claim.code] = [*found.get(claim.code, ()), *found[part]]
    hits: list[ClaimHit] = []
    proofs: dict[Proof, None] = {}
    for code, held in found.items():
        if how := _how(claims, claims.by_code[code], held, labels, sentences.instruments):
            hits.append(ClaimHit(code, how))
            proofs |= dict.fromkeys(
                Proof.of("claim", code, claims.rules.rules[one.rule_no], one) for one in held
            )
    return ClaimsOf(tuple(hits), tuple(proofs))


def _levels(
    claims: Claims, units: Sequence[Unit], topics: Sequence[TopicHit], instead: str | None
) -> dict[str, str]:
    """The level of each topic of claims that the record, or what stands in for it, is on."""
    wanted = {instead} if instead else {claim.topic for claim in claims.matched()}
    if instead or claims.stand_in_pattern is None:
        return {one.topic: one.level for one in topics if one.topic in wanted}
    zones = {unit.zone for unit in units if claims.stand_in_pattern.search(unit.forms["whole"].raw)}
    if not zones:
        return {}
    return dict.fromkeys(wanted, _FOCUS if "title" in zones else _MENTION)


class _Sentences:
    """Which sentences of a record name which topic, and what else stands in them.

    Attributes:
        instruments: names of the instruments that the record was made with.
        settings: what kind of record it is, by words anywhere in it.
    """

    def __init__(self, claims: Claims, outcome: Outcome, *, is_case: bool) -> None:
        first = len(claims.rules.rules)
        topics = dict(enumerate(claims.about, first))
        self._named: dict[tuple[int | None, str], list[Found]] = {}
        for one in outcome.found:
            if topic := topics.get(one.rule_no):
                self._named.setdefault((one.unit_index, topic), []).append(one)
        # a title maybe by an abbreviation that the record defines: no topic has that word
        self._in_focus = {
            topic
            for (_, topic), names in self._named.items()
            if names[0].zone == "title" or (is_case and names[0].field == "abstract")
        }
        company, last = first + len(topics), first + len(topics) + len(claims.company)
        fired = {rule_no for _, rule_no in outcome.fired}
        self._in_company = any(company <= rule_no < last for rule_no in fired)
        instruments = claims.instruments.rules
        self.instruments = {
            rule.code for rule_no, rule in enumerate(instruments, last) if rule_no in fired
        }
        last += len(instruments)
        self.settings = {
            rule.code for rule_no, rule in enumerate(claims.settings, last) if rule_no in fired
        }

    def is_about(
        self, topic: str, found: Found, levels: Mapping[str, str], *, only_in_focus: bool = False
    ) -> bool:
        """Whether the sentence (or heading) something was found in is about a topic.

        Args:
            topic: the topic.
            found: what was found.
            levels: levels of the topics that the record is on.
            only_in_focus: a name close by is not enough.
        """
        is_focus = levels.get(topic) == _FOCUS or topic in self._in_focus
        if found.unit_index is not None and not only_in_focus:
            names = self._named.get((found.unit_index, topic), ())
            if names and (is_focus or any(_are_near(found, name) for name in names)):
                return True
        return is_focus and not self._in_company


def _are_near(found: Found, name: Found) -> bool:
    assert found.start is not None and found.end is not None
    assert name.start is not None and name.end is not None
    return name.start - found.end <= _NEAR and found.start - name.end <= _NEAR


def _how(
    claims: Claims,
    claim: Claim,
    found: Sequence[Found],
    labels: Sequence[Label],
    instruments: Set[str],
) -> str | None:
    """How a record bears on a claim; None where it does not address it.

    A study none of whose types would answer the claim names it in passing, and does not address
    it; a letter or a comment mentions it, and so does a keyword or heading alone. Figures are
    counted by surveys: there, what users report is the measurement.
    """
    primary = next(label.study_type for label in labels if label.is_primary)
    # beside a study that measures, a mere hint of another design answers nothing
    measures = claims.how.get(primary) == MEASURED
    others = [one for one in labels if not one.is_primary]
    types = [
        primary,
        *(one.study_type for one in others if not (measures and one.confidence == "low")),
    ]
    study_type = next((one for one in types if one in claim.answered_by), None)
    how = claims.how.get(study_type or primary)
    if not any(one.field in ("title", "abstract") for one in found):
        return MENTIONED
    if claims.how.get(primary) == REVIEWED:
        return REVIEWED
    if study_type is None:
        is_near = primary in claims.preclinical and not set(claims.preclinical).isdisjoint(
            claim.answered_by
        )
        is_guess = next(label.confidence for label in labels if label.is_primary) == "low"
        return MENTIONED if how is None or is_near or is_guess else None
    aspects = {claims.rules.rules[one.rule_no].aspect for one in found}
    if REASON_FOR_USE in aspects and aspects <= {REASON_FOR_USE, IN_FOCUS}:
        return REASON_FOR_USE
    is_examined = study_type in claims.instruments.types and not instruments.isdisjoint(
        claims.instruments.of_claim.get(claim.code, ())
    )
    if claim.kind == FIGURE or is_examined:
        return MEASURED
    return how or MENTIONED


_BEFORE = 90
"""Characters before the brackets in which the name must stand."""
_IN_BRACKETS = re.compile(r"\(([A-Za-z0-9][A-Za-z0-9-]{1,9})(?=[),;])")
_QUOTES = " \"'"


def abbreviations_of(units: Iterable[Unit], names: Any) -> list[str]:
    """The abbreviations that texts define for a name, as written.

    Args:
        units: texts of a record.
        names: compiled pattern of the names with the words that may belong to them.
    """
    found: dict[str, None] = {}
    for unit in units:
        text = visible(unit.stored)
        for brackets in _IN_BRACKETS.finditer(text):
            short = brackets[1]
            before = fold(text[: brackets.start()])[-_BEFORE:].rstrip(_QUOTES)
            named = [m for m in names.finditer(before.encode()) if m.end() == len(before.encode())]
            if named and _is_short(short) and _stands_for(short, named[-1].group().decode()):
                found[short] = None
    return list(found)


def blotted(sentences: Iterable[Unit], short: Sequence[str]) -> Iterable[Unit]:
    """Sentences with abbreviations blotted out by underscores.

    Args:
        sentences: units of one sentence each.
        short: the abbreviations, as written: "MG" is not "mg".
    """
    if not short:
        return sentences
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, short)) + r")\b")
    return (_blotted(one, pattern) for one in sentences)


def _blotted(sentence: Unit, pattern: re.Pattern[str]) -> Unit:
    text = sentence.forms["sentence"]
    characters = list(text.folded)
    for match in pattern.finditer(visible(sentence.stored)):
        start, end = match.span()
        # outside the sentence stand full stops, or nothing
        if text.folded[start:end] == fold(match[0]):
            characters[start:end] = "_" * (end - start)
    made = text.with_characters("".join(characters))
    return replace(sentence, forms={"sentence": made})


def _is_short(short: str) -> bool:
    """Two capitals, or one beside a digit: no word of the text in brackets."""
    capitals = sum(character.isupper() for character in short)
    return capitals > 1 or (capitals == 1 and any(map(str.isdigit, short)))


def _stands_for(short: str, name: str) -> bool:
    """Its letters and digits stand in the name in the same order."""
    rest = iter(name)
    return all(character in rest for character in fold(short) if character.isalnum())
