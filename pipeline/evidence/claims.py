"""The claim map as claims.toml has it: questions, the readings that must not match, rules.

What it holds is in `claim_types`; `claim_matching` finds the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.evidence.claim_phrases import expand
from pipeline.evidence.claim_types import (
    COMPANY,
    HOW,
    KINDS,
    QUOTED_WORDS,
    REASON_FOR_USE,
    UNMATCHED_KINDS,
    Claim,
    Claims,
    LeanedOn,
    Reading,
)
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import Rule, RuleSet, load_rules

_CLAIM_KEYS = {
    "id", "parent", "question", "kind", "says", "source", "topic", "answered_by", "not",
}  # fmt: skip
_LEANED_ON_KEYS = {"claims", "says", "pmid", "doi", "certainty", "tested", "differs"}


def load_claims(
    path: Path, study_types: Sequence[str], topics: Sequence[str], *, stand_in: Sequence[str] = ()
) -> Claims:
    """Read claims.toml.

    Args:
        path: the reference file.
        study_types: codes of study_types.toml.
        topics: names of topics.toml.
        stand_in: for measuring only: patterns of names that stand in for the substance's.

    Raises:
        ConfigurationError: naming the line at fault; among others a claim that is no question,
            or that lacks `not`.
    """
    file = RuleFile(path)
    version = file.version()
    expand(file, stand_in)
    designs = _lists(file, "designs", study_types)
    claims = tuple(_claim(file, table, designs, topics) for table in file.tables("claim"))
    codes = [claim.code for claim in claims]
    for claim in claims:
        near = f'id = "{claim.code}"'
        if codes.count(claim.code) > 1:
            raise file.error(near, f"claim {claim.code} is there twice")
        if claim.parent is not None and claim.parent not in codes:
            raise file.error(near, f"unknown parent `{claim.parent}`")
    rules = load_rules(file, "rule", codes)
    _check_rules(file, claims, rules)
    how = {code: name for name, types in _lists(file, "how", study_types).items() for code in types}
    for name in file.data.get("how", {}):
        if name not in HOW:
            raise file.error("[how]", f"unknown `{name}` (known: {', '.join(HOW)})")
    company = load_rules(file, "company", [COMPANY])
    return Claims(
        version=version,
        sha256=file.sha256,
        claims=claims,
        how=how,
        domains=_domains(file, study_types),
        rules=RuleSet("claim", version, rules, columns=("sentence",), by_unit=True),
        company=company[0].signals if company else (),
        leaned_on=tuple(_leaned_on(file, table, codes) for table in file.tables("leaned_on")),
        stand_in=tuple(stand_in),
    )


def _claim(
    file: RuleFile,
    table: Mapping[str, Any],
    designs: Mapping[str, tuple[str, ...]],
    topics: Sequence[str],
) -> Claim:
    near = f'id = "{table.get("id")}"'
    file.require(table, near, id=str, question=str, kind=str, topic=str, answered_by=list)
    file.allow(table, near, _CLAIM_KEYS)
    if not table["question"].endswith("?"):
        raise file.error(near, f"claim {table['id']} is no question: it ends without a `?`")
    if table["kind"] not in KINDS:
        raise file.error(near, f"kind must be one of {', '.join(KINDS)}")
    if table["topic"] not in topics:
        raise file.error(near, f"unknown topic `{table['topic']}`")
    if len(table.get("says", "").split()) > QUOTED_WORDS:
        raise file.error(near, f"`says` quotes more than {QUOTED_WORDS} words")
    for name in table["answered_by"]:
        if name not in designs:
            raise file.error(near, f"unknown design `{name}` (known: {', '.join(designs)})")
    if not table.get("not"):
        raise file.error(near, f"claim {table['id']} lacks `not`: the readings it must not match")
    return Claim(
        code=table["id"],
        parent=table.get("parent"),
        question=table["question"],
        kind=table["kind"],
        says=table.get("says"),
        source=table.get("source"),
        topic=table["topic"],
        answered_by=tuple(dict.fromkeys(c for n in table["answered_by"] for c in designs[n])),
        readings=tuple(_reading(file, one, near) for one in table["not"]),
    )


def _reading(file: RuleFile, table: Mapping[str, Any], near: str) -> Reading:
    file.require(table, near, reading=str, no_match=str)
    file.allow(table, near, {"reading", "match", "no_match"})
    return Reading(table["reading"], table["no_match"], table.get("match"))


def _check_rules(file: RuleFile, claims: tuple[Claim, ...], rules: tuple[Rule, ...]) -> None:
    """Claims that can be matched have rules and pairs to test them; no others do."""
    ruled = {rule.code for rule in rules}
    parents = {claim.parent for claim in claims}
    for claim in claims:
        near = f'id = "{claim.code}"'
        is_matched = claim.kind not in UNMATCHED_KINDS and claim.code not in parents
        if is_matched != (claim.code in ruled):
            raise file.error(
                near, "needs a [[rule]]" if is_matched else "is never matched: no rule"
            )
        if is_matched and not all(reading.match for reading in claim.readings):
            raise file.error(near, "each `not` needs a `match` beside its `no_match`")
        if is_matched and not claim.answered_by:
            raise file.error(near, "`answered_by` names no design")
    for rule in rules:
        if rule.aspect not in (None, REASON_FOR_USE):
            raise file.error(f'id = "{rule.rule_id}"', f"aspect must be {REASON_FOR_USE}")


def _lists(file: RuleFile, key: str, study_types: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A table of lists of study types."""
    found: dict[str, tuple[str, ...]] = {}
    for name, codes in file.data.get(key, {}).items():
        for code in codes:
            if code not in study_types:
                raise file.error(f"{name} = [", f"unknown study type `{code}`")
        found[name] = tuple(codes)
    return found


def _domains(file: RuleFile, study_types: Sequence[str]) -> dict[str, tuple[str, ...]]:
    domains: dict[str, tuple[str, ...]] = {}
    for table in file.tables("domain"):
        near = f'name = "{table.get("name")}"'
        file.require(table, near, name=str, study_types=list)
        domains[table["name"]] = tuple(table["study_types"])
    placed = [code for codes in domains.values() for code in codes]
    for code in (*study_types, *placed):
        if code not in study_types or placed.count(code) != 1:
            raise file.error("[[domain]]", f"`{code}` must be a study type in exactly one domain")
    return domains


def _leaned_on(file: RuleFile, table: Mapping[str, Any], codes: Sequence[str]) -> LeanedOn:
    near = f'says = "{table.get("says")}"'
    file.require(table, near, claims=list, says=str, certainty=str, tested=str, differs=str)
    file.allow(table, near, _LEANED_ON_KEYS)
    for code in table["claims"]:
        if code not in codes:
            raise file.error(near, f"unknown claim `{code}`")
    return LeanedOn(
        tuple(table["claims"]), table["says"], table.get("pmid"), table.get("doi"),
        table["certainty"], table["tested"], table["differs"],
    )  # fmt: skip
