"""What stands where in the reference files: names and keys that no loader looks at.

A table whose name is misspelt (`[[overide]]`) is read by nobody, and so a decision would be lost
without a word. This is asked of the files of a live run alone: those of a committed run are
taken as they were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.rules.file import RuleFile
from pipeline.storage import lines


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
            raise _refusal(file, line, f"nothing reads `{name}` (known: {listed})")
    for name, key in shape.tables.items():
        seen: dict[Any, int] = {}
        # of tables that are written inline the lines are not known: the first one of the file
        places = chain(_lines(file, rf"\s*\[\[\s*{name}\s*\]\]"), repeat(1))
        for table, line in zip(file.tables(name), places, strict=False):
            unknown = sorted(set(table) - shape.keys.get(name, frozenset(table)))
            if unknown:
                raise _refusal(file, line, f"unknown key `{unknown[0]}`")
            if key is None or key not in table:
                continue
            same = str(table[key])
            if same in seen:
                raise _refusal(
                    file, line, f"[[{name}]] {same} is there twice, first in line {seen[same]}"
                )
            seen[same] = line


def _lines(file: RuleFile, pattern: str) -> list[int]:
    """The numbers of the lines that begin with a match."""
    begins = re.compile(pattern)
    return [number for number, line in enumerate(lines(file.text), 1) if begins.match(line)]


def _refusal(file: RuleFile, line: int, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{file.path}, line {line}: {what}.",
        effect="Nothing was judged.",
        next_step=f"correct {file.path.name} and run again.",
    )
