"""Values read from the words a rule found (numbers, years), and the names of countries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import re2

from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.model import JUDGED_ABSTRACT, Rule, Signal
from pipeline.rules.patterns import Words, checked, fold

DOSES = "doses"
SCHEDULE = "schedule"
REPEATED = "repeated"
_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_DIGITS = re.compile(r"\d{1,3}(?:[, \u00a0\u2009\u202f]\d{3})+(?!\d)|\d+")
_YEAR = re.compile(r"(?<!\d)(?:19[5-9]\d|20[0-4]\d)(?!\d)")
_SMALL = "|".join([*_ONES, *_TENS])
_AND_A_NUMBER = re.compile(rf"(?<!hundred) and (?=\d|(?:{_SMALL})\b)", re.IGNORECASE)
_COMMA_A_NUMBER = re.compile(rf", (?=\d|(?:{_SMALL})\b)", re.IGNORECASE)
_OTHERS = re.compile(
    rf"[;,] (?:and )?((?:\d+|(?:{_SMALL})\b) (?:others|other \w+|further \w+|additional \w+))\b",
    re.IGNORECASE,
)
"""A group beside the first: "eight people took the tea; seven others ..."."""
_COUNTS_SOMEBODY = re.compile(
    rf"(?:\d[\s,]|\b(?:{_SMALL}|hundred)[\s,-])[\s,-]*(?!(?:{_SMALL}|hundred|and)\b)[a-z]",
    re.IGNORECASE,
)
"""A number with what it counts behind it; the one of "7-OH" counts nothing."""
_TOO_LARGE = re.compile(r"\b(?:thousand|million|billion)s?\b", re.IGNORECASE)
_STAGE = re.compile(r"\b(?:were|was)\b", re.IGNORECASE)
"""What is said of the first number alone: "51 patients were enrolled and 50 patients"."""
_SPAN = re.compile(
    rf"(\d+|{'|'.join(_ONES)})[\s-]+(?:consecutive |successive |daily )?(day|week|month|dose)s?\b",
    re.IGNORECASE,
)
_IN_DAYS = {"day": 1, "dose": 1, "week": 7, "month": 30}
_AGAIN = re.compile(
    r"\b(?:daily|(?:a|per|every|each) day|every|chronic\w*|repeated\w*|multiple|sub-?acute|twice)\b"
    r"|\bsub-?chronic",
    re.IGNORECASE,
)
_ONCE = re.compile(r"\b(?:single|one|once|acute(?:ly)?)\b", re.IGNORECASE)
_IN_A_YEAR = re.compile(
    r"\b(?:in|from|since|during|of) (?:19[5-9]\d|20[0-4]\d)(?![\d,])"
    r"|\b(?:19[5-9]\d|20[0-4]\d) ?(?:,? (?:and|to|through) |[-\u2013])(?:19[5-9]\d|20[0-4]\d)\b"
    r"|^\W*(?:19[5-9]\d|20[0-4]\d),? (?:and|to|through)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"\b(?:\d+(?:\.\d+)?(?:\s?(?:-|\u2013|to|and)\s?\d+)?|{_SMALL})[\s-](?:years?|months?|weeks?|days?|hours?)\b",
    re.IGNORECASE,
)
"""Ages and spans of time: "adults of at least 18 years (412 in total)"."""
_IN_ALL = re.compile(
    rf"(?:\b\d[\d,\u00a0\u2009\u202f ]*|\b(?:{_SMALL})\b ?)\bin (?:all|total)\b", re.IGNORECASE
)
"""The number that sums up: "drivers at three depots, 214 in all"."""
_N_LAST = re.compile(r"\(n\s?=[^()]*\)\W*$", re.IGNORECASE)
"""The number that stands for those before it: "patients with COVID-19 (n=966)"."""
_COUNTED_IN = re.compile(r"\b(?:among|by|from) ", re.IGNORECASE)
"""What stands before it was counted in those behind: "13 drugs among 367 people"."""


def number(text: str) -> str | None:
    """The first number in a text, in digits or English words up to 999, as digits.

    "In 2019 patients ..." names a year. Groups joined by "and" are added up: "27 girls and 30
    boys" are 57, and so are "27 girls had it first; 30 others ..."; "between 20 and 30 patients"
    are not, since "20" counts nobody. Of "13 drugs among 367 people" the people count. Thousands
    and millions in words are not read.

    Args:
        text: e.g. "a total of 1,204 patients" or "Twenty-six men".

    Returns:
        "1204", "26"; None if no number can be read, or it is 0.
    """
    if _TOO_LARGE.search(text):
        return None
    text = _TIME.sub(" ", _IN_A_YEAR.sub(" ", text))
    if in_all := _IN_ALL.search(text):
        text = in_all[0]
    if given := _N_LAST.search(text):
        text = given[0]
    behind = _COUNTED_IN.split(text)[-1]
    if _first_number(behind):
        text = behind
    *before, last = _AND_A_NUMBER.split(text)
    # "149 drinkers, 168 chewers and 195 others"
    parts = [part for one in before for part in _COMMA_A_NUMBER.split(one.lstrip(" ,"))] + [last]
    value = _first_number(parts[0])
    if value and not _STAGE.search(text) and all(map(_COUNTS_SOMEBODY.search, parts)):
        value += sum(_first_number(part) or 0 for part in parts[1:])
    if value and (others := _OTHERS.search(text)):
        value += _first_number(others[1]) or 0
    return str(value) if value else None


def _first_number(text: str) -> int | None:
    for match in re.finditer(r"[A-Za-z]+|" + _DIGITS.pattern, text):
        found = match[0]
        if found[0].isdigit():
            return int(re.sub(r"\D", "", found))
        if found.lower() in _ONES or found.lower() in _TENS:
            return _in_words(text[match.start() :])
    return None


def years(text: str) -> str | None:
    """First and last year in a text, as "2011-2017", or "2019" when there is one.

    Args:
        text: e.g. "between January 2011 and July 2017".

    Returns:
        None when no year from 1950 to 2049 stands in it, or the last is before the first.
    """
    found = [int(year) for year in _YEAR.findall(text)]
    if not found or found[-1] < found[0]:
        return None
    return str(found[0]) if found[0] == found[-1] else f"{found[0]}-{found[-1]}"


def span(values: list[str]) -> str:
    """One value for several: of years the first and the last, of anything else the one there is.

    Args:
        values: as `years` or `number` give them, e.g. ["2020", "2017-2019"].
    """
    if len(values) == 1:
        return values[0]
    return years(" ".join(sorted("-".join(values).split("-")))) or values[0]


def schedule(text: str) -> str:
    """How often doses were given: "single", "repeated", or "repeated 14 days".

    Args:
        text: e.g. "a single dose", "for 14 consecutive days", "twice daily".
    """
    if span_of_time := _SPAN.search(text):
        count, unit = span_of_time[1].lower(), span_of_time[2].lower()
        days = (int(count) if count.isdigit() else _ONES[count]) * _IN_DAYS[unit]
        if days > 1:
            return f"{REPEATED} {days} days"
    return "single" if _ONCE.search(text) and not _AGAIN.search(text) else REPEATED


READERS: dict[str, Callable[[str], str | None]] = {
    "number": number, "years": years, SCHEDULE: schedule,
}  # fmt: skip
"""What `read` of a facet may be, doses apart: those are read from the whole sentence (`doses`)."""


def _in_words(text: str) -> int:
    """The number that a text starts with, in words: "two hundred and forty-one patients"."""
    total = 0
    for word in re.split(r"[\s\-\u2010-\u2015]+", text.lower()):
        if word in _ONES:
            total += _ONES[word]
        elif word in _TENS:
            total += _TENS[word]
        elif word == "hundred":
            total *= 100
        elif word != "and":
            break
    return total


COUNTRY = "study_country"
"""The facet that countries are the values of."""
AFFILIATION_RULE = "affiliation.last_part"
# What stands behind the country: electronic addresses, full stops, US postal codes.
_TAIL = r"(?:\s*(?:electronic address|e-?mail)\b.*|\s*\S+@\S+|\s\d{5}(?:-\d{4})?|[\s.;,()]+)+$"
_ZONES = ("title", *JUDGED_ABSTRACT)


class Country(Table):
    """One `[[country]]` of facets.toml: patterns of its places and people, and its addresses.

    Attributes:
        headings: NLM's headings beside its name.
        addresses: what addresses end in; its name where the file has none.
    """

    name: str
    places: str
    people: str | None = None
    headings: Names = ()
    addresses: Names | None = None


def country_rules(file: RuleFile, countries: Iterable[Country], words: Words) -> list[Rule]:
    """Two rules a country: by its words and by NLM's geographic headings.

    Raises:
        ConfigurationError: a pattern cannot be used.
    """
    rules: list[Rule] = []
    for one in countries:
        code = f"{COUNTRY}.{one.name}"
        patterns = [rf"\b(?:{one.places})\b"]
        if one.people:
            patterns.append(words.fill(rf"\b(?:{one.people}) {{beside}}{{residents}}\b", "[words]"))
        for pattern in patterns:
            checked(file, pattern, one.line)
        texts = tuple(Signal("text", pattern, zones=_ZONES) for pattern in patterns)
        headings = tuple(Signal("mesh", name) for name in dict.fromkeys((one.name, *one.headings)))
        rules.append(Rule(f"{code}.text", code, "medium", texts))
        rules.append(Rule(f"{code}.heading", code, "high", headings))
    return rules


class Addresses:
    """Finds the country of an address by its last part.

    The last part (behind the last comma) is the country, or ends in its name ("Boston MA 02115
    USA", "3000 Leuven Belgium"). An affiliation that holds several addresses is cut at
    semicolons. US states stand among the names; Georgia is left out, as two countries have one.
    """

    def __init__(self, countries: Iterable[Country]) -> None:
        """Compile the names."""
        self._countries = {
            name: one.name
            for one in countries
            for name in ((one.name.lower(),) if one.addresses is None else one.addresses)
        }
        longest_first = sorted(self._countries, key=len, reverse=True)
        ends = "|".join(re.escape(name) for name in longest_first)
        options = re2.Options()
        options.dot_nl = True
        self._tail = re2.compile(_TAIL, options)
        self._last = re2.compile(rf"(?:^|[\s.\d-])({ends})$")

    def named(self, affiliations: Iterable[str]) -> dict[tuple[str, str], None]:
        """(Name as found, country) of every address that names one, each once."""
        found: dict[tuple[str, str], None] = {}
        for affiliation in dict.fromkeys(affiliations):
            for address in fold(affiliation).split(";"):
                whole = address.encode()
                if tail := self._tail.search(whole):
                    whole = whole[: tail.start()]
                if match := self._last.search(whole.rpartition(b",")[2].strip(b" ")):
                    name = match[1].decode()
                    found[name, self._countries[name]] = None
        return found
