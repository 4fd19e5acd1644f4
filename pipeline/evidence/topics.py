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
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from pipeline.evidence.record import Proof, Record, TopicHit
from pipeline.rules.decide import Asked, Found, Matcher, Outcome
from pipeline.rules.file import Names, Table
from pipeline.rules.finding import Tag
from pipeline.rules.language import Language
from pipeline.rules.model import Rule, RuleSet
from pipeline.rules.text import Unit, without

LEVELS = ("focus", "outcome", "mention")
_FOCUS, _OUTCOME, _MENTION = range(3)


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
