"""An index over records, and the answer to a query with all that PubMed would say about it.

It models PubMed's protocol, not its retrieval. Without NLM's tables there is no automatic term
mapping and no explosion: a heading, substance or type is found under its own name only, so
`[mesh]` equals `[mesh:noexp]`. Every phrase of a record is searchable, while PubMed knows those
of its phrase index. A term without a match is reported and matches nothing (PubMed may drop or
split it): a query must not find more here than it says.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pipeline.replay.query import (
    FIELDS,
    KNOWN,
    STOPWORDS,
    Chain,
    Earlier,
    Field,
    Kind,
    Node,
    QuerySyntaxError,
    Term,
    field_for,
    fold,
)
from pipeline.replay.record import Entries

_BREAK = "|"
"""Stands between two texts of one record, so that no phrase runs across; never a word."""


class Index:
    """Records known by number (0, 1, 2 ...), found by part and term.

    Add every record before the first search: what that makes is not made again.
    """

    def __init__(self) -> None:
        self.size = 0
        self._words: dict[str, _Words] = defaultdict(_Words)
        self._values: dict[str, _Vocabulary] = defaultdict(_Vocabulary)
        self._dates: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def add(self, entries: Entries) -> None:
        """Take one more record; its number is the count of those before it."""
        number = self.size
        self.size += 1
        for part, texts in entries.words.items():
            self._words[part].add(number, texts)
        for part, values in entries.values.items():
            for value in {fold(text) for text in values}:
                self._values[part].add(value, number)
        for part, dates in entries.dates.items():
            self._dates[part].extend((date, number) for date in dates)

    def words(self, parts: Iterable[str], phrase: str, *, truncated: bool = False) -> set[int]:
        """Records where one of the parts has these words in a row.

        Args:
            parts: the parts to look in.
            phrase: folded words.
            truncated: whether the last word is only the beginning of one.
        """
        return set().union(*(self._words[part].find(phrase, truncated) for part in parts))

    def values(self, parts: Iterable[str], value: str, *, truncated: bool = False) -> set[int]:
        """Records where one of the parts has this (folded) value, or one beginning with it."""
        found: set[int] = set()
        for part in parts:
            vocabulary = self._values[part]
            found.update(vocabulary.starting(value) if truncated else vocabulary.get(value))
        return found

    def dates(self, parts: Iterable[str], low: int, high: int) -> set[int]:
        """Records with a date of one of the parts from low to high, both included."""
        found: set[int] = set()
        for part in parts:
            dates = self._sorted_dates.get(part, [])
            first = bisect_left(dates, (low, -1))
            last = bisect_right(dates, (high, self.size))
            found.update(number for _, number in dates[first:last])
        return found

    @cached_property
    def _sorted_dates(self) -> dict[str, list[tuple[int, int]]]:
        return {part: sorted(dates) for part, dates in self._dates.items()}


class _Vocabulary:
    """Terms, and for each the records that have it."""

    def __init__(self) -> None:
        # Arrays, since the garbage collector need not walk through a million of them.
        self._postings: dict[str, array[int]] = defaultdict(lambda: array("I"))

    def add(self, term: str, number: int) -> None:
        self._postings[term].append(number)

    def get(self, term: str) -> Sequence[int]:
        return self._postings.get(term, ())

    def starting(self, prefix: str) -> set[int]:
        terms = self._terms
        found: set[int] = set()
        for position in range(bisect_left(terms, prefix), len(terms)):
            if not terms[position].startswith(prefix):
                break
            found.update(self._postings[terms[position]])
        return found

    @cached_property
    def _terms(self) -> list[str]:
        return sorted(self._postings)


class _Words:
    """One part's words, with the folded text itself to see whether words stand together.

    Made at first use: few searches look at every part, and a server should start at once.
    """

    def __init__(self) -> None:
        self._given: list[tuple[int, list[str]]] = []

    def add(self, number: int, texts: list[str]) -> None:
        self._given.append((number, texts))

    def find(self, phrase: str, truncated: bool) -> set[int]:
        *first, last = phrase.split()
        vocabulary, texts = self._made
        found = set(vocabulary.starting(last) if truncated else vocabulary.get(last))
        for word in first:
            found.intersection_update(vocabulary.get(word))
        if not first:
            return found
        needle = f" {phrase}" if truncated else f" {phrase} "
        return {number for number in found if needle in texts[number]}

    @cached_property
    def _made(self) -> tuple[_Vocabulary, dict[int, str]]:
        vocabulary, folded = _Vocabulary(), {}
        for number, texts in self._given:
            text = f" {f' {_BREAK} '.join(map(fold, texts))} "
            folded[number] = text
            for word in set(text.split()) - {_BREAK}:
                vocabulary.add(word, number)
        return vocabulary, folded


_ALL_FIELDS = FIELDS[0]
_SHORTEST_ROOT = 4  # "At least four characters must be provided in the truncated term"
_RECENT = re.compile(r"last\s+(?:(\d{1,5})\s+)?(day|month|year)s?", re.IGNORECASE)
_DAYS = {"day": 1, "month": 30, "year": 365}
_DATE = re.compile(r"(\d{4})(?:/(\d{1,2})(?:/(\d{1,2}))?)?")


@dataclass
class Findings:
    """The answer to a query.

    Attributes:
        numbers: the records that match.
        translation: the query as it was understood; parsing it again gives the same records.
        phrases_not_found: terms no record has (PubMed's ErrorList).
        fields_not_found: tags that name no field (ErrorList).
        phrases_ignored: words or truncations left out (WarningList).
        quoted_not_found: quoted phrases no record has (WarningList).
    """

    numbers: set[int] = field(default_factory=set)
    translation: str = ""
    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    phrases_ignored: list[str] = field(default_factory=list)
    quoted_not_found: list[str] = field(default_factory=list)


_Result = tuple[set[int] | None, str]
"""Records and translation; None for a term left out, which changes nothing around it."""


@dataclass
class Search:
    """One evaluation of a query; it notes on the way what is to be reported.

    Attributes:
        index: what to search.
        pmids: the number of each PMID held.
        today: the day "last n days" counts back from.
        history: gives the records of an earlier search (`#1`); what it raises is passed on.
        default_tag: the field of terms without a tag (ESearch's `field`).
        findings: the answer so far.
    """

    index: Index
    pmids: dict[int, int]
    today: date
    history: Callable[[int], set[int]]
    default_tag: str | None = None
    findings: Findings = field(default_factory=Findings)

    def run(self, node: Node) -> Findings:
        """Run a query, as `query.parse` gives it.

        Raises:
            QuerySyntaxError: for a NOT that has nothing before it.
        """
        numbers, self.findings.translation = self._evaluate(node)
        self.findings.numbers = numbers or set()
        return self.findings

    def _evaluate(self, node: Node) -> _Result:
        if isinstance(node, Term):
            return self._term(node)
        if isinstance(node, Earlier):
            return self.history(node.key), f"#{node.key}"
        return self._chain(node)

    def _chain(self, chain: Chain) -> _Result:
        numbers, translation = self._operand(chain.first)
        last = ""
        for operator, node in chain.rest:
            right, words = self._operand(node)
            if right is None:
                continue
            if numbers is None:
                if operator == "NOT":
                    raise QuerySyntaxError("NOT has nothing to take from")
                numbers, translation = right, words
                continue
            if last and operator != last:
                translation = f"({translation})"
            last = operator
            translation = f"{translation} {operator} {words}"
            numbers = _combined(numbers, operator, right)
        return numbers, translation

    def _operand(self, node: Node) -> _Result:
        numbers, translation = self._evaluate(node)
        return numbers, f"({translation})" if isinstance(node, Chain) else translation

    def _term(self, term: Term) -> _Result:
        tag = self.default_tag if term.tag is None else term.tag
        found = _ALL_FIELDS if tag is None else field_for(tag)
        if found is None:
            self.findings.fields_not_found.append(tag or "")
            return set(), f'"{_plain(term.text)}"[{tag}]'
        if found.kind is Kind.DATES:
            return self._dates(term, found)
        if found.kind is Kind.UID:
            return self._uids(term, found)
        return self._text(term, found, tagged=tag is not None)

    def _text(self, term: Term, wanted: Field, *, tagged: bool) -> _Result:
        text, truncated = self._truncation(term.text)
        folded = fold(text)
        if not folded or (folded in STOPWORDS and not tagged and not term.quoted):
            self.findings.phrases_ignored.append(term.text)
            return None, ""
        star = "*" if truncated else ""
        translation = f'"{_plain(text)}{star}"[{wanted.name}]'
        if wanted.kind is Kind.WORDS:
            numbers = self.index.words(wanted.parts, folded, truncated=truncated)
            translation = f'"{folded}{star}"[{wanted.name}]'
        elif wanted.kind is Kind.NAMES and not term.quoted and not truncated:
            # "smith j" finds all names that begin so, "smith" only that whole surname.
            start = folded if " " in folded else f"{folded} "
            numbers = self.index.values(wanted.parts, folded)
            numbers |= self.index.values(wanted.parts, start, truncated=True)
            translation = f"{folded}[{wanted.name}]"
        else:
            numbers = self.index.values(wanted.parts, folded, truncated=truncated)
        if not numbers and folded not in KNOWN.get(wanted.code, ()):
            self._missing(term)
        return numbers, translation

    def _truncation(self, text: str) -> tuple[str, bool]:
        """A star counts at the end of four characters or more; any other becomes a space."""
        root = text.rstrip("* ")
        truncated = text.rstrip().endswith("*") and len(fold(root)) >= _SHORTEST_ROOT
        if "*" in (root if truncated else text):
            self.findings.phrases_ignored.append(text)
        return root.replace("*", " ") if truncated else text.replace("*", " "), truncated

    def _dates(self, term: Term, wanted: Field) -> _Result:
        low_text, colon, high_text = term.text.partition(":")
        recent = _RECENT.fullmatch(term.text.strip())
        if recent:
            days = int(recent.group(1) or 1) * _DAYS[recent.group(2).lower()]
            low_text, colon, high_text = recent_days(days, self.today).partition(":")
        high_text = high_text if colon else low_text
        low, high = _day(low_text, 0), _day(high_text, 99)
        shown = f"{low_text.strip()}:{high_text.strip()}[{wanted.name}]"
        if low is None or high is None:
            self._missing(term)
            return set(), f'"{_plain(term.text)}"[{wanted.name}]'
        return self.index.dates(wanted.parts, low, high), shown

    def _uids(self, term: Term, wanted: Field) -> _Result:
        shown = f"{_plain(term.text)}[{wanted.name}]"
        limits = re.fullmatch(r"\s*(\d{1,20})\s*:\s*(\d{1,20})\s*", term.text)
        if limits:
            low, high = map(int, limits.groups())
            return {n for pmid, n in self.pmids.items() if low <= pmid <= high}, shown
        numbers = set()
        for word in re.split(r"[\s,]+", term.text.strip()):
            number = self.pmids.get(int(word)) if re.fullmatch(r"[0-9]{1,20}", word) else None
            if number is None:
                self.findings.phrases_not_found.append(word)
            else:
                numbers.add(number)
        return numbers, shown

    def _missing(self, term: Term) -> None:
        if term.quoted and " " in fold(term.text):
            tag = "" if term.tag is None else f"[{term.tag}]"
            self.findings.quoted_not_found.append(f'"{term.text}"{tag}')
        else:
            self.findings.phrases_not_found.append(term.text)


def recent_days(days: int, today: date) -> str:
    """The last n days up to today, as a range of dates."""
    earliest = date.fromordinal(max(1, today.toordinal() - days))
    return f"{earliest:%Y/%m/%d}:{today:%Y/%m/%d}"


def _combined(left: set[int], operator: str, right: set[int]) -> set[int]:
    if operator == "AND":
        return left & right
    return left | right if operator == "OR" else left - right


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _day(text: str, missing: int) -> int | None:
    """A date as a number like 20240131, a missing month or day standing for all of them."""
    match = _DATE.fullmatch(text.strip())
    if not match:
        return None
    year, month, day = (missing if part is None else int(part) for part in match.groups())
    return year * 10000 + month * 100 + day
