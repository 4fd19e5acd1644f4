"""Topics and searches: one definition, compiled to PubMed's query and to the local predicate.

A topic is a concept block (kratom, pain): MeSH headings asked for one by one
(`[mesh:noexp]`), supplementary concepts (`[nm]`), and words with a field tag. Each entry is
one clause of the PubMed query and one local rule, whose id is that clause, so that every
proof names the words of the search it answers. Tags as PubMed documents them: `tiab` is
title, abstract and keywords; `tw` adds headings, substances and publication types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import re2
from pydantic import Field

from pipeline.evidence.judgement import Proof, TopicHit
from pipeline.evidence.record import Record
from pipeline.rules.decide import Found, Matcher
from pipeline.rules.file import RuleFile, Table
from pipeline.rules.fold import fold
from pipeline.rules.match import Tag
from pipeline.rules.model import Rule, RuleSet, Signal
from pipeline.rules.patterns import OPTIONS, checked
from pipeline.rules.text import ZONES, Language, Unit, without

LEVELS = ("focus", "outcome", "mention")
_FOCUS, _OUTCOME, _MENTION = range(3)
_WORD = re.compile(r"[\w' -]+\*?")
_TAGS = ("tw", "tiab")
_MODES = ("live", "files")


class _SearchTable(Table):
    """One `[[search]]` of topics.toml."""

    name: str
    label: str
    mode: str
    topics: list[str]
    minimum: int
    maximum: int | None = None
    is_headline: bool = False
    is_focus: bool = False


class _TermTable(Table):
    """A substance of a topic; `seen` marks identifiers found in real records."""

    name: str
    ui: str
    seen: bool = False


class _HeadingTable(_TermTable):
    """A heading of a topic."""

    is_substance: bool = False


_Term = TypeVar("_Term", bound=_TermTable)


class _WordTable(Table):
    """A word or phrase of a topic."""

    word: str
    tag: str


class _ConditionalTable(_WordTable):
    """A word that counts only beside others."""

    company: list[_WordTable] = Field(alias="with")


class _TopicTable(Table):
    """One `[[topic]]` of topics.toml."""

    name: str
    label: str
    subject: str | None = None
    is_counted: bool = False
    mesh: list[dict[str, Any]] = Field(default_factory=list)
    substances: list[dict[str, Any]] = Field(default_factory=list)
    words: list[dict[str, Any]] = Field(default_factory=list)
    conditional: list[dict[str, Any]] = Field(default_factory=list)
    exclude: list[dict[str, Any]] = Field(default_factory=list)
    set_aside: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Search:
    """A boolean of topics: all of `topics` must match.

    Attributes:
        name: code, e.g. kratom_pain.
        label: name shown to readers.
        mode: live (PubMed's answer is the membership) or files (local matching only).
        topics: names of the topics.
        minimum: fewer live hits than this stop the run.
        maximum: more live hits than this are reported; None for no bound.
        is_headline: its tables and top sentence stand at the top.
        is_focus: the known articles and the questions are about its records.
    """

    name: str
    label: str
    mode: str
    topics: tuple[str, ...]
    minimum: int
    maximum: int | None
    is_headline: bool = False
    is_focus: bool = False

    def finds(self, hits: Iterable[TopicHit]) -> bool:
        """Whether a record on these topics is one of its records."""
        return {hit.topic for hit in hits}.issuperset(self.topics)


@dataclass(frozen=True)
class Clause:
    """One entry of a topic: what PubMed is asked, and the local rule."""

    query: str
    rule: Rule
    is_substance: bool = False

    @cached_property
    def phrases_needed(self) -> frozenset[str]:
        """One of these stands in the XML of each record it matches (see `pubmed.sieve`)."""
        return frozenset(
            _plain_words(text)
            for signal in self.rule.signals
            for text in (signal.value, signal.ui)
            if text is not None
        )


@dataclass(frozen=True)
class Topic:
    """A concept block.

    Attributes:
        name: code, e.g. kratom.
        label: name shown to readers.
        clauses: any of them makes a record match.
        excluded: queries joined by OR behind NOT; empty for none.
        set_aside: finds phrases that hold words of the topic and mean something else, or None.
        subject: what a sentence calls experiments with it; None where it is not given to people.
        is_counted: whether PubMed's records on it are counted by year.
    """

    name: str
    label: str
    clauses: tuple[Clause, ...]
    excluded: tuple[str, ...]
    set_aside: Any = None
    subject: str | None = None
    is_counted: bool = False

    @property
    def phrases_needed(self) -> frozenset[str]:
        """One of these stands in the XML of each record it matches (see `pubmed.sieve`)."""
        return frozenset().union(*(clause.phrases_needed for clause in self.clauses))

    @property
    def query(self) -> str:
        """The block as PubMed is asked for it."""
        block = f"({' OR '.join(clause.query for clause in self.clauses)})"
        return f"({block} NOT ({' OR '.join(self.excluded)}))" if self.excluded else block


@dataclass(frozen=True)
class Topics:
    """Everything topics.toml says."""

    version: str
    sha256: str
    topics: tuple[Topic, ...]
    searches: tuple[Search, ...]

    def pubmed_query(self, name: str) -> str:
        """The query of a search, verbatim as sent to PubMed.

        Raises:
            KeyError: no search of that name.
        """
        queries = {topic.name: topic.query for topic in self.topics}
        for search in self.searches:
            if search.name == name:
                return " AND ".join(queries[topic] for topic in search.topics)
        raise KeyError(name)

    def clauses(self) -> list[Clause]:
        """All clauses in order; a clause's place is its rule's number when matching."""
        return [clause for topic in self.topics for clause in topic.clauses]

    def rule_set(self) -> RuleSet:
        """The local predicate; words are placed in results or conclusions when they stand there."""
        rules = tuple(clause.rule for clause in self.clauses())
        return RuleSet("topic", self.version, rules, forms=("outcome", "whole"))

    @cached_property
    def matcher(self) -> Matcher:
        """The local predicate, compiled."""
        return Matcher(self.rule_set())


class TopicsOf(NamedTuple):
    """The topics one record is on, in the order of their names, and what that rests on."""

    hits: tuple[TopicHit, ...]
    proofs: tuple[Proof, ...]


def topics_of(topics: Topics, units: Sequence[Unit], tags: Sequence[Tag]) -> TopicsOf:
    """The topics of a record, by the local predicate.

    Args:
        topics: what to match.
        units: its texts.
        tags: what it carries beside them.
    """
    outcome = topics.matcher.run(units, tags)
    if not outcome.found:
        return TopicsOf((), ())
    clauses = topics.clauses()
    levels = _levels(clauses, outcome.found)
    for topic in topics.topics:
        if topic.name in levels and topic.set_aside is not None:
            meant = [_meant(unit, topic.set_aside) for unit in units]
            if meant != list(units):
                left = _levels(clauses, topics.matcher.run(meant, tags).found)
                levels[topic.name] = left.get(topic.name, _MENTION)
    proofs = [
        Proof(
            "topic", clauses[found.rule_no].rule.code, clauses[found.rule_no].rule.rule_id,
            found.source, found.field, found.section_no, found.text, found.start, found.end,
        )
        for found in outcome.found
    ]  # fmt: skip
    hits = tuple(TopicHit(topic, LEVELS[level]) for topic, level in sorted(levels.items()))
    return TopicsOf(hits, tuple(dict.fromkeys(proofs)))


def _meant(unit: Unit, set_aside: Any) -> Unit:
    """A unit without the phrases that mean something else; the same one where it has none."""
    return without(unit, set_aside) if set_aside.search(unit.forms["whole"].raw) else unit


def _levels(clauses: Sequence[Clause], places: Iterable[Found]) -> dict[str, int]:
    """How firmly what was found puts a record on each topic, by the strongest place."""
    levels: dict[str, int] = {}
    for found in places:
        clause = clauses[found.rule_no]
        level = _level(clause, found)
        levels[clause.rule.code] = min(levels.get(clause.rule.code, level), level)
    return levels


def found_by(
    searches: Sequence[Search], topics: Topics, language: Language, records: Iterable[Record]
) -> Iterator[int]:
    """The PMIDs of the records that any of some searches would find by the local predicate."""
    for record in records:
        hits = topics_of(topics, record.units(language), record.tags()).hits
        if hits and any(search.finds(hits) for search in searches):
            yield record.pmid


def _plain_words(text: str) -> str:
    r"""The words of a name or of a pattern such as `\bbiak biak\b`, with one space between."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"\\[bw]\*?", " ", text).lower()))


def _level(clause: Clause, found: Found) -> int:
    """How firmly something found puts a record on a topic."""
    if found.field in ("title", "vernacular_title"):
        return _FOCUS
    if found.source == "nlm_mesh_major" and not clause.is_substance:
        return _FOCUS
    return _OUTCOME if found.form == "outcome" else _MENTION


def load_topics(path: Path) -> Topics:
    """Read topics.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    topics = tuple(
        _topic(file, file.read(_TopicTable, table, f'name = "{table.get("name")}"'))
        for table in file.tables("topic")
    )
    names = [topic.name for topic in topics]
    searches = tuple(
        _search(file, file.read(_SearchTable, table, f'name = "{table.get("name")}"'), names)
        for table in file.tables("search")
    )
    if not searches:
        raise file.error("search", "at least one [[search]] is needed")
    if sum(search.is_focus for search in searches) != 1:
        raise file.error("is_focus", "one [[search]] must be the focus, and no more")
    return Topics(file.version(), file.sha256, topics, searches)


def _search(file: RuleFile, table: _SearchTable, topics: list[str]) -> Search:
    near = f'name = "{table.name}"'
    if table.mode not in _MODES:
        raise file.error(near, f"mode must be one of {', '.join(_MODES)}")
    for name in table.topics:
        if name not in topics:
            raise file.error(near, f"unknown topic `{name}`")
    if table.maximum is not None and table.maximum < table.minimum:
        raise file.error(near, "maximum is below minimum")
    return Search(**{**table.model_dump(), "topics": tuple(table.topics)})


def _topic(file: RuleFile, table: _TopicTable) -> Topic:
    near = f'name = "{table.name}"'
    excluded = [_word(file, entry) for entry in table.exclude]
    unless = tuple(signal for _, signals in excluded for signal in signals)
    clauses = tuple(_clauses(file, table, unless))
    if not clauses:
        raise file.error(near, "a topic needs headings, substances or words")
    queries = [clause.query for clause in clauses]
    if twice := sorted({query for query in queries if queries.count(query) > 1}):
        raise file.error(near, f"{twice[0]} is there twice")
    aside = "|".join(f"(?:{checked(file, one, one)})" for one in table.set_aside)
    return Topic(
        table.name,
        table.label,
        clauses,
        tuple(query for query, _ in excluded),
        re2.compile(aside, OPTIONS) if aside else None,
        table.subject,
        table.is_counted,
    )


def _clauses(file: RuleFile, table: _TopicTable, unless: tuple[Signal, ...]) -> Iterator[Clause]:
    """The clauses of a topic in the order of the file."""

    def clause(
        query: str,
        signals: tuple[Signal, ...],
        requires: tuple[tuple[Signal, ...], ...] = (),
        is_substance: bool = False,
    ) -> Clause:
        rule = Rule(query, table.name, "high", signals, requires, unless)
        return Clause(query, rule, is_substance)

    for entry in table.mesh:
        heading = _term(file, entry, _HeadingTable)
        yield clause(
            f'"{heading.name}"[mesh:noexp]',
            (Signal("mesh", heading.name, ui=heading.ui),),
            is_substance=heading.is_substance,
        )
    for entry in table.substances:
        term = _term(file, entry, _TermTable)
        yield clause(f'"{term.name}"[nm]', (Signal("substance", term.name, ui=term.ui),))
    for entry in table.words:
        yield clause(*_word(file, entry))
    for entry in table.conditional:
        given = file.read(_ConditionalTable, entry, f'"{entry.get("word")}"')
        query, signals = _word(file, {"word": given.word, "tag": given.tag})
        company = [_word(file, other) for other in entry["with"]]
        together = f"({query} AND ({' OR '.join(other for other, _ in company)}))"
        yield clause(together, signals, (tuple(s for _, found in company for s in found),))


def _term(file: RuleFile, entry: dict[str, Any], model: type[_Term]) -> _Term:
    near = f'"{entry.get("name")}"'
    term = file.read(model, entry, near)
    if not re.fullmatch(r"[DC]\d{6,9}", term.ui):
        raise file.error(near, f"`{term.ui}` is no MeSH identifier")
    return term


def _word(file: RuleFile, entry: dict[str, Any]) -> tuple[str, tuple[Signal, ...]]:
    """A word or phrase as PubMed query and as local signals."""
    near = f'"{entry.get("word")}"'
    table = file.read(_WordTable, entry, near)
    word, tag = table.word, table.tag
    if tag not in _TAGS:
        raise file.error(near, f"tag must be one of {', '.join(_TAGS)}")
    if not _WORD.fullmatch(word) or fold(word) != word:
        raise file.error(near, "words are lower case letters, digits, spaces and a final *")
    is_phrase = not word.rstrip("*").isalnum()
    if is_phrase and (word.endswith("*") or "-" in word):
        raise file.error(near, "a phrase takes no * and no hyphen: PubMed would drop the quotes")
    stem = re.escape(word.rstrip("*")).replace(r"\ ", " ")
    pattern = rf"\b{stem}" + (r"\w*" if word.endswith("*") else r"\b")
    signals = [Signal("text", pattern, zones=ZONES)]
    if tag == "tw":
        signals.append(Signal("name", pattern))
    return (f'"{word}"[{tag}]' if is_phrase else f"{word}[{tag}]"), tuple(signals)
