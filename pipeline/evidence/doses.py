"""Doses in a sentence: how much, for what, and of which substance.

A dose is one or several numbers with a unit: "5, 10 and 20 mg/kg", "two glasses a day". The
substance follows directly ("2 g of leaf powder"), else before it ("mitragynine (2 and 4 mg/kg)"),
else it is the substance the record is about. Which names there are is data (`[[dosed]]` of
facets.toml). A concentration, the weight of an animal and what was extracted are not doses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import re2

from pipeline.rules.file import RuleFile, Table
from pipeline.rules.patterns import OPTIONS, Text, Words, regular_expression

OTHER_DRUG = "other_drug"
UNCLEAR = "unclear"
_KRATOM = "kratom"
"""Kratom without further detail: anything more exact goes before it."""
_MATERIAL = ("leaf", "extract", "decoction", _KRATOM)
_SMALL = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "fifteen": "15", "twenty": "20", "thirty": "30", "fifty": "50", "sixty": "60",
}  # fmt: skip
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+(?:[.\u00b7]\d+)?|(?:{'|'.join(_SMALL)})\b)"
_UNITS = {
    r"mg|milligrams?": "mg", r"\u03bcg|mcg|ug|micrograms?": "\u03bcg", r"gm?|grams?": "g",
    r"nmol(?:es)?": "nmol", r"ml|cc|millilit(?:er|re)s?": "ml", r"lit(?:er|re)s?": "l",
    r"cups?|glass(?:es)?|cupfuls?": "cup", r"leaf|leaves": "leaf",
    r"capsules?|tablets?|pills?": "capsule", r"(?:tea|table)?spoon(?:ful)?s?": "spoon",
}  # fmt: skip
_COUNTED = {"cup": "decoction", "leaf": "leaf", "spoon": "leaf", "capsule": _KRATOM}
"""What people take in pieces, where the words around it do not say of what."""
_DRUNK = ("ml", "l", "cup")
_OF_PLANT = (*_DRUNK, *_COUNTED)
"""Units that are a dose of plant material alone: of other things so much blood or gel."""
_PER = r"(?:\s?/\s?|\s?[.\u00b7]?\s?(?=kg\s?-\s?1)|\s(?:per|a)\s)"
_DOSE = re.compile(
    rf"(?<![\w,-])(?<!\d[./])(?<!\u00b1)(?<!\u00b1\s)(?<!\+/-\s)(?P<numbers>{_NUMBER}"
    rf"(?:(?:\s?,\s?(?:and\s|or\s)?|\s?-\s?|\s(?:and|or|to|up to)\s|\s?/\s?){_NUMBER})*)"
    rf"(?:\s(?:or|and) (?:more|over|fewer|less))?(?:\s|-)?"
    rf"(?P<unit>{'|'.join(_UNITS)})(?![\w\u03bc])"
    rf"(?P<kg>{_PER}(?:kg|kilogram)(?:\s?-\s?1)?(?:\s(?:of\s)?(?:b\.?\s?w\.?t?\.?|body\s?weight))?)?"
    rf"(?P<day>{_PER}(?:d|day)\b)?"
    r"(?:\s?/\s?(?:infusion|injection|rat|mouse|animal|side|dose|person|time|drink)s?\b)?"
)
_RANGE = re.compile(r"\s?-\s?|\s(?:up )?to\s")
_NO_DOSE_BEHIND = re.compile(
    r"\s?(?:/|per\s)\s?(?:\u03bc?l|d?l|ml|g|mg|cm|m2|mol|disc|well|capsule|tablet|serving|gram|"
    r"min|h|hour|glass|cup|leaf|bag|unit|product|package|year|week|month|kg (?:of )?(?:tissue|dry))"
    r"\b|\s?/\s?\d+\s?(?:m?l|g)\b"
    r"|\s(?:of\s)?(?:[\w-]+\s){1,3}(?:per|a)\s(?:capsule|tablet|serving|product|package|gram|bag)\b|\s?%|\s(?:of\s)?(?:blood|urine|serum|plasma|tissue|liver|sample)\b"
)
"""A concentration, a content, a rate, a sample."""
_DAILY_BEHIND = re.compile(
    r"^(?:\)|,)?(?:\s(?!once|twice|times?|thrice|and|or|but|then|while)[\w-]+){0,5}?"
    r"\s(?:daily|(?:a|per|each|every) day)\b"
)
_DAILY_BEFORE = re.compile(
    r"\b(?:daily (?:[\w-]+ ){0,3}(?:dos\w+|intake|amounts?|consumption|use)"
    r"|(?:dos\w+|intake|amount) per day"
    r"|(?:drank|took|used|consum\w+|taking|drinking|using|chew\w*) daily)\b[^.;]{0,30}$"
)
_OF_BEHIND = re.compile(
    r"^(?:\s\((?!\d)[^()]{0,12}\))?(?:\s(?:i\.?p|s\.?c|i\.?v|p\.?o)\.?,?)?(?:\s(?:of|for))?(?:\s(?:the|a|an))?"
    r"(?:\s(?!and\b|or\b|plus\b|with\b|before\b|after\b|in\b|to\b|by\b|for\b|on\b|than\b|as\b|was\b|"
    r"were\b|did\b|but\b|then\b|from\b|against\b|at\b|once\b|twice\b|daily\b)[\w-]+){0,3}?\s$"
)
"""What may stand between a dose and the name of its substance."""
_WORD_BEFORE = re.compile(
    r"((?:[A-Z]{2,5}\s)?[A-Za-z0-9][\w-]*)(?:\s?[(:]\s?|\s(?:at |in )?(?:an? )?(?:doses? of )?)$"
)
_SYMBOL = re.compile(r"[A-Z]{2,5}\s?\d{2,}\Z|[A-Z][A-Z0-9]*(?:-?[A-Z0-9]+)+\Z")
_NO_SYMBOL = re.compile(r"(?:I\.?[PVMT]|S\.?C|P\.?O|ICV|BW|SD|SE|SEM|CI|USA?|UK|DSM|N)\Z")
_SHORT = re.compile(r"\s*\((?:[^();]{0,20}[;,] )?([A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*)\)")
_LONGEST_SHORT = 10


class _DosedTable(Table):
    """One `[[dosed]]` of facets.toml."""

    named_by = "code"

    code: str
    names: str


@dataclass(frozen=True)
class Dose:
    """One dose of a sentence.

    Attributes:
        value: amount, unit and substance, e.g. "10-20 mg/kg mitragynine".
        start: its first character in the folded text.
        end: one past the last.
    """

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Known:
    """What a record says of its substances before a sentence is read.

    Attributes:
        short: short names it gives, and what they stand for.
        subject: the substance of a dose that has no name beside it.
    """

    short: Mapping[str, str]
    subject: str


NO_KRATOM = Known({}, OTHER_DRUG)
"""Of a record that is not on kratom: whatever was given there, and any extract or tea."""


@dataclass(frozen=True)
class Dosed:
    """The substances that doses can be of.

    Attributes:
        names: code and pattern, the more exact first.
    """

    names: tuple[tuple[str, str], ...]

    @cached_property
    def _patterns(self) -> list[tuple[str, Any]]:
        return [(code, re2.compile(rf"\b(?:{one})\b", OPTIONS)) for code, one in self.names]

    def codes(self) -> list[str]:
        """What a dose can be of."""
        return [*dict.fromkeys(code for code, _ in self.names), UNCLEAR]

    def is_dose(self, value: str) -> bool:
        """Whether a value is written as those of doses are."""
        amount, _, code = value.rpartition(" ")
        number, _, unit = amount.partition(" ")
        return (
            code in self.codes()
            and re.fullmatch(r"[\d.]+(?:-[\d.]+)?", number) is not None
            and unit.partition("/")[0] in _UNITS.values()
            and unit.partition("/")[2] in ("", "kg", "day", "kg/day")
        )

    def known(self, title: str, texts: Sequence[tuple[str, str]]) -> Known:
        """What a record says of its substances.

        Args:
            title: its title, folded.
            texts: all its texts, as they are seen (`visible`) and folded.
        """
        short: dict[str, str] = {}
        all_named: list[str] = []
        for stored, folded in texts:
            for code, _, end in self._named(folded, {}):
                all_named.append(code)
                if short_name := short_name_behind(stored, end):
                    short.setdefault(short_name.lower(), code)
        in_title = [code for code, _, _ in self._named(title, {})]
        is_other = set(all_named) == {OTHER_DRUG}
        subject = _subject(in_title) or _subject(all_named) or (OTHER_DRUG if is_other else UNCLEAR)
        return Known(short, subject)

    def read(self, seen: str, folded: str, known: Known) -> Iterator[Dose]:
        """The doses of a sentence.

        Args:
            seen: the text it stands in, as it is seen: capitals show a short name.
            folded: the sentence, folded; all else may be blotted out.
            known: what the record says of its substances.
        """
        all_found = list(_DOSE.finditer(folded))
        names = list(self._named(folded, known.short)) if all_found else []
        for found in all_found:
            unit = next(name for word, name in _UNITS.items() if re.fullmatch(word, found["unit"]))
            behind = folded[found.end() : found.end() + 80]
            in_words = found["numbers"][0].isalpha()
            is_of = unit in ("ml", "g") and folded[found.start() - 1 : found.start()] == "/"
            if _NO_DOSE_BEHIND.match(behind) or (in_words and unit not in _COUNTED) or is_of:
                continue
            per = "/kg" * bool(found["kg"]) + "/day" * self._is_daily(found, folded, behind)
            code = self._substance(found, unit, names, seen, folded, known)
            if unit in _OF_PLANT and code not in _MATERIAL:
                continue
            for amount in _amounts(found["numbers"]):
                yield Dose(f"{amount} {unit}{per} {code}", found.start(), found.end())

    def _named(self, folded: str, short: Mapping[str, str]) -> Iterator[tuple[str, int, int]]:
        """Names in a text, in their order, with their places."""
        text = Text(folded)
        found = [
            (code, *text.place(*place.span()))
            for code, pattern in self._patterns
            for place in pattern.finditer(text.raw)
        ]
        for name, code in short.items():
            found += [
                (code, place.start(), place.end())
                for place in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w/-])(?!\s?/)", folded)
            ]
        end = 0
        for one in sorted(found, key=lambda one: one[1]):  # of two at one place the more exact
            if one[1] >= end:
                yield one
                end = one[2]

    def _is_daily(self, found: re.Match[str], folded: str, behind: str) -> bool:
        return bool(
            found["day"]
            or _DAILY_BEHIND.search(behind)
            or _DAILY_BEFORE.search(folded[max(found.start() - 60, 0) : found.start()])
        )

    def _substance(
        self,
        found: re.Match[str],
        unit: str,
        names: Sequence[tuple[str, int, int]],
        seen: str,
        folded: str,
        known: Known,
    ) -> str:
        """The substance of a dose."""
        if known is NO_KRATOM:
            return OTHER_DRUG
        after = [one for one in names if one[1] >= found.end()]
        if after and _OF_BEHIND.match(folded[found.end() : after[0][1]]):
            return after[0][0]
        before = [one for one in names if one[2] <= found.start()]
        word = _WORD_BEFORE.search(seen[max(found.start() - 40, 0) : found.start()])
        if (
            word
            and _SYMBOL.match(word[1])
            and not _NO_SYMBOL.match(word[1])
            and (not before or before[-1][2] <= found.start() - len(word[0]))
        ):
            return OTHER_DRUG  # an abbreviation that stands for no kratom here
        if not before and unit in _COUNTED and known.subject != OTHER_DRUG:
            return _COUNTED[unit]
        code = before[-1][0] if before else after[0][0] if after else known.subject
        return "decoction" if unit in _DRUNK and code == _KRATOM else code


def short_name_behind(text: str, place: int) -> str | None:
    """What stands for a name in the rest of a record: MG in "mitragynine (MG)"; None for none.

    Args:
        text: a text of the record.
        place: where the name ends.
    """
    found = _SHORT.match(text, place)
    return found[1] if found and 1 < len(found[1]) <= _LONGEST_SHORT else None


def load_dosed(file: RuleFile, words: Words) -> Dosed:
    """Read the `[[dosed]]` of facets.toml.

    Raises:
        ConfigurationError: naming the line.
    """
    return Dosed(
        tuple(
            (given.code, regular_expression(words.pattern(given.names)))
            for given in file.read_all("dosed", _DosedTable)
        )
    )


def sums_up(values: Collection[str]) -> set[str]:
    """The ranges that sum up doses named one by one: "5-20 mg" beside 5, 10 and 20 mg."""
    found = set()
    for value in values:
        amount, _, rest = value.partition(" ")
        low, _, high = amount.partition("-")
        if high and f"{low} {rest}" in values and f"{high} {rest}" in values:
            found.add(value)
    return found


def _subject(codes: Sequence[str]) -> str | None:
    """The one substance that is named, kratom itself aside where more is said; None of several."""
    named = dict.fromkeys(codes)
    exact = [code for code in named if code not in (_KRATOM, OTHER_DRUG)]
    if len(exact) == 1:
        return exact[0]
    return _KRATOM if not exact and _KRATOM in named else None


def _amounts(numbers: str) -> Iterator[str]:
    """The amounts of a list: numbers, or ranges as "10-20"."""
    for part in re.split(r"\s?,\s(?:and\s|or\s)?|\s(?:and|or)\s|,(?!\d{3})|\s?/\s?", numbers):
        ends = [_plain(end) for end in _RANGE.split(part)]
        if ends != ["0"]:
            yield "-".join(end for end in ends if end)


def _plain(number: str) -> str:
    """A number as SQL reads it: 1,200 is 1200, 5.0 is 5, three is 3."""
    word = re.sub(r"[^\w.]", "", number.replace("\u00b7", "."))
    word = _SMALL.get(word, word)
    return re.sub(r"\.?0+$", "", word) if "." in word else word
