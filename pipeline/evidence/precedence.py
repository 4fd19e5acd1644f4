"""Which of a record's study types is the primary: the steps of `[[precedence]]`.

The first step that any rule that holds satisfies decides; within a step, the first code. A step
can be for some rules alone: they count nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from pipeline.rules.file import RuleFile, Table
from pipeline.rules.model import CONFIDENCES, Rule

SOURCES = ("nlm_pt", "nlm_mesh", "record_kind", "text_rule")
"""What a rule can rest on, strongest first; `override` stands before all of them."""
_SOURCE_OF_KIND = {
    "publication_type": "nlm_pt",
    "mesh": "nlm_mesh",
    "mesh_qualifier": "nlm_mesh",
    "substance": "nlm_mesh",
    "record_kind": "record_kind",
    "link": "record_kind",
    "text": "text_rule",
}


class _StepTable(Table):
    """One `[[precedence]]`."""

    step: str
    codes: list[str]
    confidence: list[str] = Field(default_factory=lambda: list(CONFIDENCES))
    source: list[str] = Field(default_factory=lambda: list(SOURCES))
    rules: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One step of the precedence: the first of `codes` with a rule of this kind is primary.

    Attributes:
        rules: the only rules it is for, which then count at this step alone; empty: all that no
            step names.
    """

    name: str
    codes: tuple[str, ...]
    confidences: tuple[str, ...]
    sources: tuple[str, ...]
    rules: frozenset[str]

    def covers(self, rule: Rule) -> bool:
        """Whether a rule that holds satisfies it."""
        return (
            rule.code in self.codes
            and rule.confidence in self.confidences
            and source_of(rule) in self.sources
            and (not self.rules or rule.rule_id in self.rules)
        )


def source_of(rule: Rule) -> str:
    """What the rule's own signals rest on."""
    return _SOURCE_OF_KIND[rule.signals[0].kind]


def place_of(steps: Sequence[Step], rule: Rule) -> tuple[int, int]:
    """The first step that a rule satisfies, and the place of its code there.

    A step that names the rule comes before all others.
    """
    by_name = sorted(enumerate(steps), key=lambda numbered: not numbered[1].rules)
    return next(
        (number, step.codes.index(rule.code)) for number, step in by_name if step.covers(rule)
    )


def load_steps(file: RuleFile, codes: list[str], rules: tuple[Rule, ...]) -> tuple[Step, ...]:
    """Read the steps.

    Args:
        file: study_types.toml.
        codes: the study types a rule can give.
        rules: the rules that give them.

    Raises:
        ConfigurationError: a step names what is not there, or none covers a rule.
    """
    rule_ids = [rule.rule_id for rule in rules]
    steps = tuple(_step(file, table, codes, rule_ids) for table in file.tables("precedence"))
    _check_every_label_can_win(file, rules, steps)
    return steps


def _step(file: RuleFile, table: Mapping[str, Any], codes: list[str], rule_ids: list[str]) -> Step:
    near = f'step = "{table.get("step")}"'
    given = file.read(_StepTable, table, near)
    for values, allowed in (
        (given.codes, codes),
        (given.confidence, CONFIDENCES),
        (given.source, SOURCES),
        (given.rules, rule_ids),
    ):
        for value in values:
            if value not in allowed:
                raise file.error(near, f"unknown `{value}` (known: {', '.join(allowed)})")
    return Step(
        given.step,
        tuple(given.codes),
        tuple(given.confidence),
        tuple(given.source),
        frozenset(given.rules),
    )


def _check_every_label_can_win(
    file: RuleFile, rules: tuple[Rule, ...], steps: tuple[Step, ...]
) -> None:
    """A rule no step covers would leave an article with labels and no primary."""
    for rule in rules:
        if not any(step.covers(rule) for step in steps):
            raise file.error(
                f'id = "{rule.rule_id}"', f"no step of [[precedence]] covers rule {rule.rule_id}"
            )
