"""The reference files people edit: read once a run, checked, and held with what they compile to."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.evidence.claims import load_claims
from pipeline.evidence.curation import KnownArticle, Reading, load_known_articles, load_readings
from pipeline.evidence.evaluation.figures import UNSEEN, Result, read_results
from pipeline.evidence.evaluation.people_read import FacetMeasured, QuestionMeasured, read_measured
from pipeline.evidence.facets import Facets, load_facets
from pipeline.evidence.findings import Findings, load_findings
from pipeline.evidence.overrides import Overrides, load_overrides
from pipeline.evidence.questions import Claims
from pipeline.evidence.reader import Reader, load_reader
from pipeline.evidence.reference_files import (
    DECIDING_FILES,
    FACETS_MEASURED,
    KNOWN_ARTICLES,
    MEASURED_FILE,
    MODEL_FILE,
    QUESTIONS_MEASURED,
    READINGS_FILE,
)
from pipeline.evidence.registrations import Registries, load_registries
from pipeline.evidence.study_types import StudyTypes, load_study_types
from pipeline.evidence.topics import Topics, load_topics
from pipeline.rules.file import RuleFile
from pipeline.rules.patterns import taken_as_good
from pipeline.rules.text import Language, load_language
from pipeline.storage import lines

_CODE = Path(__file__).parent


@dataclass(frozen=True)
class Reference:
    """Everything the reference files say, and the rules compiled.

    Attributes:
        directory: where they lie.
        readings: what people read out of records.
        known_articles: articles that a good search must find.
        measured: how good the study types were found to be, on records no rule was made on.
        questions_measured: how often records are rightly said to address a question.
        facets_measured: how often they are rightly given a value of a facet, and found.
        reader: the second reader, where there is one.
    """

    directory: Path
    language: Language
    topics: Topics
    study_types: StudyTypes
    facets: Facets
    registries: Registries
    claims: Claims
    findings: Findings
    overrides: Overrides
    readings: tuple[Reading, ...]
    known_articles: tuple[KnownArticle, ...]
    measured: tuple[Result, ...]
    questions_measured: tuple[QuestionMeasured, ...]
    facets_measured: tuple[FacetMeasured, ...]
    reader: Reader | None

    @classmethod
    def load(
        cls, directory: Path, *, is_strict: bool = True, is_known_good: bool = False
    ) -> Reference:
        """Read every reference file.

        Args:
            directory: where they lie; measured.json, questions_measured.jsonl,
                facets_measured.jsonl and reader.npz may be missing.
            is_strict: refuse names that nothing reads, things named twice and known articles
                without a number too; the files of a committed run are taken as they were.
            is_known_good: this program has loaded these very files before; what takes long to
                check is not checked again.

        Raises:
            ConfigurationError: one is missing or wrong; the message names file and line.
        """
        if is_known_good:
            with taken_as_good():
                return cls._load(directory, is_strict=is_strict)
        for name, shape in SHAPES.items() if is_strict else ():
            if (directory / name).is_file():  # one that is missing, its loader misses
                check_shape(RuleFile(directory / name), shape)
        return cls._load(directory, is_strict=is_strict)

    @classmethod
    def _load(cls, directory: Path, *, is_strict: bool) -> Reference:
        try:
            topics = load_topics(directory / "topics.toml")
            results = read_results(directory / MEASURED_FILE)
            study_types = load_study_types(directory / "study_types.toml", results)
            codes = study_types.codes()
            facets = load_facets(
                directory / "facets.toml", study_types, [topic.name for topic in topics.topics]
            )
            claims = load_claims(directory / "claims.toml", codes, topics)
            matched = [claim.code for claim in claims.matched()]
            return cls(
                directory=directory,
                language=load_language(directory / "language.toml"),
                topics=topics,
                study_types=study_types,
                facets=facets,
                registries=load_registries(directory / "registries.toml"),
                claims=claims,
                findings=load_findings(directory / "findings.toml", matched if is_strict else None),
                overrides=load_overrides(directory / "overrides.toml", codes, facets, matched),
                readings=load_readings(directory / READINGS_FILE, matched),
                known_articles=load_known_articles(directory / KNOWN_ARTICLES, is_strict=is_strict),
                measured=tuple(
                    result
                    for result in results
                    if result["part"] == UNSEEN and result["by"] == "rules"
                ),
                questions_measured=read_measured(directory / QUESTIONS_MEASURED, QuestionMeasured),
                facets_measured=read_measured(directory / FACETS_MEASURED, FacetMeasured),
                reader=load_reader(directory / MODEL_FILE),
            )
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"The reference file {error.filename} is missing.",
                effect="Nothing changed.",
                next_step="restore it (`git checkout data/reference`).",
            ) from None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over everything that decides a judgement, the record and its decisions apart.

        Files, the modules of rules and evidence, and the versions of what they stand on.
        """
        digest = hashlib.sha256()
        for part in self._deciding():
            digest.update(hashlib.sha256(part).digest())
        return digest.hexdigest()

    def _deciding(self) -> Iterator[bytes]:
        for name in DECIDING_FILES:
            yield (self.directory / name).read_bytes()
        yield repr(sorted(self.study_types.measured.items())).encode()
        for package in (_CODE.parent / "rules", _CODE):
            for module in sorted(package.glob("*.py")):
                yield module.name.encode()
                yield module.read_bytes()
        yield platform.python_version().encode()
        yield version("google-re2").encode()
        if self.reader:
            yield self.reader.sha256.encode()
            yield version("scikit-learn").encode()


# -- What stands where in the reference files: names and keys that no loader looks at
#
# Nobody reads a table whose name is misspelt (`[[overide]]`), so a decision would be lost silently.
# Only the files of a new run are checked: those of a committed run are taken as they were.


@dataclass(frozen=True)
class Shape:
    """The names a file may have at its top.

    Attributes:
        values: plain values, and tables with names of their own (`[signals.NAME]`).
        tables: arrays of tables, with the key that no two of them share; None if they may.
        keys: for arrays whose loader does not look at it: all keys a table may have.
    """

    values: frozenset[str]
    tables: Mapping[str, str | None]
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)


SHAPES: Mapping[str, Shape] = {
    "topics.toml": Shape(frozenset({"version"}), {"topic": "name", "search": "name"}),
    "study_types.toml": Shape(
        frozenset({"version", "signals"}),
        {
            "group": "name", "study_type": "code", "rule": "id", "precedence": "step",
            "compatible": "primary", "together": None, "aspect": "name", "aspect_rule": "id",
            "flag_rule": "id",
        },
        {"compatible": frozenset({"primary", "with"}), "together": frozenset({"study_types"})},
    ),
    "facets.toml": Shape(
        frozenset({"version", "signals", "words", "no_facets_of"}),
        {"facet": "name", "row": "name", "rule": "id", "country": "name", "dosed": None},
    ),
    "findings.toml": Shape(
        frozenset(
            {
                "version", "sense", "words", "set_aside", "clauses", "unclear", "no_finding",
                "ruled_out", "not_found", "in_part",
            }
        ),
        {},
    ),
    "registries.toml": Shape(frozenset({"version", "most_per_study"}), {"registry": "pattern"}),
    "overrides.toml": Shape(frozenset({"version"}), {"override": None}),
    "claims.toml": Shape(
        frozenset({"version", "signals", "words", "phrases", "designs", "how", "measured_by"}),
        {
            "card": "name", "group": "name", "claim": "id", "company": "id", "leaned_on": None,
            "rule": "id", "instrument": "id", "setting": "id",
        },
    ),
}  # fmt: skip


def check_shape(file: RuleFile, shape: Shape) -> None:
    """See that a file has no name nobody reads, and no two tables of one name.

    Raises:
        ConfigurationError: naming the line.
    """
    known = shape.values | set(shape.tables)
    for name in file.data:
        if name not in known:
            (line, *_) = (*_lines(file, rf"""\s*\[*\s*["']?{re.escape(name)}\b"""), 1)
            listed = ", ".join(sorted(known))
            raise file.error(line, f"nothing reads `{name}` (known: {listed})")
    for name, key in shape.tables.items():
        seen: dict[Any, int] = {}
        # of tables that are written inline the lines are not known: the first one of the file
        places = chain(_lines(file, rf"\s*\[\[\s*{name}\s*\]\]"), repeat(1))
        for table, line in zip(file.tables(name), places, strict=False):
            unknown = sorted(set(table) - shape.keys.get(name, frozenset(table)))
            if unknown:
                raise file.error(line, f"unknown key `{unknown[0]}`")
            if key is None or key not in table:
                continue
            same = str(table[key])
            if same in seen:
                raise file.error(
                    line, f"[[{name}]] {same} is there twice, first in line {seen[same]}"
                )
            seen[same] = line


def _lines(file: RuleFile, pattern: str) -> list[int]:
    """The numbers of the lines that begin with a match."""
    begins = re.compile(pattern)
    return [number for number, line in enumerate(lines(file.text), 1) if begins.match(line)]
