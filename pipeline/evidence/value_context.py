"""What stands around a facet's value: words that take it back, and the values it goes with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

from pipeline.evidence.doses import short_name_behind
from pipeline.evidence.facets import Facet, Facets, Row
from pipeline.evidence.record import FacetValue, Label, Proof, Tie
from pipeline.rules.decide import TEXT, Found
from pipeline.rules.finding import Tag
from pipeline.rules.patterns import fold
from pipeline.rules.text import Unit, judged_clauses

# -- Words beside or around a value that take it back
#
# As facets.toml declares them: a denied symptom, an event of the past, another drug, a control
# group that there was not.

_BEFORE = 40
"""How far before a value `not_after` looks, in characters."""
_BEHIND = 50
"""How much of what stands behind a value `not_before` sees."""
_UNLABELLED = "body"


def is_doubtful(facet: Facet, proof: Proof, texts: dict[tuple[str, int | None], str]) -> bool:
    """Whether words beside a value make it doubtful."""
    if proof.source != TEXT or proof.start is None or proof.end is None:
        return False
    stored = texts[proof.field, proof.section_no]
    if facet.doubt_before and facet.doubt_before.search(_before(stored, proof.start).encode()):
        return True
    return bool(
        facet.doubt_behind and facet.doubt_behind.search(_behind(stored, proof.end).encode())
    )


def _before(stored: str, place: int) -> str:
    """Folded text that ends at a place; more of the stored one where folding drops some of it."""
    near = fold(stored[max(place - _BEFORE, 0) : place])
    return near if len(near) in (_BEFORE, place) else fold(stored[:place])[-_BEFORE:]


def _behind(stored: str, place: int) -> str:
    """Folded text that begins at a place."""
    near = fold(stored[place : place + _BEHIND])
    return near if len(near) in (_BEHIND, len(stored) - place) else fold(stored[place:])[:_BEHIND]


def is_set_aside(facet: Facet, found: Found, sentence: Unit, value: str | None = None) -> bool:
    """Whether words stand in a phrase of their sentence that speaks of something else.

    Args:
        facet: the facet they would give a value of.
        found: the words.
        sentence: the sentence they stand in.
        value: the value; None where it is read from the words.
    """
    if found.start is None or found.end is None:
        return False
    text = sentence.forms["judged"]
    for aside in facet.set_aside:
        if (not aside.zones or found.zone in aside.zones) and (not aside.of or value in aside.of):
            for phrase in aside.phrases.finditer(text.raw):
                start, end = text.place(*phrase.span())
                if start < found.end and found.start < end:
                    return True
    return False


def happened(facet: Facet, sentence: Unit) -> bool:
    """Whether a sentence of an unlabelled abstract says what happened to somebody."""
    if facet.happening is None or sentence.zone != _UNLABELLED:
        return False
    return bool(facet.happening.search(sentence.forms["judged"].raw))


# -- Which values of a record belong together: those that one sentence, or two neighbours, name
#
# A record that names two substances, two animals and three tests does not say that each was tried
# on each in all of them. So a row of a substance, an animal and a test stands only where a sentence
# names them, or where what one lacks stands in the sentence beside it; and then at most one of the
# three may have several values there. Sentences with more are read clause by clause ("mice the hot
# plate, and rats the formalin test"). All else is left side by side.

Values = dict[str, dict[str, Proof]]
"""By facet and value: where it stands."""


class TiesOf(NamedTuple):
    """The ties of one record, and the places they rest on."""

    ties: tuple[Tie, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Values that a sentence names, as a whole and clause by clause."""

    is_title: bool
    named: Values
    clauses: tuple[Values, ...]


def ties_of(
    facets: Facets,
    units: Sequence[Unit],
    tags: Sequence[Tag],
    *,
    labels: Sequence[Label],
    values: Sequence[FacetValue],
    proofs: Sequence[Proof],
) -> TiesOf:
    """The rows of values that belong together in a record, of those that it has."""
    types = {label.study_type for label in labels}
    rows = [row for row in facets.rows if not types.isdisjoint(row.types)]
    held: dict[str, set[str]] = {}
    for one in values:
        if one.level != "none":
            held.setdefault(one.facet, set()).add(one.value)
    rows = [row for row in rows if len(held.keys() & set(row.facets)) > 1]
    if not rows:
        return TiesOf((), ())
    names = {name for row in rows for name in row.facets}
    read = [one for one in proofs if one.start is not None and one.code.partition(".")[0] in names
            and facets.named(one.code.partition(".")[0]).read]  # fmt: skip
    sentences = list(_sentences(facets, names, held, units, tags, read))
    ties: list[Tie] = []
    places: list[Proof] = []
    for row in rows:
        slots = [name for name in row.facets if name in held]
        for number, tied in enumerate(_rows(row, slots, sentences), 1):
            for proof in tied:
                facet, _, value = proof.code.partition(".")
                ties.append(Tie(row.name, number, facet, value))
                places.append(proof._replace(kind="tie", code=f"{row.name}.{number}.{proof.code}"))
    return TiesOf(tuple(ties), tuple(places))


def _sentences(
    facets: Facets,
    names: Collection[str],
    held: Mapping[str, Collection[str]],
    units: Sequence[Unit],
    tags: Sequence[Tag],
    read: Sequence[Proof],
) -> Iterator[_Sentence]:
    """The sentences of a record in their order, with the values they name."""
    order = sorted(units, key=lambda unit: (unit.field != "title", unit.section_no or 0))
    texts = {(unit.field, unit.section_no): unit.stored for unit in units}
    clauses: list[Unit] = []
    cut: list[tuple[bool, range]] = []
    for unit in order:
        if unit.field in ("title", "abstract"):
            for sentence in judged_clauses(unit):
                cut.append(
                    (unit.field == "title", range(len(clauses), len(clauses) + len(sentence)))
                )
                clauses += sentence
    named: list[Values] = [{} for _ in clauses]
    by_rules = [name for name in names if not facets.named(name).read]
    for found in facets.find(by_rules, clauses, tags):
        if found.unit_index is None:
            continue
        rule = facets.rules.rules[found.rule_no]
        proof = Proof.of("facet", rule.code, rule, found)
        facet, _, value = rule.code.partition(".")
        if value in held.get(facet, ()) and not is_doubtful(facets.named(facet), proof, texts):
            named[found.unit_index].setdefault(facet, {}).setdefault(value, proof)
    for proof in read:
        facet, _, value = proof.code.partition(".")
        for values, clause in zip(named, clauses, strict=True):
            if _holds(clause, proof):
                values.setdefault(facet, {}).setdefault(value, proof)
    _add_short_names(named, clauses, texts)
    for is_title, places in cut:
        parts = tuple(named[place] for place in places)
        yield _Sentence(is_title, _joined(parts), parts)


def _span(clause: Unit) -> tuple[int, int]:
    """Where a clause stands in its stored text."""
    judged = clause.forms["judged"]
    before = len(judged.folded) - len(judged.folded.lstrip("."))
    return judged.stored(before, len(judged.folded))


def _holds(clause: Unit, proof: Proof) -> bool:
    """Whether the words of a proof stand in a clause."""
    if (clause.field, clause.section_no) != (proof.field, proof.section_no):
        return False
    start, end = _span(clause)
    return proof.start is not None and start <= proof.start < end


def _add_short_names(
    named: Sequence[Values], clauses: Sequence[Unit], texts: Mapping[tuple[str, int | None], str]
) -> None:
    """Add the places where a short name stands for a substance that the record gave it to."""
    known: dict[str, Proof] = {}
    for values in named:
        for proof in values.get("substance", {}).values():
            for text in texts.values():
                whole = rf"(?<![\w-]){re.escape(proof.text)}"
                for place in re.finditer(whole, text, re.IGNORECASE):
                    if short := short_name_behind(text, place.end()):
                        known.setdefault(short, proof)
    for short_name, proof in known.items():
        word = re.compile(rf"(?<![\w-]){re.escape(short_name)}(?![\w-])")
        for values, clause in zip(named, clauses, strict=True):
            if found := word.search(clause.stored, *_span(clause)):
                here = proof._replace(
                    field=clause.field, section_no=clause.section_no, text=found[0],
                    start=found.start(), end=found.end(),
                )  # fmt: skip
                value = proof.code.partition(".")[2]
                values.setdefault("substance", {}).setdefault(value, here)


def _joined(parts: Sequence[Values]) -> Values:
    """What several clauses name together."""
    named: Values = {}
    for part in parts:
        for facet, values in part.items():
            for value, proof in values.items():
                named.setdefault(facet, {}).setdefault(value, proof)
    return named


def _rows(
    row: Row, slots: Sequence[str], sentences: Sequence[_Sentence]
) -> Iterator[tuple[Proof, ...]]:
    """The rows, each once: those of one sentence first, then what only two of them tie."""
    abstract = [one for one in sentences if not one.is_title]
    pairs = [(before.named, after.named) for before, after in pairwise(abstract)]
    fewer = [slot for slot in slots if slot != row.may_lack]
    whole = [found for one in sentences for found in _of_sentence(slots, one)]
    bench = [found for one in sentences for found in _of_sentence(fewer, one)]
    beside = [found for pair in pairs for found in _of_neighbours(slots, *pair)]
    bench_beside = [found for pair in pairs for found in _of_neighbours(fewer, *pair)]
    tied: set[str] = set()
    seen: set[tuple[str, ...]] = set()
    for found, is_bench, may_repeat in (
        (whole, None, True), (bench, True, False), (beside, False, False),
        (bench_beside, True, False),
    ):  # fmt: skip
        for places in found:
            codes = tuple(proof.code for proof in places)
            # what a sentence has tied by itself its neighbour does not tie again
            is_done = codes in seen or (not may_repeat and tied.issuperset(codes))
            if is_done or is_bench not in (None, any(code in row.lacking for code in codes)):
                continue
            seen.add(codes)
            tied.update(codes)
            yield places


def _of_sentence(slots: Sequence[str], sentence: _Sentence) -> Iterator[tuple[Proof, ...]]:
    named = sentence.named
    if len(slots) < 2 or any(slot not in named for slot in slots):
        return
    several = [slot for slot in slots if len(named[slot]) > 1]
    if len(several) < 2:
        yield from _crossed(slots, named)
        return
    rows: list[tuple[Proof, ...]] = []
    for clause in sentence.clauses:
        if clause.keys().isdisjoint(several):
            continue
        whole = {
            slot: clause.get(slot, named[slot] if len(named[slot]) == 1 else {}) for slot in slots
        }
        if not all(whole.values()) or sum(len(whole[slot]) > 1 for slot in slots) > 1:
            return  # one clause that cannot be read makes the others doubtful
        rows += _crossed(slots, whole)
    yield from rows


def _of_neighbours(
    slots: Sequence[str], before: Values, after: Values
) -> Iterator[tuple[Proof, ...]]:
    """What two sentences tie where neither names all; they must not name different values."""
    whole: Values = {}
    if len(slots) < 2:
        return
    for slot in slots:
        here, there = before.get(slot, {}), after.get(slot, {})
        if here and there and here.keys() != there.keys():
            return
        whole[slot] = here or there
    if all(whole.values()) and sum(len(found) > 1 for found in whole.values()) < 2:
        yield from _crossed(slots, whole)


def _crossed(slots: Sequence[str], named: Values) -> Iterator[tuple[Proof, ...]]:
    """A row for each value of the one slot that has several."""
    yield from product(*(named[slot].values() for slot in slots))
