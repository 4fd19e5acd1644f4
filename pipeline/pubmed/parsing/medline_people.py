"""The people of a MEDLINE text export.

A full name (FAU) and its short form (AU) are one person, in whichever order they stand and
also where one of them is missing. What follows a name (AD, AUID) belongs to that person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.identifiers import normal_orcid
from pipeline.pubmed.parsing.medline_lines import Field
from pipeline.pubmed.parsing.medline_tags import GROUPS, PLACES, SHORT_NAMES
from pipeline.pubmed.parsing.tables import Row

_Key = tuple[str, str, str]
"""Kind, last name and first initial, folded: what two forms of one name have in common."""
_SUFFIXES = frozenset(["Jr", "Sr", "2nd", "3rd", "4th", "5th", "6th", "I", "II", "III", "IV", "V"])


@dataclass(slots=True)
class _Person:
    kind: str
    last: str = ""
    fore: str | None = None
    initials: str | None = None
    suffix: str | None = None
    collective: str | None = None
    identifiers: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def read_people(
    record_no: int, fields: Iterable[Field], kinds: dict[str, str]
) -> tuple[list[Row], list[Row], list[str]]:
    """Authors, editors, investigators and subjects, with their affiliations.

    Args:
        record_no: number of the record.
        fields: all its fields in order.
        kinds: list_kind by tag of the full name.

    Returns:
        Rows of authors, rows of affiliations, and the affiliations of nobody.
    """
    found = _People(kinds)
    for tag, text in fields:
        if not text:
            continue
        if tag in kinds:
            found.add_full(tag, text)
        elif tag in SHORT_NAMES:
            found.add_short(tag, text)
        elif tag in GROUPS:
            found.add_group(text)
        elif tag in PLACES:
            found.places.append(text)
        elif tag == "AUID":
            found.identifiers.append(text)
    authors: list[Row] = []
    affiliations: list[Row] = []
    for number, person in enumerate(found.people, 1):
        known = next((text for text in person.identifiers if text.startswith("ORCID")), "")
        authors.append(
            (
                record_no,
                number,
                person.kind,
                person.last or None,
                person.fore,
                person.initials,
                person.suffix,
                person.collective,
                normal_orcid(known),
                person.identifiers,
                True,
                None,
            )
        )
        affiliations += [
            (record_no, number, place_no, place, [])
            for place_no, place in enumerate(person.places, 1)
        ]
    return authors, affiliations, [] if found.people else found.places


class _People:
    """The people so far, and the lists that the next affiliation or identifier goes to.

    Before 2014 the affiliation of the first author stood before all names: what comes before
    the first name is kept for that person.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.people: list[_Person] = []
        self.places: list[str] = []
        self.identifiers: list[str] = []
        self._kinds = kinds
        self._just_named: _Person | None = None
        self._without_short: defaultdict[_Key, deque[_Person]] = defaultdict(deque)
        self._without_full: defaultdict[_Key, deque[_Person]] = defaultdict(deque)

    def add_group(self, text: str) -> None:
        """CN, a group; FCN may repeat it."""
        if not (self.people and self.people[-1].collective == text):
            self._new(_Person("author", collective=text))

    def add_full(self, tag: str, text: str) -> None:
        """FAU and its like: `Last, Fore Suffix`."""
        kind = self._kinds[tag]
        last, _, fore = text.partition(", ")
        key = _key(kind, last, fore)
        if waiting := self._without_full[key]:
            person = waiting.popleft()
            person.last, person.fore = last, _without_suffix(fore, person.suffix)
            self._turn_to(person)
        else:
            person = self._new(_Person(kind, last, fore or None))
            self._without_short[key].append(person)
            self._just_named = person

    def add_short(self, tag: str, text: str) -> None:
        """AU and its like: `Last AB Suffix`, mostly right behind the full name."""
        kind = self._kinds[SHORT_NAMES[tag]]
        person = self._just_named
        if person and person.kind == kind and _folded(person.last)[:1] == _folded(text)[:1]:
            self._without_short[_key(kind, person.last, person.fore)].pop()
            _, initials, suffix = _short_name(text, person.last)
        else:
            last, initials, suffix = _short_name(text)
            key = _key(kind, last, initials)
            waiting = self._without_short[key]
            if not waiting:
                person = _Person(kind, last, None, initials or None, suffix or None)
                self._without_full[key].append(self._new(person))
                return
            person = waiting.popleft()
        person.initials, person.suffix = initials or None, suffix or None
        person.fore = _without_suffix(person.fore, person.suffix)
        self._turn_to(person)

    def _new(self, person: _Person) -> _Person:
        if not self.people:  # what stood before the first name is that person's
            person.places, person.identifiers = self.places, self.identifiers
        self.people.append(person)
        self._turn_to(person)
        return person

    def _turn_to(self, person: _Person) -> None:
        self.places, self.identifiers = person.places, person.identifiers
        self._just_named = None


def _key(kind: str, last: str, given: str | None) -> _Key:
    return kind, _folded(last), _folded(given or "")[:1]


def _without_suffix(fore: str | None, suffix: str | None) -> str | None:
    """`Ana B Jr` and `Ana B, Jr` without the suffix, which has a column of its own."""
    if fore and suffix and fore.endswith(f" {suffix}"):
        fore = fore.removesuffix(suffix).rstrip(", ")
    return fore or None


def _short_name(text: str, last: str | None = None) -> tuple[str, str, str]:
    """Last name, initials and suffix of `van der Leaf AB Jr`.

    Args:
        text: the short form.
        last: the last name, where the full form has told it.
    """
    if last is not None and f"{text} ".startswith(f"{last} "):
        initials, _, suffix = text[len(last) :].strip().partition(" ")
        return last, initials, suffix
    words = text.split()
    suffix = words.pop() if len(words) > 2 and words[-1].rstrip(".") in _SUFFIXES else ""
    initials = words.pop() if len(words) > 1 and _are_initials(words[-1]) else ""
    return " ".join(words), initials, suffix


def _are_initials(word: str) -> bool:
    """`AB`, `J-P`, also `YuA`, as Russian names are shortened: no two small letters together."""
    letters = re.sub(r"[-.]", "", word)
    shape = "".join("a" if letter.islower() else "A" for letter in letters)
    is_short = letters.isalpha() and len(letters) <= 5
    return is_short and letters[0].isupper() and "aa" not in shape


def _folded(text: str) -> str:
    """Letters without case and accents: the short form has often lost them."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    )
    return plain.translate(_NO_STROKES).casefold()


_NO_STROKES = str.maketrans({"Ø": "O", "ø": "o", "Đ": "D", "đ": "d", "Ł": "L", "ł": "l"})
