"""Cases beside the rules: made-up records, what the rules must say of each, and what they must not.

A file of cases stands in `data/reference/cases/` for each rule file. A `[[case]]` is a record (title,
abstract, tags: see `_RECORD_KEYS`) with

- `primary`: the one study type it counts under;
- `gives`: codes it must get: a study type, `aspect.value`, a flag, a topic, `facet.value`, a claim,
  a registration. Of a facet that is named here the record must have no other value;
- `never`: codes it must not get.

`[[each]]` is a case with a list of `rows`: `{0}`, `{1}` ... in its texts are replaced by the cells.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.settings import ROOT

CASES = ROOT / "data" / "reference" / "cases"
_RECORD_KEYS = {
    "title", "abstract", "publication_types", "mesh", "substances", "keywords", "links", "kind",
    "source", "vernacular_title", "affiliations", "databanks",
}  # fmt: skip
_KEYS = {"says", "primary", "gives", "never", *_RECORD_KEYS}


@dataclass(frozen=True)
class Case:
    """One made-up record with what must come out."""

    name: str
    record: dict[str, Any]
    primary: str | None
    gives: tuple[str, ...]
    never: tuple[str, ...]


@dataclass
class Judged:
    """What came out of one case.

    Attributes:
        primary: the primary study type.
        codes: everything it got, written as in `gives`.
        rules: rule ids that prove something of it, with what they prove (kind, code).
    """

    primary: str = ""
    codes: set[str] = field(default_factory=set)
    rules: set[tuple[str, str]] = field(default_factory=set)

    def of_facet(self, facet: str) -> set[str]:
        return {code for code in self.codes if code.startswith(f"{facet}.")}


def read_cases(name: str) -> list[Case]:
    """The cases beside a rule file.

    Raises:
        ValueError: a key that no case has.
    """
    data = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))
    if unknown := set(data) - {"case", "each"}:
        raise ValueError(f"{name}.toml: unknown {sorted(unknown)}")
    written = [*data.get("case", ()), *_each(data.get("each", ()))]
    return [_case(f"{name}-{number}", table) for number, table in enumerate(written, 1)]


def _each(tables: Any) -> Iterator[dict[str, Any]]:
    """`[[each]]` written out: a case a row."""
    for table in tables:
        text = json.dumps({key: value for key, value in table.items() if key != "rows"})
        for row in table["rows"]:
            filled = text
            for place, cell in enumerate([row] if isinstance(row, str) else row):
                filled = filled.replace("{%d}" % place, json.dumps(cell)[1:-1])
            yield json.loads(filled)


def _case(name: str, table: dict[str, Any]) -> Case:
    if unknown := set(table) - _KEYS:
        raise ValueError(f"{name}: unknown {sorted(unknown)} in {table}")
    record = {key: value for key, value in table.items() if key in _RECORD_KEYS}
    if not any(key in table for key in ("primary", "gives", "never")):
        raise ValueError(f"{name} expects nothing: {record}")
    return Case(
        f"{name} {record.get('title', '')[:40]}",
        record,
        table.get("primary"),
        tuple(table.get("gives", ())),
        tuple(table.get("never", ())),
    )
