"""Topics and searches: one definition, compiled to PubMed's query and to the local predicate.

A topic is a concept block (kratom, pain): MeSH headings asked for one by one
(`[mesh:noexp]`), supplementary concepts (`[nm]`), and words with a field tag. Each entry is
one clause of the PubMed query and one local rule, whose id is that clause, so that every
proof names the words of the search it answers. Tags as PubMed documents them: `tiab` is
title, abstract and keywords; `tw` adds headings, substances and publication types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evidence.folding import fold
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import Rule, RuleSet, Signal
from pipeline.evidence.zones import ZONES

_WORD = re.compile(r"[\w' -]+\*?")
_TAGS = ("tw", "tiab")
_MODES = ("live", "files")


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
    """

    name: str
    label: str
    mode: str
    topics: tuple[str, ...]
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class Clause:
    """One entry of a topic: what PubMed is asked, and the local rule."""

    query: str
    rule: Rule
    is_substance: bool = False


@dataclass(frozen=True)
class Topic:
    """A concept block.

    Attributes:
        name: code, e.g. kratom.
        label: name shown to readers.
        clauses: any of them makes a record match.
        excluded: queries joined by OR behind NOT; empty for none.
    """

    name: str
    label: str
    clauses: tuple[Clause, ...]
    excluded: tuple[str, ...]

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
        return RuleSet("topic", self.version, rules, columns=("outcome", "whole"))


def load_topics(path: Path) -> Topics:
    """Read topics.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    topics = tuple(_topic(file, table) for table in file.tables("topic"))
    names = [topic.name for topic in topics]
    searches = tuple(_search(file, table, names) for table in file.tables("search"))
    if not searches:
        raise file.error("search", "at least one [[search]] is needed")
    return Topics(file.version(), file.sha256, topics, searches)


def _search(file: RuleFile, table: Mapping[str, Any], topics: list[str]) -> Search:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, label=str, mode=str, topics=list, minimum=int)
    file.allow(table, near, {"name", "label", "mode", "topics", "minimum", "maximum"})
    if table["mode"] not in _MODES:
        raise file.error(near, f"mode must be one of {', '.join(_MODES)}")
    for name in table["topics"]:
        if name not in topics:
            raise file.error(near, f"unknown topic `{name}`")
    maximum = table.get("maximum")
    if maximum is not None and maximum < table["minimum"]:
        raise file.error(near, "maximum is below minimum")
    return Search(
        table["name"],
        table["label"],
        table["mode"],
        tuple(table["topics"]),
        table["minimum"],
        maximum,
    )


def _topic(file: RuleFile, table: Mapping[str, Any]) -> Topic:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, label=str)
    file.allow(
        table, near, {"name", "label", "mesh", "substances", "words", "conditional", "exclude"}
    )
    excluded = [_word(file, entry) for entry in table.get("exclude", ())]
    unless = tuple(signal for _, signals in excluded for signal in signals)
    clauses = tuple(_clauses(file, table, unless))
    if not clauses:
        raise file.error(near, "a topic needs headings, substances or words")
    queries = [clause.query for clause in clauses]
    if twice := sorted({query for query in queries if queries.count(query) > 1}):
        raise file.error(near, f"{twice[0]} is there twice")
    return Topic(table["name"], table["label"], clauses, tuple(query for query, _ in excluded))


def _clauses(
    file: RuleFile, table: Mapping[str, Any], unless: tuple[Signal, ...]
) -> Iterator[Clause]:
    """The clauses of a topic in the order of the file."""

    def clause(
        query: str,
        signals: tuple[Signal, ...],
        requires: tuple[tuple[Signal, ...], ...] = (),
        is_substance: bool = False,
    ) -> Clause:
        rule = Rule(query, table["name"], "high", signals, requires, unless)
        return Clause(query, rule, is_substance)

    for entry in table.get("mesh", ()):
        name, ui = _term(file, entry, {"ui", "name", "is_substance", "seen"})
        yield clause(
            f'"{name}"[mesh:noexp]',
            (Signal("mesh", name, ui=ui),),
            is_substance=entry.get("is_substance", False),
        )
    for entry in table.get("substances", ()):
        name, ui = _term(file, entry, {"ui", "name", "seen"})
        yield clause(f'"{name}"[nm]', (Signal("substance", name, ui=ui),))
    for entry in table.get("words", ()):
        yield clause(*_word(file, entry))
    for entry in table.get("conditional", ()):
        file.allow(entry, f'"{entry.get("word")}"', {"word", "tag", "with"})
        query, signals = _word(file, {"word": entry.get("word"), "tag": entry.get("tag")})
        company = [_word(file, other) for other in entry["with"]]
        together = f"({query} AND ({' OR '.join(other for other, _ in company)}))"
        yield clause(together, signals, (tuple(s for _, found in company for s in found),))


def _term(file: RuleFile, entry: Mapping[str, Any], keys: set[str]) -> tuple[str, str]:
    near = f'"{entry.get("name")}"'
    file.require(entry, near, name=str, ui=str)
    file.allow(entry, near, keys)
    if not re.fullmatch(r"[DC]\d{6,9}", entry["ui"]):
        raise file.error(near, f"`{entry['ui']}` is no MeSH identifier")
    return entry["name"], entry["ui"]


def _word(file: RuleFile, entry: Mapping[str, Any]) -> tuple[str, tuple[Signal, ...]]:
    """A word or phrase as PubMed query and as local signals."""
    near = f'"{entry.get("word")}"'
    file.require(entry, near, word=str, tag=str)
    file.allow(entry, near, {"word", "tag"})
    word, tag = entry["word"], entry["tag"]
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
