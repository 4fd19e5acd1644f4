"""Every case beside the rules, and every rule with a case that it decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from pipeline.evidence.judge import judge_records
from pipeline.evidence.record import Judgement
from pipeline.rules.model import Rule
from tests.evidence.cases import Case, problems, read_cases
from tests.evidence.conftest import SHIPPED, judge_record, record_of

FILES = ("study_types", "facets", "claims", "topics", "registries")


def _readings() -> Iterator[Case]:
    """The pairs of each `not` in claims.toml: a sentence that must match, and its trap."""
    for claim in SHIPPED.claims.matched():
        for reading in claim.readings:
            for gives, never, text in (
                ((claim.code,), (), reading.match or ""),
                ((), (claim.code,), reading.no_match),
            ):
                record = record_of({"title": "Kratom", "abstract": [["RESULTS", text]]})
                yield Case(f"{claim.code} {text[:40]}", record, None, gives, never)


CASES = {name: read_cases(name) for name in FILES}
CASES["facets"] += read_cases("facets_given")
for _name in ("claims_records", "claims_questions", "claims_frames", "claims_carried"):
    CASES["claims"] += read_cases(_name)
CASES["claims"] += _readings()


@cache
def judged(name: str) -> list[tuple[Case, Judgement]]:
    """The cases of a file, each judged once for all tests."""
    judgements = judge_records([case.record for case in CASES[name]], SHIPPED)
    return list(zip(CASES[name], judgements, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_what_must_come_out_of_each_case_does(name: str) -> None:
    """All of a file in one test: thousands of tests would take as long again to be set up."""
    wrong = {
        f"{case.name} | {case.record.title}": found
        for case, judgement in judged(name)
        if (found := list(problems(case, judgement)))
    }
    assert not wrong


def test_a_case_is_wrong_that_lacks_a_code_or_has_what_it_must_not() -> None:
    record = record_of({"title": "Kratom in mice"})
    case = Case("a-case", record, "RCT", ("GUIDELINE",), ("kratom",), frozenset())
    found = " ".join(problems(case, judge_record(record, SHIPPED)))
    for part in ("not RCT", "lacks GUIDELINE", "has kratom"):
        assert part in found


def test_what_came_out_is_proved_where_it_says() -> None:
    placed = 0
    for case, judgement in (pair for name in CASES for pair in judged(name)):
        units = [*case.record.units(SHIPPED.language), *case.record.statements()]
        texts = {(unit.field, unit.section_no): unit.stored for unit in units}
        for proof in judgement.proofs:
            if proof.start is not None:
                placed += 1
                stored = texts[proof.field, proof.section_no]
                assert stored[proof.start : proof.end] == proof.text
        proved = {proof.code for proof in judgement.proofs if proof.kind != "finding"}
        stated = {
            *(one.study_type for one in judgement.labels if one.study_type != "OTHER"),
            *judgement.flags,
            *(hit.topic for hit in judgement.topics),
            *(hit.claim for hit in judgement.claims),
            *(one.number for one in judgement.registrations),
            *(f"{one.facet}.{one.value}" for one in judgement.facets if one.level != "none"),
            *(f"{one.row}.{one.tie_no}.{one.facet}.{one.value}" for one in judgement.ties),
        }
        assert stated == proved, case.name
    assert placed > 1000


def _undecided(
    rules: Iterable[Rule], kinds: set[str], cases: Iterable[tuple[Case, Judgement]]
) -> list[str]:
    """Rules without a case in which they alone give their code, and it is asked for."""
    code_of = {rule.rule_id: rule.code for rule in rules}
    left = dict(code_of)
    for case, judgement in cases:
        fired = {proof.rule_id for proof in judgement.proofs if proof.kind in kinds} & set(code_of)
        wanted = {case.primary, *case.gives}
        for rule_id in fired & set(left):
            code = code_of[rule_id]
            is_alone = not any(code_of[other] == code for other in fired - {rule_id})
            # a number or years are read: the rule gives the facet, the words its value
            is_wanted = any(one and (one == code or one.startswith(f"{code}.")) for one in wanted)
            if is_alone and is_wanted:
                del left[rule_id]
    return sorted(left)


def test_every_rule_of_a_study_type_decides_a_case() -> None:
    rules = SHIPPED.study_types.rules.rules
    assert not _undecided(rules, {"study_type", "flag"}, judged("study_types"))


def test_every_rule_of_a_facet_decides_a_case() -> None:
    assert not _undecided(SHIPPED.facets.rules.rules, {"facet"}, judged("facets"))


def test_every_rule_of_a_claim_decides_a_case() -> None:
    assert not _undecided(SHIPPED.claims.rules.rules, {"claim"}, judged("claims"))


def test_every_question_of_the_field_has_cases_for_and_against() -> None:
    few = [
        claim.code
        for claim in SHIPPED.claims.matched()
        if "article" not in claim.cards
        and (
            sum(claim.code in case.gives for case in CASES["claims"]) < 4
            or sum(claim.code in case.never for case in CASES["claims"]) < 3
        )
    ]
    assert not few


def test_every_clause_of_a_topic_decides_a_case() -> None:
    rules = [clause.rule for clause in SHIPPED.topics.clauses()]
    assert not _undecided(rules, {"topic"}, judged("topics"))


def test_every_registry_is_found_in_a_case() -> None:
    found = {
        one.registry
        for case, judgement in judged("registries")
        for one in judgement.registrations
        if one.number in case.gives
    }
    assert found == {one.name for one in SHIPPED.registries.registries}


def test_a_rule_without_a_case_is_named() -> None:
    rules = SHIPPED.study_types.rules.rules
    without = [pair for pair in judged("study_types") if pair[0].primary != "REFWORK"]
    assert "refwork.record_kind" in _undecided(rules, {"study_type", "flag"}, without)
