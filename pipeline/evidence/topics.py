"""Topics and searches of topics.toml: one definition, PubMed's query and the local predicate.

A topic is a concept block (kratom, pain): MeSH headings asked for one by one
(`[mesh:noexp]`), supplementary concepts (`[nm]`), and words with a field tag. Each entry is
one clause of the PubMed query and one local rule, whose id is that clause, so that every
proof names the words of the search it answers. Tags as PubMed documents them: `tiab` is
title, abstract and keywords; `tw` adds headings, substances and publication types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import re2
from pydantic import Field

from pipeline.evidence.record import Proof, Record, TopicHit
from pipeline.rules.decide import Asked, Found, Matcher, Outcome
from pipeline.rules.file import Names, RuleFile, Table
from pipeline.rules.finding import Tag
from pipeline.rules.model import Rule, RuleSet, Signal
from pipeline.rules.patterns import OPTIONS, checked, fold
from pipeline.rules.text import ZONES, Language, Unit, without

LEVELS = ("focus", "outcome", "mention")
"""How firmly a record deals with something, by the strongest place that names it."""
FOCUS, OUTCOME, MENTION = range(3)


class Search(Table):
    """One `[[search]]` of topics.toml: all of `topics` must match.

    Attributes:
        name: code, e.g. kratom_pain.
        label: name shown to readers.
        mode: live (PubMed's answer is the membership) or files (local matching only).
        topics: names of the topics; none finds every record.
        minimum: fewer live hits than this stop the run.
        maximum: more live hits than this are reported; None for no bound.
        is_headline: its tables and top sentence stand at the top.
        is_focus: the known articles and the questions are about its records.
    """

    name: str
    label: str
    mode: str
    topics: Names
    minimum: int
    maximum: int | None = None
    is_headline: bool = False
    is_focus: bool = False

    def finds(self, hits: Iterable[TopicHit]) -> bool:
        """Whether a record on these topics is one of its records."""
        return {hit.topic for hit in hits}.issuperset(self.topics)


EVERYTHING = Search(
    name="everything", label="Everything in these files", mode="files", topics=(), minimum=0
)
"""What an archive that keeps whole files has beside the searches of topics.toml."""
_ALL_QUERY = "all[sb]"


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

    def with_everything(self) -> Topics:
        """The same with a search that finds every record."""
        return replace(self, searches=(*self.searches, EVERYTHING))

    def pubmed_query(self, name: str) -> str:
        """The query of a search, verbatim as sent to PubMed.

        Raises:
            KeyError: no search of that name.
        """
        queries = {topic.name: topic.query for topic in self.topics}
        for search in self.searches:
            if search.name == name:
                return " AND ".join(queries[topic] for topic in search.topics) or _ALL_QUERY
        raise KeyError(name)

    def clauses(self) -> list[Clause]:
        """All clauses in order; a clause's place is its rule's number when matching."""
        return [clause for topic in self.topics for clause in topic.clauses]

    @cached_property
    def matcher(self) -> Matcher:
        """The local predicate; words are placed in results or conclusions when they stand there."""
        rules = tuple(clause.rule for clause in self.clauses())
        return Matcher(RuleSet("topic", self.version, rules, forms=("outcome", "whole")))


class TopicsOf(NamedTuple):
    """The topics one record is on, in the order of their names, and what that rests on."""

    hits: tuple[TopicHit, ...]
    proofs: tuple[Proof, ...]


def topics_of(topics: Topics, units: Sequence[Unit], tags: Sequence[Tag]) -> TopicsOf:
    """The topics of a record, by the local predicate."""
    return topics_of_all(topics, [Asked(units, tags)])[0]


def topics_of_all(topics: Topics, records: Sequence[Asked]) -> list[TopicsOf]:
    """As `topics_of`, for many records."""
    outcomes = topics.matcher.run_all(records)
    return [_topics(topics, *pair) for pair in zip(records, outcomes, strict=True)]


def _topics(topics: Topics, record: Asked, outcome: Outcome) -> TopicsOf:
    """The topics of a record for which the rules were run."""
    units, tags, _ = record
    if not outcome.found:
        return TopicsOf((), ())
    clauses = topics.clauses()
    levels = _levels(clauses, outcome.found)
    for topic in topics.topics:
        if topic.name in levels and topic.set_aside is not None:
            meant = [_meant(unit, topic.set_aside) for unit in units]
            if meant != list(units):
                left = _levels(clauses, topics.matcher.run(meant, tags).found)
                levels[topic.name] = left.get(topic.name, MENTION)
    rules = [clause.rule for clause in clauses]
    proofs = [
        Proof.of("topic", rules[found.rule_no].code, rules[found.rule_no], found)
        for found in outcome.found
    ]
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
        is_class = clause.is_substance and found.source == "nlm_mesh_major"
        level = MENTION if is_class else level_of(found)
        levels[clause.rule.code] = min(levels.get(clause.rule.code, level), level)
    return levels


def hits_of(
    topics: Topics, language: Language, records: Sequence[Record]
) -> dict[int, tuple[TopicHit, ...]]:
    """The topics of each record that is on any, by its number, as the local predicate has them."""
    asked = [Asked(one.units(language), one.tags()) for one in records]
    found = zip(records, topics_of_all(topics, asked), strict=True)
    return {record.pmid: on.hits for record, on in found if on.hits}


def found_by(
    searches: Sequence[Search], topics: Topics, language: Language, records: Sequence[Record]
) -> list[int]:
    """The numbers of the records that any of some searches finds, by the local predicate."""
    on = hits_of(topics, language, records)
    return [number for number, hits in on.items() if any(one.finds(hits) for one in searches)]


def _plain_words(text: str) -> str:
    r"""The words of a name or of a pattern such as `\bbiak biak\b`, with one space between."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"\\[bw]\*?", " ", text).lower()))


def level_of(found: Found) -> int:
    """The level of a place, as an index of LEVELS."""
    if found.field in ("title", "vernacular_title") or found.source == "nlm_mesh_major":
        return FOCUS
    return OUTCOME if found.form == "outcome" else MENTION


# -- topics.toml, read and checked: each entry as a clause of the query and a rule

_WORD = re.compile(r"[\w' -]+\*?")
_TAGS = ("tw", "tiab")
_MODES = ("live", "files")


class _TermTable(Table):
    """A substance of a topic; `seen` marks identifiers found in real records."""

    name: str
    ui: str
    seen: bool = False


class _HeadingTable(_TermTable):
    """A heading of a topic."""

    is_substance: bool = False


class _WordTable(Table):
    """A word or phrase of a topic."""

    named_by = "word"

    word: str
    tag: str


class _ConditionalTable(_WordTable):
    """A word that counts only beside others."""

    company: Annotated[tuple[_WordTable, ...], Field(strict=False, alias="with")]


class _TopicTable(Table):
    """One `[[topic]]` of topics.toml."""

    name: str
    label: str
    subject: str | None = None
    is_counted: bool = False
    mesh: Annotated[tuple[_HeadingTable, ...], Field(strict=False)] = ()
    substances: Annotated[tuple[_TermTable, ...], Field(strict=False)] = ()
    words: Annotated[tuple[_WordTable, ...], Field(strict=False)] = ()
    conditional: Annotated[tuple[_ConditionalTable, ...], Field(strict=False)] = ()
    exclude: Annotated[tuple[_WordTable, ...], Field(strict=False)] = ()
    set_aside: Names = ()


def load_topics(path: Path) -> Topics:
    """Read topics.toml.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    topics = tuple(_topic(file, table) for table in file.read_all("topic", _TopicTable))
    names = [topic.name for topic in topics]
    searches = tuple(_checked(file, search, names) for search in file.read_all("search", Search))
    if not searches:
        raise file.error("search", "at least one [[search]] is needed")
    if sum(search.is_focus for search in searches) != 1:
        raise file.error("is_focus", "one [[search]] must be the focus, and no more")
    return Topics(file.version(), file.sha256, topics, searches)


def _checked(file: RuleFile, search: Search, topics: list[str]) -> Search:
    if search.mode not in _MODES:
        raise file.error(search.line, f"mode must be one of {', '.join(_MODES)}")
    file.require(search.line, "topic", search.topics, topics)
    if search.maximum is not None and search.maximum < search.minimum:
        raise file.error(search.line, "maximum is below minimum")
    return search


def _topic(file: RuleFile, table: _TopicTable) -> Topic:
    excluded = [_word(file, entry) for entry in table.exclude]
    unless = tuple(signal for _, signals in excluded for signal in signals)
    clauses = tuple(_clauses(file, table, unless))
    if not clauses:
        raise file.error(table.line, "a topic needs headings, substances or words")
    queries = [clause.query for clause in clauses]
    if twice := sorted({query for query in queries if queries.count(query) > 1}):
        raise file.error(table.line, f"{twice[0]} is there twice")
    aside = "|".join(f"(?:{checked(file, one, one)})" for one in table.set_aside)
    set_aside = re2.compile(aside, OPTIONS) if aside else None
    against, about = tuple(query for query, _ in excluded), (table.subject, table.is_counted)
    return Topic(table.name, table.label, clauses, against, set_aside, *about)


def _clauses(file: RuleFile, table: _TopicTable, unless: tuple[Signal, ...]) -> Iterator[Clause]:
    """The clauses of a topic in the order of the file."""

    def clause(
        query: str,
        signals: tuple[Signal, ...],
        requires: tuple[tuple[Signal, ...], ...] = (),
        is_substance: bool = False,
    ) -> Clause:
        rule = Rule(query, table.name, "high", signals, requires, ((unless, ()),))
        return Clause(query, rule, is_substance)

    for heading in table.mesh:
        signal = Signal("mesh", _with_ui(file, heading).name, ui=heading.ui)
        query = f'"{heading.name}"[mesh:noexp]'
        yield clause(query, (signal,), is_substance=heading.is_substance)
    for term in table.substances:
        signal = Signal("substance", _with_ui(file, term).name, ui=term.ui)
        yield clause(f'"{term.name}"[nm]', (signal,))
    for word in table.words:
        yield clause(*_word(file, word))
    for word in table.conditional:
        query, signals = _word(file, word)
        company = [_word(file, other) for other in word.company]
        together = f"({query} AND ({' OR '.join(other for other, _ in company)}))"
        yield clause(together, signals, (tuple(s for _, found in company for s in found),))


def _with_ui(file: RuleFile, term: _TermTable) -> _TermTable:
    if not re.fullmatch(r"[DC]\d{6,9}", term.ui):
        raise file.error(term.line, f"`{term.ui}` is not a MeSH identifier")
    return term


def _word(file: RuleFile, table: _WordTable) -> tuple[str, tuple[Signal, ...]]:
    """A word or phrase as PubMed query and as local signals."""
    near, word, tag = table.line, table.word, table.tag
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
