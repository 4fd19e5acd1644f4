"""Abbreviations that a record defines itself: "mitragynine (MG)", and MG from there on.

What an abbreviation stands for holds in its record only, so no list can have it. Where one was
defined for a name that rules look for, it is blotted out with underscores wherever it stands:
places in the text stay, and a rule file says that a run of underscores is such a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.rules.fold import fold, visible
from pipeline.rules.text import Unit

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
        short: the abbreviations, as written: "MG" is no "mg".
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
    return Unit(
        sentence.field, sentence.section_no, sentence.zone, sentence.stored, {"sentence": made}
    )


def _is_short(short: str) -> bool:
    """Two capitals, or one beside a digit: no word of the text in brackets."""
    capitals = sum(character.isupper() for character in short)
    return capitals > 1 or (capitals == 1 and any(map(str.isdigit, short)))


def _stands_for(short: str, name: str) -> bool:
    """Its letters and digits stand in the name in the same order."""
    rest = iter(name)
    return all(character in rest for character in fold(short) if character.isalnum())
