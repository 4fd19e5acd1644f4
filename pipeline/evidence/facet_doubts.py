"""Words beside or around a value that take it back, as facets.toml declares them.

A denied symptom, an event of the past, another drug, a control group that there was not.
"""

from __future__ import annotations

from pipeline.evidence.facets import Facet
from pipeline.evidence.judgement import Proof
from pipeline.rules.decide import TEXT, Found
from pipeline.rules.fold import fold
from pipeline.rules.text import Unit

_BEFORE = 40
"""How far before a value `not_after` looks, in characters."""
_BEHIND = 50
"""How much of what stands behind a value `not_before` sees."""
_UNLABELLED = "body"


def is_doubtful(facet: Facet, proof: Proof, texts: dict[tuple[str, int | None], str]) -> bool:
    """Whether words beside a value make it doubtful.

    Args:
        facet: its facet.
        proof: where it stands.
        texts: the stored texts of the record by field and section.
    """
    if proof.source != TEXT or proof.start is None or proof.end is None:
        return False
    stored = texts[proof.field, proof.section_no]
    if facet.not_after and facet.not_after.search(_before(stored, proof.start).encode()):
        return True
    return bool(facet.not_before and facet.not_before.search(_behind(stored, proof.end).encode()))


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
    for phrases, zones, values in facet.set_aside:
        if (not zones or found.zone in zones) and (not values or value in values):
            for one in phrases.finditer(text.raw):
                start, end = text.place(*one.span())
                if start < found.end and found.start < end:
                    return True
    return False


def happened(facet: Facet, sentence: Unit) -> bool:
    """Whether a sentence of an unlabelled abstract says what happened to somebody."""
    if facet.happened is None or sentence.zone != _UNLABELLED:
        return False
    return bool(facet.happened.search(sentence.forms["judged"].raw))
