"""Find signals in the texts and tags of records: which can stand there, and where one does."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import re2

from pipeline.rules.model import VALUE_KINDS, Signal
from pipeline.rules.patterns import OPTIONS, fold, loosened, regular_expression
from pipeline.rules.text import ZONES, Unit

# -- Texts
#
# The texts of many records stand one below the other, each in a line: no folded text has a line
# end, no pattern crosses one (`patterns.OPTIONS`), and `^` is the start of a line. So a pattern is
# tried on all records in which it may stand at once, while what it needs is near the processor.

_RANK = {zone: rank for rank, zone in enumerate(ZONES)}
_BY_LINE = "(?m)"


class Pattern:
    """A pattern, compiled for texts that stand one below the other.

    Attributes:
        loose: finds whatever the pattern finds, and counts nothing: with "at most 100 letters
            between" RE2 is many times slower than with "any number of them".
        is_exact: the pattern itself counts nothing.
    """

    def __init__(self, expression: str, loose: Any, *, is_exact: bool) -> None:
        """Take a regular expression, and its loosened form, compiled."""
        self._expression = expression
        self.loose = loose
        self.is_exact = is_exact

    @cached_property
    def exact(self) -> Any:
        """The pattern itself; compiled when it is first needed, which few patterns ever are."""
        return self.loose if self.is_exact else re2.compile(_BY_LINE + self._expression, OPTIONS)


class Sieve:
    """Says which of many patterns may stand in a text, by one pass over it.

    An `re2.Filter` knows by the literals that are there. It cannot be copied to another process:
    each builds its own, also where a sieve is pickled.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        """Compile regular expressions, as `patterns.regular_expression` gives them."""
        self._expressions = expressions
        self._filter = re2.Filter()
        loose = [loosened(expression) for expression in expressions]
        for expression in loose:
            self._filter.Add(_BY_LINE + expression, OPTIONS)
        self._filter.Compile()
        self.patterns = [
            Pattern(exact, self._filter.re(place), is_exact=exact == loose[place])
            for place, exact in enumerate(expressions)
        ]

    def __reduce__(self) -> tuple[type[Sieve], tuple[Sequence[str]]]:
        return Sieve, (self._expressions,)

    def possible(self, raw: bytes) -> Sequence[int]:
        """Places, among those given, of the patterns that may stand in a text."""
        return self._filter.Match(raw, potential=True) or ()


class Zones:
    """Zones that a signal is looked for in, by their places in `ZONES`."""

    __slots__ = ("first", "last", "ranks")

    def __init__(self, zones: Iterable[str]) -> None:
        """Take the names of the zones."""
        self.ranks = frozenset(_RANK[zone] for zone in zones)
        self.first, self.last = min(self.ranks), max(self.ranks)


class Place(NamedTuple):
    """Where a pattern stands first in a text, in bytes; and that text among those of the record."""

    unit_index: int
    start: int
    end: int


class Lines:
    """Texts of many records, one below the other; those of each in the order of their zones.

    Attributes:
        of_record: the texts of each record.
    """

    def __init__(
        self, records: Iterable[Sequence[Unit]], form: str, zones: Collection[str]
    ) -> None:
        """Join the texts of each record's units, in one form and of some zones."""
        self._ranks: list[int] = []
        self._units: list[int] = []
        self._first_line = [0]
        self.of_record: list[bytes] = []
        raws: list[bytes] = []
        for units in records:
            lines = sorted(
                (_RANK[unit.zone], index, raw)
                for index, unit in enumerate(units)
                if unit.zone in zones and (raw := unit.forms[form].raw)
            )
            self._ranks += [rank for rank, _, _ in lines]
            self._units += [index for _, index, _ in lines]
            own = [raw for _, _, raw in lines]
            self.of_record.append(b"\n".join(own))
            raws += own
            self._first_line.append(len(raws))
        self._starts = [0, *accumulate(len(raw) + 1 for raw in raws)]
        self._raw = b"".join(raw + b"\n" for raw in raws)

    def places(
        self, pattern: Pattern, zones: Zones, records: Iterable[int]
    ) -> dict[int, list[Place]]:
        """Of some records each text of some zones in which a pattern stands, by record."""
        ranks, starts = self._ranks, self._starts
        parts: list[bytes] = []
        part_of: list[tuple[int, int]] = []
        begins: list[int] = []
        length = 0
        for record in records:
            own = self._first_line[record], self._first_line[record + 1]
            start = starts[bisect_left(ranks, zones.first, *own)]
            end = starts[bisect_right(ranks, zones.last, *own)]
            if start < end:
                parts.append(self._raw[start:end])
                part_of.append((record, start - length))
                begins.append(length)
                length += end - start
        text = b"".join(parts)
        found: dict[int, list[Place]] = {}
        at = 0
        while match := pattern.loose.search(text, at):
            begin, end = match.span()
            record, moved = part_of[bisect_right(begins, begin) - 1]
            line = bisect_right(starts, begin + moved) - 1
            start, at = starts[line] - moved, starts[line + 1] - moved
            if ranks[line] not in zones.ranks:
                continue
            if not pattern.is_exact:
                match = pattern.exact.search(text, begin, at - 1)
                if match is None:
                    continue
                begin, end = match.span()
            place = Place(self._units[line], begin - start, end - start)
            found.setdefault(record, []).append(place)
        return found


# -- Tags

NAME_KINDS = ("publication_type", "mesh", "substance", "supplementary")
"""Kinds of tags in whose names a `name` signal looks."""
_ALSO_FOUND_AS = {"substance": ("substance", "supplementary")}
"""Kinds of tags that a signal is looked for in, where they are not just its own."""


class Tag(NamedTuple):
    """Something a record carries beside its texts.

    Attributes:
        kind: publication_type, mesh, mesh_qualifier, substance, supplementary, record_kind or
            link.
        table: where it stands, as the field of a proof.
        name: its name, as stored.
        ui: its identifier in its vocabulary, where the record has one.
        source: what a proof by it rests on.
    """

    kind: str
    table: str
    name: str
    ui: str | None
    source: str


class TagFinder:
    """Finds the signals of a set that are not texts: terms, words in their names, values."""

    def __init__(self, signals: Mapping[Signal, int]) -> None:
        """Index signals by their numbers; those on texts are passed over."""
        self._by_ui: dict[tuple[str, str], list[int]] = {}
        self._by_name: dict[tuple[str, str], list[tuple[int, bool]]] = {}
        self._by_value: dict[tuple[str, str], list[int]] = {}
        names: dict[str, int] = {}
        for signal, number in signals.items():
            if signal.kind == "name":
                names[regular_expression(signal.value)] = number
            elif signal.kind in VALUE_KINDS.values():
                self._by_value.setdefault((signal.kind, signal.value), []).append(number)
            elif signal.kind != "text":
                for kind in _ALSO_FOUND_AS.get(signal.kind, (signal.kind,)):
                    if signal.ui:
                        self._by_ui.setdefault((kind, signal.ui), []).append(number)
                    self._by_name.setdefault((kind, signal.value.lower()), []).append(
                        (number, signal.ui is not None)
                    )
        self._names = Sieve(tuple(names))
        self._name_numbers = list(names.values())

    def find(self, tags: Sequence[Tag]) -> Iterator[tuple[int, Tag]]:
        """Each signal with each tag that it stands in.

        Terms are compared by identifier where the record has one and the signal knows it, else
        by name without regard to case.
        """
        for tag in tags:
            for number in self._by_value.get((tag.kind, tag.name), ()):
                yield number, tag
            if tag.ui is not None:
                for number in self._by_ui.get((tag.kind, tag.ui), ()):
                    yield number, tag
            for number, has_ui in self._by_name.get((tag.kind, tag.name.lower()), ()):
                if tag.ui is None or not has_ui:
                    yield number, tag
        if self._name_numbers:
            named = [tag for tag in tags if tag.kind in NAME_KINDS]
            folded = [fold(tag.name).encode() for tag in named]
            for place in self._names.possible(b"\n".join(folded)):
                for tag, raw in zip(named, folded, strict=True):
                    if self._names.patterns[place].exact.search(raw):
                        yield self._name_numbers[place], tag
