"""The claim map as claims.toml has it: questions, and rules that find which records address them.

Its questions, and the types that hold them, are in `questions`; `claim_finding` says which of them
a record addresses.

A harm's name says little: "hepatitis" may be the disease treated. So rules on harms match
phrases ("X-induced hepatitis", "hepatitis after X", "adverse events were ... hepatitis"), the
same for every harm. `[words]` has lists of names, `[phrases]` lists of patterns with `{words}`
where a rule's own names go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.curation import NOT_HELD, load_readings, stale_reasons
from pipeline.evidence.questions import (
    COMPANY,
    HOW,
    IN_FOCUS,
    PRECLINICAL,
    REASON_FOR_USE,
    UNMATCHED_KINDS,
    Claim,
    Claims,
    Instruments,
    LeanedOn,
    load_questions,
)
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import Topics, load_topics
from pipeline.rules.file import RuleFile
from pipeline.rules.model import Rule, RuleSet, Signal, load_rules
from pipeline.rules.patterns import Words, checked
from pipeline.rules.text import ZONES

SUBSTANCE = "substance"
"""The list of names that a stand-in replaces when the rules are measured."""
ABBREVIATED = "abbreviated"
"""The word for what a record may abbreviate."""
_SPELLED_OUT = ("words", "phrases", "unless_phrases")


def load_claims(
    path: Path, study_types: Sequence[str], topics: Topics, *, stand_in: Sequence[str] = ()
) -> Claims:
    """Read claims.toml.

    Args:
        path: the reference file.
        study_types: codes of study_types.toml.
        topics: the topics the claims are about.
        stand_in: for measuring only: patterns of names that stand in for the substance's.

    Raises:
        ConfigurationError: naming the line at fault; among others a claim that asks nothing,
            or that needs a rule.
    """
    file = RuleFile(path)
    version = file.version()
    words = Words(file, instead={SUBSTANCE: list(stand_in)} if stand_in else None)
    designs = _lists(file, "designs", study_types)
    cards, groups, claims = load_questions(file, designs, topics)
    codes = [claim.code for claim in claims]
    tables, signals = _spelled_out(file, words)
    rules = load_rules(file, "rule", codes, words=words, tables=tables, signals=signals)
    names = [str(table.get("code")) for table in file.tables("setting")]
    settings = load_rules(file, "setting", names, words=words)
    _check_rules(file, claims, rules, names)
    how = {code: name for name, types in _lists(file, "how", study_types).items() for code in types}
    file.require("[how]", "key", file.data.get("how", {}), HOW, lists=True)
    return Claims(
        version=version,
        sha256=file.sha256,
        cards=cards,
        groups=groups,
        claims=claims,
        how=how,
        preclinical=designs.get(PRECLINICAL, ()),
        rules=RuleSet("claim", version, rules, forms=("sentence",), by_unit=True),
        about=_about(topics, {claim.topic for claim in claims}, words, stand_in),
        company=load_rules(file, "company", [COMPANY], words=words),
        instruments=_instruments(file, words, codes, study_types),
        settings=settings,
        leaned_on=_leaned_on(file, codes),
        abbreviated=checked(file, words.known.get(ABBREVIATED, "__+"), f"{ABBREVIATED} = "),
        stand_in=tuple(stand_in),
    )


def _spelled_out(
    file: RuleFile, words: Words
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The rules with their phrases as plain patterns, and the signals these make."""
    phrases: Mapping[str, list[str]] = file.data.get("phrases", {})
    for pattern in (one for listed in phrases.values() for one in listed):
        # here, where the line is known: written out, the pattern is in no line of the file
        checked(file, words.fill(pattern.replace("{words}", "word"), pattern), pattern)
    signals: dict[str, dict[str, Any]] = {}
    rules: list[dict[str, Any]] = []
    for table in file.tables("rule"):
        rule = {key: value for key, value in table.items() if key not in _SPELLED_OUT}
        rules.append(rule)
        own = table.get("words")
        if own is None:
            continue
        near = f'id = "{table.get("id")}"'
        file.require(near, "words", [own], words.known)

        def of_words(name: str, own: str = own, near: str = near) -> str:
            file.require(near, "phrases", [name], phrases)
            # one pattern: every pattern has its cost, and there are harms times phrases
            return "|".join(phrases[name]).replace("{words}", "{" + own + "}")

        rule["text"] = [of_words(name) for name in table.get("phrases", ())]
        for name in table.get("unless_phrases", ()):
            signal = f"{own}.{name}"
            signals[signal] = {"in": ["told"], "text": [of_words(name)]}
            rule["unless"] = [*rule.get("unless", ()), signal]
    return rules, signals


def _about(
    topics: Topics, wanted: set[str], words: Words, stand_in: Sequence[str]
) -> dict[str, Rule]:
    """Per topic of claims a rule that holds where one of its words, or a stand-in, is named."""
    names = [rf"\b{words.known[SUBSTANCE]}\b"] if SUBSTANCE in words.known else []
    return {
        topic.name: Rule(
            rule_id=f"about {topic.name}",
            code=f"about {topic.name}",
            confidence="high",
            signals=tuple(
                signal
                for clause in topic.clauses
                for signal in clause.rule.signals
                if signal.kind == "text" and not stand_in
            )
            + tuple(Signal("text", name, zones=ZONES) for name in (*names, *stand_in)),
        )
        for topic in topics.topics
        if topic.name in wanted
    }


def _check_rules(
    file: RuleFile, claims: tuple[Claim, ...], rules: tuple[Rule, ...], settings: Sequence[str]
) -> None:
    """Claims that can be matched have rules and pairs to test them; no others do."""
    aspects = (REASON_FOR_USE, IN_FOCUS, *settings)
    ruled = {rule.code for rule in rules}
    parents = {claim.parent for claim in claims}
    for claim in claims:
        is_matched = claim.kind not in UNMATCHED_KINDS and claim.code not in parents
        if is_matched != (claim.code in ruled):
            raise file.error(
                claim.line, "needs a [[rule]]" if is_matched else "is never matched: no rule"
            )
        if is_matched and not all(reading.match for reading in claim.readings):
            raise file.error(claim.line, "each `not` needs a `match` beside its `no_match`")
        if is_matched and not claim.answered_by:
            raise file.error(claim.line, "`answered_by` names no design")
    for rule in rules:
        if rule.aspect is not None and rule.aspect not in aspects:
            raise file.error(
                f'id = "{rule.rule_id}"', f"aspect must be one of {', '.join(aspects)}"
            )


def _instruments(
    file: RuleFile, words: Words, codes: Sequence[str], study_types: Sequence[str]
) -> Instruments:
    """The instruments, and which claims each measures."""
    tables: dict[str, list[str]] = dict(file.data.get("measured_by", {}))
    types = tables.pop("types", [])
    of_claim: dict[str, set[str]] = {}
    file.require("types = [", "study type", types, study_types)
    for name, listed in tables.items():
        file.require(f"{name} = [", "claim", listed, codes)
        for code in listed:
            of_claim.setdefault(code, set()).add(name)
    return Instruments(
        rules=load_rules(file, "instrument", list(tables), words=words),
        types=tuple(types),
        of_claim={code: frozenset(names) for code, names in of_claim.items()},
    )


def _lists(file: RuleFile, key: str, study_types: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A table of lists of study types."""
    found: dict[str, tuple[str, ...]] = {}
    for name, codes in file.data.get(key, {}).items():
        file.require(f"{name} = [", "study type", codes, study_types)
        found[name] = tuple(codes)
    return found


def _leaned_on(file: RuleFile, codes: Sequence[str]) -> tuple[LeanedOn, ...]:
    studies = file.read_all("leaned_on", LeanedOn)
    for study in studies:
        file.require(study.line, "claim", study.claims, codes)
    return studies


def check_readings(con: duckdb.DuckDBPyConnection, reference: Path) -> list[str]:
    """What there is to say of claim_evidence.csv as it stands: totals, then rows not to rely on.

    Raises:
        ConfigurationError: naming the line: what a run would refuse, too.
    """
    types = load_study_types(reference / "study_types.toml").codes()
    topics = load_topics(reference / "topics.toml")
    claims = load_claims(reference / "claims.toml", types, topics)
    path = reference / "claim_evidence.csv"
    readings = load_readings(path, [claim.code for claim in claims.matched()])
    reasons = stale_reasons(con, readings, path)
    counted = Counter(one.claim for one in readings)
    found = [
        f"{path.name}, line {one.line}: {one.claim}, PMID {one.pmid}: "
        + ("not held here, quote unchecked" if reason == NOT_HELD else f"stale, {reason}")
        for one, reason in zip(readings, reasons, strict=True)
        if reason
    ]
    not_held = reasons.count(NOT_HELD)
    return [
        f"{len(readings)} readings of {len(counted)} claims; {len(found) - not_held} stale; "
        f"{not_held} not held; {len(claims.matched()) - len(counted)} claims without any.",
        *found,
    ]
