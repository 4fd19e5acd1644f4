"""Cases beside the rules: made-up records, what must come out of each, and what must not.

A file of cases stands in `data/reference/cases/` for each rule file. A `[[case]]` is a record and

- `primary`: the one study type it counts under;
- `gives`: codes it must get: a study type, `aspect.value`, a flag, a topic, `facet.value`, a
  claim, the number of a registration or `no_registration`. Of a facet that is named here the
  record must have no other value;
- `never`: codes it must not get;
- `addresses`: the claims it must get, and no others but those of `may_address`;
- `says`: what the case shows, where that is not plain.

The record has `title`, `vernacular_title`, `abstract` (text, or pairs of category and text),
`keywords`, `links`, `affiliations`, `funders`, `conflicts`, `kind`, `source`; `publication_types`,
`substances` and `mesh` (names, `Name|UI` where only the identifier is to count; a heading may be
`*Major` and have a `/qualifier`); `databanks` (pairs of databank and number).

`[[each]]` is a case with a list of `rows`: `{0}`, `{1}` ... in its texts are replaced by the cells.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.evidence.record import Judgement, Record
from tests.evidence.conftest import REFERENCE, SHIPPED, TOLD, record_of

_EXPECTED = ("primary", "gives", "never", "addresses")


@dataclass(frozen=True)
class Case:
    """One made-up record with what must come out."""

    name: str
    record: Record
    primary: str | None
    gives: tuple[str, ...]
    never: tuple[str, ...]
    only_claims: frozenset[str] | None = None


def read_cases(name: str) -> list[Case]:
    """The cases beside a rule file.

    Raises:
        ValueError: a key that no case has, or a case that expects nothing.
    """
    path = REFERENCE / "cases" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := set(data) - {"case", "each"}:
        raise ValueError(f"{path.name}: unknown {sorted(unknown)}")
    written = [*data.get("case", ()), *_each(data.get("each", ()))]
    return [_case(f"{name}-{number}", table) for number, table in enumerate(written, 1)]


def codes_of(judgement: Judgement) -> set[str]:
    """Everything a record got, written as in `gives`."""
    return {
        *(label.study_type for label in judgement.labels),
        *(f"{one.aspect}.{one.value}" for one in judgement.aspects),
        *judgement.flags,
        *(hit.topic for hit in judgement.topics),
        *(f"{one.facet}.{one.value}" for one in judgement.facets),
        *(hit.claim for hit in judgement.claims),
        *([one.number for one in judgement.registrations] or ["no_registration"]),
    }


def problems(case: Case, judgement: Judgement) -> Iterator[str]:
    """What came out of a case otherwise than it must."""
    codes = codes_of(judgement)
    rules = sorted({proof.rule_id for proof in judgement.proofs})
    if case.primary and judgement.primary.study_type != case.primary:
        yield f"primary is {judgement.primary.study_type}, not {case.primary} (rules: {rules})"
    for code in case.gives:
        if code not in codes:
            yield f"lacks {code}, has {sorted(codes)} (rules: {rules})"
    facets = {facet.name for facet in SHIPPED.facets.facets}
    for facet in facets & {code.partition(".")[0] for code in case.gives}:
        for code in sorted(codes - set(case.gives)):
            if code.startswith(f"{facet}."):
                yield f"has {code} too (rules: {rules})"
    claims = {hit.claim for hit in judgement.claims}
    if case.only_claims is not None and claims - case.only_claims:
        yield f"addresses {sorted(claims - case.only_claims)} too (rules: {rules})"
    for code in case.never:
        if code in codes:
            yield f"has {code} (rules: {rules})"


def _each(tables: Any) -> Iterator[dict[str, Any]]:
    """`[[each]]` written out: a case a row."""
    for table in tables:
        text = json.dumps({key: value for key, value in table.items() if key != "rows"})
        for row in table["rows"]:
            filled = text
            for place, cell in enumerate([row] if isinstance(row, str) else row):
                filled = filled.replace(f"{{{place}}}", json.dumps(cell)[1:-1])
            yield json.loads(filled)


def _case(name: str, table: dict[str, Any]) -> Case:
    if unknown := set(table) - {*_EXPECTED, *TOLD, "may_address", "says"}:
        raise ValueError(f"{name}: unknown {sorted(unknown)}")
    if not any(key in table for key in _EXPECTED):
        raise ValueError(f"{name} expects nothing: {table}")
    return Case(
        f"{name} {table.get('title', '')[:40]}",
        record_of(table),
        table.get("primary"),
        (*table.get("gives", ()), *table.get("addresses", ())),
        tuple(table.get("never", ())),
        frozenset((*table["addresses"], *table.get("may_address", ())))
        if "addresses" in table
        else None,
    )
