"""Read topics.toml: its tables, checked, and each entry as a clause of the query and a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import re2
from pydantic import Field

from pipeline.evidence.topics import Clause, Search, Topic, Topics
from pipeline.rules.file import RuleFile, Table
from pipeline.rules.model import Rule, Signal
from pipeline.rules.patterns import OPTIONS, checked, fold
from pipeline.rules.text import ZONES

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


def load_topics(path: Path) -> Topics:
    """Read topics.toml.

    Args:
        path: the reference file.

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
    for name in search.topics:
        if name not in topics:
            raise file.error(search.line, f"unknown topic `{name}`")
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
        rule = Rule(query, table.name, "high", signals, requires, ((unless, ()),))
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
