"""Registrations a record names: from NLM's list of databanks and from its own text.

Registries and the forms of their numbers are data (registries.toml). NLM lists a number only
when an indexer or the publisher gave it, and of few registries; authors name many more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import re2

from pipeline.evidence.record import Proof, Record, RegistrationFound
from pipeline.rules.decide import TEXT as _TEXT
from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.patterns import fold
from pipeline.rules.text import Unit

_NEAR = 60
"""How far before a number without a prefix its registry must be named."""


class Registry(Table):
    """One `[[registry]]` of registries.toml: one form of number of one registry.

    Attributes:
        databanks: what NLM calls it.
        pattern: finds a number; its group is what stands behind the prefix.
        form: how the registry writes it, with {} for the group.
        near: pattern of what must stand shortly before a number without a prefix; None for none.
        is_trial: it registers studies in people.
    """

    name: str
    databanks: Names
    pattern: str
    form: str
    near: str | None = None
    is_trial: bool

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    @cached_property
    def _before(self) -> re.Pattern[str] | None:
        return None if self.near is None else re.compile(self.near, re.IGNORECASE)

    def numbers(self, folded: str) -> Iterator[tuple[str, int, int]]:
        """(number, start, end) of every number of this registry in a folded text.

        Folding makes all dashes and blanks in a number alike.
        """
        for match in self._number.finditer(folded):
            before = folded[max(0, match.start() - _NEAR) : match.start()]
            if self._before is None or self._before.search(before):
                yield self.written(match[1]), match.start(), match.end()

    def only_number(self, accession: str) -> str | None:
        """The number in what NLM lists, whatever address or label stands around it.

        None where there is no number of this registry, or more than one.
        """
        matches = self._number.finditer(fold(accession))
        numbers = {self.written(match[1]) for match in matches}
        return numbers.pop() if len(numbers) == 1 else None

    def written(self, found: str) -> str:
        """A number in the registry's own form."""
        plain = re.sub(r"[\s,]", "", found)
        # jRCT and OSF write small letters; all others capitals.
        keeps_case = self.form.startswith(("jRCT", "osf"))
        return self.form.format(plain.lower() if keeps_case else plain.upper())


@dataclass(frozen=True)
class Registries:
    """Everything registries.toml says.

    Attributes:
        by_databank: registries by what NLM calls their databank, in small letters.
        of_trials: names of the registries of studies in people.
        sieve: finds texts that may hold a number.
    """

    version: str
    sha256: str
    most_per_study: int
    registries: tuple[Registry, ...]

    @cached_property
    def by_databank(self) -> Mapping[str, tuple[Registry, ...]]:
        known: dict[str, tuple[Registry, ...]] = {}
        for one in self.registries:
            for databank in one.databanks:
                known[databank.lower()] = (*known.get(databank.lower(), ()), one)
        return known

    @cached_property
    def of_trials(self) -> frozenset[str]:
        return frozenset(one.name for one in self.registries if one.is_trial)

    @cached_property
    def sieve(self) -> Any:
        return re2.compile("(?i)" + "|".join(one.pattern for one in self.registries))


def load_registries(path: Path) -> Registries:
    """Read registries.toml.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    most = file.data.get("most_per_study")
    if not isinstance(most, int) or most < 1:
        raise file.error("most_per_study", "`most_per_study` must be a number from 1")
    registries = file.read_all("registry", Registry)
    for registry in registries:
        _check(file, registry)
    return Registries(file.version(), file.sha256, most, registries)


class RegistrationsOf(NamedTuple):
    """The registrations one record names, and where."""

    found: tuple[RegistrationFound, ...]
    proofs: tuple[Proof, ...]


def registrations_of(
    registries: Registries, record: Record, units: Sequence[Unit]
) -> RegistrationsOf:
    """The registrations that a record names, in NLM's list and in its own texts."""
    places: dict[tuple[str, str], list[_Place]] = {}
    for one in (*_in_databanks(registries, record), *_in_texts(registries, units)):
        places.setdefault((one.registry.name, one.number), []).append(one)
    return RegistrationsOf(
        tuple(_registration(registries, *key, held) for key, held in places.items()),
        tuple(proof for held in places.values() for proof in _proofs(held)),
    )


class _Place(NamedTuple):
    """A number where it is written."""

    registry: Registry
    number: str
    source: str
    field: str
    section_no: int | None
    text: str
    start: int | None
    end: int | None


def _registration(
    registries: Registries, registry: str, number: str, places: Sequence[_Place]
) -> RegistrationFound:
    """A number as NLM lists it, else as it is first written: in the title, then further down."""
    sources = {one.source for one in places}
    source = "both" if len(sources) > 1 else "text" if _TEXT in sources else "databank"
    first = min(
        places,
        key=lambda one: (
            one.source == _TEXT, one.field != "title", one.section_no is None,
            one.section_no or 0, one.start or 0,
        ),
    )  # fmt: skip
    return RegistrationFound(registry, number, source, first.text, registry in registries.of_trials)


def _proofs(places: Sequence[_Place]) -> Iterator[Proof]:
    """One proof a text: the first place in it."""
    seen = set()
    for one in sorted(places, key=lambda one: one.start or 0):
        if (text := (one.source, one.field, one.section_no)) not in seen:
            seen.add(text)
            yield Proof("registration", one.number, f"registry.{one.registry.name}", *one[2:])


def _in_databanks(registries: Registries, record: Record) -> Iterator[_Place]:
    """What NLM lists under the name of a registry, in the registry's form where it has it."""
    for databank, accession in record.accessions:
        candidates = registries.by_databank.get(databank.lower(), ())
        if accession is None or not candidates:
            continue
        number, named = accession.strip(), candidates[0]
        # NLM files numbers of several registries under one name (JPRN): the form decides.
        for registry in candidates:
            if found := registry.only_number(accession):
                number, named = found, registry
                break
        yield _Place(
            named, number, "nlm_databank", "databank_accessions", None, accession, None, None
        )


def _in_texts(registries: Registries, units: Sequence[Unit]) -> Iterator[_Place]:
    """Numbers in titles, abstracts and keywords; a sieve passes over texts without any."""
    for unit in units:
        whole = unit.forms["whole"]
        if registries.sieve.search(whole.raw):
            for registry in registries.registries:
                for number, *span in registry.numbers(whole.folded):
                    start, end = whole.stored(*span)
                    yield _Place(
                        registry, number, _TEXT, unit.field, unit.section_no,
                        unit.stored[start:end], start, end,
                    )  # fmt: skip


def _check(file: RuleFile, registry: Registry) -> None:
    try:
        group_count = re.compile(registry.pattern).groups
        re.compile(registry.near or "")
    except re.error as error:
        raise file.error(registry.line, f"a pattern does not compile: {error}") from error
    if group_count != 1:
        raise file.error(
            registry.line, "`pattern` needs exactly one group: what stands behind the prefix"
        )
    if registry.form.count("{}") != 1:
        raise file.error(registry.line, "`form` needs one {}: the place of the group")
