"""Where in a record words stand: text units with their zones, and sentences.

A unit is one stored text: a title, one abstract section, one keyword. It has a zone and up to
four folded forms, each as long as the others, so that a place in any of them is a place in the
stored text:

- `whole`: everything;
- `judged`: what may decide a judgement. Sentences that only give background or call for further
  research are blotted out with full stops (designs named there are the commonest error of rules
  on texts);
- `outcome`: only results and conclusions;
- `told`: what the authors set out to study, did and found, without what was known before.

Unlabelled abstracts are cut into sentences for this; their zone is `body`. The words that say
what a sentence is about are data (language.toml).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import re2

from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.patterns import OPTIONS, Text, checked, fold, invisible

ABSTRACT_ZONES = ("background", "objective", "methods", "results", "conclusions", "body")
"""Zones of abstract sections; `background` is never judged."""
STATEMENT_ZONES = ("conflicts", "funders", "addresses")
"""What a record states beside title and abstract; only rules that name such a zone look there."""
ZONES = (
    "title", "vernacular", *ABSTRACT_ZONES, "other_abstract", "keywords", *STATEMENT_ZONES,
)  # fmt: skip
_END = re.compile(r"[.!?][ \t\n\u00a0\u2009\u202f][A-Z0-9(\[]")
_CLOSING = re.compile(r"(?:[a-z0-9)%\]'\u201d\u03b1-\u03c9]|[A-Z]{2})\Z")
"""What stands before the full stop of a sentence: no single capital, as in "J. Smith"."""
_CLAUSE = re.compile(r"; |, (?:and|but|while|whereas|with|in|for) | (?:while|whereas) ")
"""What stands between two clauses that may speak of different things."""
_EMPTY = Text("")
_SENTENCE_ZONES = ("objective", "methods", "results", "conclusions", "body")
_WHOLE_ZONES = ("title", "keywords")
_WITH_SENTENCES = ("abstract", "coi_statement")


class _Sentences(Table):
    """`[sentences]` of language.toml."""

    own_work: Names
    own_start: Names
    outlook: Names
    own_summary: Names
    findings: Names
    opening: int
    closing: int


class _File(Table):
    """language.toml."""

    version: str
    labels: dict[str, Names]
    sentences: _Sentences


@dataclass(frozen=True, slots=True)
class Language:
    """What words say about the sections and sentences they stand in.

    Attributes:
        labels: zone and pattern of section labels, in the order they are tried.
        own_work: a sentence that speaks of the authors' own work; openings before the first
            are background.
        own_start: a sentence with which the authors' own work surely begins.
        outlook: a closing sentence that calls for research not done yet.
        own_summary: what a closing sentence may say beside its call.
        findings: a sentence of an unlabelled abstract that reports what came out.
        opening: how many sentences at most can be an opening.
        closing: how many sentences at the end may call for research.
    """

    labels: tuple[tuple[str, Any], ...]
    own_work: Any
    own_start: Any
    outlook: Any
    own_summary: Any
    findings: Any
    opening: int
    closing: int


def load_language(path: Path) -> Language:
    """Read language.toml.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    given = file.read(_File, file.data, "version")
    file.version()  # not empty

    def compiled(name: str, found: Any) -> Any:
        if isinstance(found, int):
            return found
        return re2.compile(checked(file, "|".join(found), f"{name} = "), OPTIONS)

    for zone in given.labels:
        if zone not in ABSTRACT_ZONES:
            raise file.error(f"{zone} = ", f"unknown zone `{zone}` of an abstract")
    labels = tuple((zone, compiled(zone, found)) for zone, found in given.labels.items())
    return Language(labels, **{name: compiled(name, found) for name, found in given.sentences})


@dataclass(frozen=True, slots=True)
class Section:
    """One section of an abstract, as stored.

    Attributes:
        number: its number in the record.
        label: its label as printed.
        category: the zone its publisher states, in capitals; None, or anything else, for none.
        is_main: it belongs to the abstract itself, not to another one of the record.
        text: the section.
    """

    number: int
    label: str | None
    category: str | None
    is_main: bool
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One text in which rules look for words.

    Attributes:
        field: title, abstract, keywords, ...
        section_no: number of the section or keyword; None for fields with one text.
        zone: one of ZONES.
        stored: the text as stored, into which places point.
        forms: the folded text by name of the form (see above); a sentence has `sentence` only.
    """

    field: str
    section_no: int | None
    zone: str
    stored: str
    forms: Mapping[str, Text]


def plain_unit(field: str, section_no: int | None, zone: str, stored: str) -> Unit:
    """A unit that is judged as a whole: a title, a keyword."""
    text = Text(fold(stored), invisible(stored))
    return Unit(field, section_no, zone, stored, {"whole": text, "judged": text, "outcome": _EMPTY})


def abstract_units(sections: Sequence[Section], language: Language) -> Iterator[Unit]:
    """The units of the sections of a record; other abstracts are judged where no main one is."""
    has_main = any(section.is_main for section in sections)
    for section in sections:
        forms: Mapping[str, Text]
        if section.is_main or not has_main:
            zone = _zone(section, language)
            forms = _Forms(section.text, zone, language)
            zone = "objective" if zone == "background" else zone
        else:
            zone = "other_abstract"
            text = Text(fold(section.text), invisible(section.text))
            forms = {"whole": text, "judged": _EMPTY, "outcome": _EMPTY}
        yield Unit("abstract", section.number, zone, section.text, forms)


def sentence_units(units: Iterable[Unit]) -> Iterator[Unit]:
    """Units of one sentence each, for rules that must hold within a sentence.

    Args:
        units: units of a record.

    Yields:
        Titles and keywords as they are; of abstracts the sentences in the form `told` (see above).
        Full stops stand before a sentence up to its place, so that places hold in the stored
        text.
    """
    for unit in units:
        if unit.zone in _WHOLE_ZONES:
            yield replace(unit, forms={"sentence": unit.forms["whole"]})
        elif unit.zone in _SENTENCE_ZONES:
            told = unit.forms["told"].folded
            for place in _places(unit.stored):
                if told[place].strip("."):
                    yield _part(unit, place, {"sentence": told})


def sentence_places(unit: Unit) -> list[slice]:
    """Where each sentence of a unit stands in its folded text; titles and keywords have one."""
    if unit.zone in _WHOLE_ZONES:
        return [slice(0, len(unit.forms["whole"].folded))]
    return _places(unit.stored)


def judged_sentences(unit: Unit) -> Iterator[Unit]:
    """The sentences of a unit that may decide a judgement, each a unit of its own.

    Args:
        unit: a title, keyword or section.

    Yields:
        Units with the forms `judged` and `outcome`. As in `sentence_units`, full stops stand
        before a sentence up to its place. Titles and keywords come as they are.
    """
    if unit.field not in _WITH_SENTENCES:
        yield unit
        return
    folded = {form: unit.forms[form].folded for form in ("judged", "outcome")}
    for place in _places(unit.stored):
        if folded["judged"][place].strip("."):
            yield _part(unit, place, folded)


def judged_clauses(unit: Unit) -> Iterator[list[Unit]]:
    """The clauses of each sentence that may decide a judgement, see `judged_sentences`."""
    for sentence in judged_sentences(unit):
        folded = {form: sentence.forms[form].folded for form in ("judged", "outcome")}
        ends = [place.start() for place in _CLAUSE.finditer(folded["judged"])]
        places = pairwise((0, *ends, len(folded["judged"])))
        yield [_part(unit, slice(start, end), folded) for start, end in places]


def without(unit: Unit, pattern: Any) -> Unit:
    """A unit in whose `whole` and `outcome` forms everything that a pattern finds is blotted out.

    Args:
        unit: the unit.
        pattern: compiled for folded text in UTF-8.
    """

    def blotted(text: Text) -> Text:
        raw = text.raw
        for start, end in reversed([found.span() for found in pattern.finditer(raw)]):
            raw = raw[:start] + b"." * len(raw[start:end].decode()) + raw[end:]
        return Text(raw.decode(), invisible(unit.stored))

    return replace(unit, forms={form: blotted(unit.forms[form]) for form in ("whole", "outcome")})


def _part(unit: Unit, place: slice, folded: Mapping[str, str]) -> Unit:
    """A part of a unit; full stops stand before it, so that places hold in the stored text."""
    dropped = invisible(unit.stored)
    forms = {form: Text("." * place.start + text[place], dropped) for form, text in folded.items()}
    return replace(unit, forms=forms)


def _cut(stored: str) -> list[str]:
    """The sentences of a stored text; between two of them one space is left out."""
    sentences: list[str] = []
    start = taken = 0
    for end in _END.finditer(stored):
        stop = end.start()
        # what opens a sentence cannot close it: of "1. 2. 3" only the first is cut off
        if _CLOSING.search(stored[max(stop - 2, taken) : stop]):
            sentences.append(stored[start : stop + 1])
            start, taken = stop + 2, end.end()
    sentences.append(stored[start:])
    return sentences


def _zone(section: Section, language: Language) -> str:
    """The zone its publisher states, else what words in the label say, else `body`."""
    stated = (section.category or "").lower()
    if stated in ABSTRACT_ZONES and stated != "body":
        return stated
    if section.label is not None:
        label = fold(section.label).encode()
        for zone, pattern in language.labels:
            if pattern.search(label):
                return zone
    return "body"


class _Forms(dict[str, Text]):
    """The forms of a section, each made when it is first asked for: a topic needs only one."""

    __slots__ = ("_language", "_places", "_stored", "_zone")

    def __init__(self, stored: str, zone: str, language: Language) -> None:
        super().__init__()
        self._stored, self._zone, self._language = stored, zone, language
        self._places: list[slice] | None = None

    def __missing__(self, form: str) -> Text:
        made = _EMPTY
        if form == "whole":
            made = Text(fold(self._stored), invisible(self._stored))
        elif form == "judged":
            sentences = self._sentences(self["whole"])
            kept = _kept(sentences, self._zone, self._language)
            made = self["whole"] if kept is sentences else self._joined(kept)
        elif form == "told":
            made = self._told()
        elif form != "outcome":
            raise KeyError(form)
        elif self._zone in ("results", "conclusions"):
            made = self["judged"]
        elif self._zone == "body":
            findings = self._language.findings
            made = self._joined(
                sentence if findings.search(sentence.encode()) else "." * len(sentence)
                for sentence in self._sentences(self["judged"])
            )
        self[form] = made
        return made

    def _told(self) -> Text:
        """What concerns the authors' own work: of openings and aims only what is theirs."""
        if self._zone == "methods":
            return self["whole"]
        if self._zone in ("results", "conclusions"):
            return self["judged"]
        whole, judged = self._sentences(self["whole"]), self._sentences(self["judged"])
        own = [bool(self._language.own_start.search(one.encode())) for one in whole]
        if self._zone == "body":
            # from where their own work surely begins, if that is early enough to be its beginning
            start = own.index(True) if any(own) else len(own)
            opening = next((place for place, one in enumerate(judged) if one.strip(".")), 0)
            start = start if 2 * start <= len(own) else opening
            judged[start:opening] = whole[start:opening]
            own = [place >= start for place in range(len(own))]
        return self._joined(
            one if is_own else "." * len(one) for one, is_own in zip(judged, own, strict=True)
        )

    def _sentences(self, text: Text) -> list[str]:
        """The sentences of a form; sections on methods and results are one piece."""
        if self._zone in ("methods", "results"):
            return [text.folded]
        if self._places is None:
            self._places = _places(self._stored)
        return [text.folded[place] for place in self._places]

    def _joined(self, sentences: Iterable[str]) -> Text:
        return Text(" ".join(sentences), invisible(self._stored))


def _places(stored: str) -> list[slice]:
    """Where each sentence of a stored text stands in its folded forms."""
    sentences = _cut(stored)
    widths = map(len, map(fold, sentences) if invisible(stored) else sentences)
    places, start = [], 0
    for width in widths:
        places.append(slice(start, start + width))
        start += width + 1
    return places


def _kept(sentences: list[str], zone: str, language: Language) -> list[str]:
    """The sentences, those that only open or close the matter blotted out; same list if none."""
    count = len(sentences)
    opening = 0  # how many sentences come before the authors' own work
    if zone in ("background", "objective", "body"):
        first_own = next(
            (
                place
                for place, sentence in enumerate(sentences)
                if language.own_work.search(sentence.encode())
            ),
            None,
        )
        if zone == "background":
            opening = count if first_own is None else first_own
        elif zone == "objective":
            opening = first_own or 0
        else:
            silent = 1 if count > 2 else 0
            opening = min(silent if first_own is None else first_own, language.opening)
    blotted = set(range(opening))
    if zone in ("body", "conclusions") and count > 1:
        for place in range(max(count - language.closing, 0), count):
            raw = sentences[place].encode()
            if language.outlook.search(raw) and not language.own_summary.search(raw):
                blotted.add(place)
    if not blotted:
        return sentences
    return [
        "." * len(sentence) if place in blotted else sentence
        for place, sentence in enumerate(sentences)
    ]
