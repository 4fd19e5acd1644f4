"""An inverted index over PubMed records: words with phrases and truncation, values, dates."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from pipeline.replay.record import Entries
from pipeline.replay.text import fold

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
        self._postings: dict[str, array[int]] = {}

    def add(self, term: str, number: int) -> None:
        numbers = self._postings.get(term)
        if numbers is None:
            self._postings[term] = array("I", (number,))
        else:
            numbers.append(number)

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
