"""Find the facets of a record, with their proofs, from what was judged before.

Study types and topics are decided first (people's decisions included): they say which facets a
record has at all. Words beside or around a value may take it back: a denied symptom, an
event of the past, another drug (the doubts that facets.toml declares).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.evidence.doses import NO_KRATOM, Known, sums_up
from pipeline.evidence.facet_values import (
    AFFILIATION_RULE,
    DOSES,
    READERS,
    REPEATED,
    SCHEDULE,
    span,
)
from pipeline.evidence.facets import AFFILIATIONS, NOT_STATED, STATEMENTS, Facet, Facets
from pipeline.evidence.overrides import BY_A_PERSON, FACET, Override
from pipeline.evidence.record import AspectValue, Decided, FacetValue, Label, Proof, Record
from pipeline.evidence.topics import FOCUS, LEVELS, MENTION, OUTCOME, level_of
from pipeline.evidence.value_context import happened, is_doubtful, is_set_aside
from pipeline.rules.decide import Asked, Found, Outcome
from pipeline.rules.finding import Tag
from pipeline.rules.patterns import visible
from pipeline.rules.text import Unit, judged_sentences

_SUBSTANCE = "substance"
_WITHOUT_PLACE = {"grants": "grant", "affiliations": "affiliation"}
"""Fields that a proof names as a whole, and what such a proof rests on."""


class FacetsOf(NamedTuple):
    """What the facets of one record are.

    Attributes:
        values: its values; `not_stated` where a facet applies and no value was found.
        proofs: what they rest on.
        decisions: people's decisions about them, in force, beside what the rules say.
    """

    values: tuple[FacetValue, ...]
    proofs: tuple[Proof, ...]
    decisions: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value with one of its proofs; the value is None until it is read from the words."""

    facet: str
    value: str | None
    level: int
    rule_no: int
    proof: Proof


def facets_of(
    facets: Facets,
    record: Record,
    scope: Sequence[Facet],
    asked: Asked,
    outcome: Outcome,
    *,
    aspects: Sequence[AspectValue],
    type_proofs: Sequence[Proof],
    decisions: Sequence[Override] = (),
) -> FacetsOf:
    """The facets of a record for which the rules were run.

    Args:
        facets: the rules.
        record: the record.
        scope: the facets that apply to it, see `scope_of`.
        asked: its texts and tags, see `asked_of`.
        outcome: what the rules say of these.
        aspects: what is said about the labels.
        type_proofs: proofs of study types; those of aspects that are shown as facets are here.
        decisions: people's decisions about it; those about facets take the place of all values.
    """
    values: list[_Value] = []
    if scope:
        values += _from_aspects(facets, scope, aspects, type_proofs)
        found = list(_by_rules(facets, scope, asked, outcome))
        for facet in scope:
            own = [one for one in found if one.facet == facet.name]
            if facet.read == DOSES:
                summed_up = sums_up([one.value for one in own if one.value])
                own = [one for one in own if one.value not in summed_up]
            values += _settled(facet, own, asked.units)
            if facet.source == AFFILIATIONS:
                values += _from_addresses(facets, facet, record)
    decided: list[Decided] = []
    for decision in decisions:
        if decision.field.startswith(FACET):
            name = decision.field.removeprefix(FACET)
            automatic = {one.value for one in values if one.facet == name and one.value}
            decided.append(decision.decided("; ".join(sorted(automatic)) or NOT_STATED))
            values = [one for one in values if one.facet != name]
            values += [
                _Value(name, one, MENTION, 0, decision.proof("facet", f"{name}.{one}"))
                for one in decision.values()
            ]
    return FacetsOf(
        tuple(_written(scope, values)),
        tuple(dict.fromkeys(one.proof for one in values)),
        tuple(decided),
    )


def scope_of(facets: Facets, topics: Collection[str], labels: Sequence[Label]) -> list[Facet]:
    """The facets that apply to a record, by its topics and study types, as people decided."""
    primary = next((label.study_type for label in labels if label.is_primary), None)
    types = {label.study_type for label in labels}
    if primary is None or primary in facets.no_facets_of:
        types = set()
    return [
        facet
        for facet in facets.facets
        if facet.topic in topics or not types.isdisjoint(facet.types)
    ]


def asked_of(facets: Facets, scope: Sequence[Facet], record: Record, judged: Asked) -> Asked:
    """What the rules of its facets are asked of: a record's statements too, where one needs it."""
    units = judged.units
    if any(facet.source == STATEMENTS for facet in scope):
        units = [*units, *record.statements()]
    return facets.asked([facet.name for facet in scope], units, judged.tags)


def _by_rules(
    facets: Facets, scope: Sequence[Facet], asked: Asked, outcome: Outcome
) -> Iterator[_Value]:
    """What the rules find, of the facets that apply to the record."""
    wanted = {facet.name: facet for facet in scope}
    in_sentences: dict[str, set[int]] = {}
    known: Known | None = None
    units, tags, _ = asked
    for found in outcome.found:
        name = facets.rules.rules[found.rule_no].code.partition(".")[0]
        facet = wanted[name]
        if found.unit_index is None:
            yield _value(facets, found, level_of(found))
        elif facet.read == DOSES:
            known = known or (_known(facets, units) if _SUBSTANCE in wanted else NO_KRATOM)
            for sentence in judged_sentences(units[found.unit_index]):
                yield from _doses(facets, facet, found, sentence, known)
        elif _is_cut(facet, units[found.unit_index]):
            in_sentences.setdefault(name, set()).add(found.unit_index)
        else:
            yield _value(facets, found, level_of(found))
    if in_sentences:
        yield from _by_sentence(facets, in_sentences, units, tags)


def _is_cut(facet: Facet, unit: Unit) -> bool:
    """Whether each sentence of a unit is judged by itself: it may say of what another speaks."""
    raw = unit.forms["judged"].raw
    return bool(facet.happened) or any(one.phrases.search(raw) for one in facet.set_aside)


def _by_sentence(
    facets: Facets, asked: Mapping[str, Collection[int]], units: Sequence[Unit], tags: Sequence[Tag]
) -> Iterator[_Value]:
    """What the rules find of some facets in the sentences of the units asked for."""
    wanted = set().union(*asked.values())
    parts: list[Unit] = []
    is_of: list[int] = []
    for index, unit in enumerate(units):
        cut = list(judged_sentences(unit)) if index in wanted else [unit]
        parts += cut
        is_of += [index] * len(cut)
    for found in facets.find(asked, parts, tags):
        name = facets.rules.rules[found.rule_no].code.partition(".")[0]
        if found.unit_index is None or is_of[found.unit_index] not in asked.get(name, ()):
            continue
        facet, part = facets.named(name), parts[found.unit_index]
        level, value = level_of(found), _value(facets, found, level_of(found))
        if level == MENTION and happened(facet, part):
            level = OUTCOME
        if level <= LEVELS.index(facet.least_level) and not is_set_aside(
            facet, found, part, value.value
        ):
            yield replace(value, level=level)


def _known(facets: Facets, units: Sequence[Unit]) -> Known:
    """What a record says of the substances of its doses."""
    title = next((unit.forms["whole"].folded for unit in units if unit.field == "title"), "")
    texts = [
        (visible(unit.stored), unit.forms["whole"].folded)
        for unit in units
        if unit.field in ("title", "abstract")
    ]
    return facets.dosed.known(title, texts)


def _doses(
    facets: Facets, facet: Facet, found: Found, sentence: Unit, known: Known
) -> Iterator[_Value]:
    """The doses of one sentence of a unit in which a rule found an amount."""
    text, outcome = sentence.forms["judged"], sentence.forms["outcome"].folded
    for dose in facets.dosed.read(visible(sentence.stored), text.folded, known):
        start, end = text.stored(dose.start, dose.end)
        is_outcome = outcome[dose.start : dose.end].strip(".") != ""
        place = found._replace(
            text=sentence.stored[start:end], start=start, end=end,
            form="outcome" if is_outcome else "judged",
        )  # fmt: skip
        if not is_set_aside(facet, place, sentence):
            yield replace(_value(facets, place, level_of(place)), value=dose.value)


def _value(facets: Facets, found: Found, level: int) -> _Value:
    rule = facets.rules.rules[found.rule_no]
    facet, _, value = rule.code.partition(".")
    proof = Proof.of("facet", "", rule, found)  # its code is written when the value is known
    if source := _WITHOUT_PLACE.get(found.field):
        proof = proof._replace(source=source, section_no=None, start=None, end=None)
    return _Value(facet, value or None, level, found.rule_no, proof)


def _settled(facet: Facet, found: list[_Value], units: Sequence[Unit]) -> list[_Value]:
    """Of what was found of a facet, what holds: with its values, and the proofs bound to them."""
    if facet.not_after or facet.not_before:
        texts = {(unit.field, unit.section_no): unit.stored for unit in units}
        found = [one for one in found if not is_doubtful(facet, one.proof, texts)]
    if facet.read:
        stated = [one for one in found if one.value is not None]
        found = stated + _read(facet.read, [one for one in found if one.value is None])
    if facet.rest and any(one.value != facet.rest for one in found):
        found = [one for one in found if one.value != facet.rest]
    return [
        replace(one, proof=one.proof._replace(code=f"{one.facet}.{one.value}")) for one in found
    ]


def _read(how: str, found: list[_Value]) -> list[_Value]:
    """Values that are read from the words: those of the first rule that has any.

    A number is that of the first place; years are the first and the last of all places; of
    schedules all count, and days say more than "repeated".
    """
    if how == SCHEDULE:
        given = [replace(one, value=READERS[how](one.proof.text)) for one in found]
        in_days = any((one.value or "").startswith(f"{REPEATED} ") for one in given)
        return [one for one in given if not (in_days and one.value == REPEATED)]
    places: list[tuple[str, _Value]] = []
    for one in sorted(found, key=_place):
        is_next = not places or (how == "years" and places[0][1].rule_no == one.rule_no)
        value = READERS[how](one.proof.text) if is_next else None
        if value is not None:
            places.append((value, one))
    if not places:
        return []
    value = span([value for value, _ in places])
    return [replace(one, value=value) for _, one in places]


def _place(one: _Value) -> tuple[object, ...]:
    proof = one.proof
    section = (proof.section_no is None, proof.section_no or 0)
    return (one.rule_no, proof.field != "title", section, proof.start, proof.end)


def _from_aspects(
    facets: Facets,
    scope: Sequence[Facet],
    aspects: Sequence[AspectValue],
    type_proofs: Sequence[Proof],
) -> Iterator[_Value]:
    """Aspects of study types shown as facets, with the proofs that state them."""
    for facet in scope:
        for stated in aspects:
            stating = facets.stating.get((stated.aspect, stated.value), frozenset())
            if stated.aspect != facet.aspect:
                continue
            for proof in type_proofs:
                if proof.code == stated.study_type and proof.rule_id in stating:
                    is_focus = proof.field == "title" or proof.source == "nlm_mesh_major"
                    shown = proof._replace(kind="facet", code=f"{facet.name}.{stated.value}")
                    yield _Value(facet.name, stated.value, FOCUS if is_focus else MENTION, 0, shown)


def _from_addresses(facets: Facets, facet: Facet, record: Record) -> Iterator[_Value]:
    """The countries of the authors."""
    for name, country in facets.addresses.named(record.affiliations):
        proof = Proof(
            "facet", f"{facet.name}.{country}", AFFILIATION_RULE, "affiliation", "affiliations",
            None, name, None, None,
        )  # fmt: skip
        yield _Value(facet.name, country, MENTION, 0, proof)


def _written(scope: Sequence[Facet], values: Sequence[_Value]) -> Iterator[FacetValue]:
    """Each value once, at its best level; `not_stated` for facets that have none."""
    best: dict[tuple[str, str], int] = {}
    for one in values:
        key = (one.facet, one.value or "")
        best[key] = min(best.get(key, one.level), one.level)
    persons = {one.facet for one in values if one.proof.source == BY_A_PERSON}
    for (facet, value), level in best.items():
        by = BY_A_PERSON if facet in persons else "rule"
        yield FacetValue(facet, value, LEVELS[level], by)
    stated = {facet for facet, _ in best}
    for facet_asked in scope:
        if facet_asked.name not in stated:
            yield FacetValue(facet_asked.name, NOT_STATED, "none", "none")
