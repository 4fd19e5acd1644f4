"""Authors, editors, investigators and personal name subjects, with their affiliations.

First those of XML, then those of a MEDLINE text export. There a full name (FAU) and its short
form (AU) are one person, in whichever order they stand and also where one of them is missing.
What follows a name (AD, AUID) belongs to that person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.identifiers import normal_orcid
from pipeline.pubmed.parsing.context import Context, Element, parts_of
from pipeline.pubmed.parsing.medline_lines import GROUPS, PLACES, SHORT_NAMES, Field
from pipeline.pubmed.parsing.tables import Attributes, Row


def author_list(context: Context, element: Element, is_of_book: bool = False) -> None:
    """AuthorList: `author` or `editor` by its Type, `book_author` or `book_editor` of a Book."""
    is_complete, kind = context.vocabulary.author_list[tuple(element.items())]
    kind = "editor" if kind == "editors" else "author"
    if is_of_book:
        kind = f"book_{kind}"
    else:
        context.set("is_author_list_complete", is_complete)
    _read_people(context, element, "Author", kind, context.vocabulary.author)


def book_author_list(context: Context, element: Element) -> None:
    """AuthorList of a Book, not of its chapter."""
    author_list(context, element, is_of_book=True)


def investigator_list(context: Context, element: Element) -> None:
    """InvestigatorList: people who worked on the study but are not authors."""
    context.bare(element)
    _read_people(context, element, "Investigator", "investigator", context.vocabulary.investigator)


def subject_list(context: Context, element: Element) -> None:
    """PersonalNameSubjectList: whom the article is about."""
    context.bare(element)
    _read_people(context, element, "PersonalNameSubject", "subject", context.vocabulary.subject)


def _read_people(
    context: Context, people: Element, wanted: str, kind: str, attributes: Attributes
) -> None:
    """One row a person, in order.

    The usual element of a name is read here, and not by `Context.leaf`: there are so many that a
    call for each would be a tenth of the time. What is odd goes the longer way.
    """
    rows, author_no = context.rows("authors")
    affiliations = context.tables["affiliations"]
    record_no, odd_text, only = context.record_no, context.odd_text, context.only
    for person in parts_of(people):
        if person.tag != wanted:
            context.unknown(people, person)
            continue
        author_no += 1
        affiliation_no = 0
        last = fore = initials = suffix = collective = orcid_found = None
        identifiers: list[str] = []
        is_valid, has_equal = attributes[tuple(person.items())]
        for part in parts_of(person):
            tag = part.tag
            if tag == "LastName" and last is None:
                last = odd_text(part) if len(part) or part.keys() else part.text or None
            elif tag == "ForeName" and fore is None:
                fore = odd_text(part) if len(part) or part.keys() else part.text or None
            elif tag == "Initials" and initials is None:
                initials = odd_text(part) if len(part) or part.keys() else part.text or None
            elif tag == "AffiliationInfo":
                affiliation_no += 1
                place, known_as = _affiliation(context, part)
                affiliations.append((record_no, author_no, affiliation_no, place, known_as))
            elif tag == "Identifier":
                source, text = _identifier(context, part)
                identifiers.append(f"{source}: {text}" if source else text)
                if source == "ORCID" and orcid_found is None:
                    orcid_found = normal_orcid(text)
            elif tag == "CollectiveName":
                collective = only(collective, person, part)
            elif tag == "Suffix":
                suffix = only(suffix, person, part)
            elif tag in _NAMES:
                context.again(person, part)
            else:
                context.unknown(person, part)
        rows.append(
            (
                record_no,
                author_no,
                kind,
                last,
                fore,
                initials,
                suffix,
                collective,
                orcid_found,
                identifiers,
                is_valid,
                has_equal,
            )
        )


_NAMES = ("LastName", "ForeName", "Initials")


def _affiliation(context: Context, info: Element) -> tuple[str | None, list[str]]:
    text: str | None = None
    identifiers: list[str] = []
    if info.keys():
        context.bare(info)
    for part in parts_of(info):
        tag = part.tag
        if tag == "Affiliation" and text is None:
            text = context.odd_text(part) if len(part) or part.keys() else part.text or None
        elif tag == "Identifier":
            source, value = _identifier(context, part)
            identifiers.append(f"{source}: {value}" if source else value)
        elif tag == "Affiliation":
            context.again(info, part)
        else:
            context.unknown(info, part)
    return text, identifiers


def _identifier(context: Context, element: Element) -> tuple[str | None, str]:
    source = context.vocabulary.identifier[tuple(element.items())]
    return source, context.flat(element) or ""


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


def exported_people(
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
        last: the last name, where the full form gives it.
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
