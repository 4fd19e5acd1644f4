"""Study types as study_types.toml has them: taxonomy, rules, and the order that decides.

Groups and types stand in one neutral display order (no rank). The precedence is a list of
steps; the first step that any fired rule of an article satisfies decides its primary label
(see `assigning`). Aspects say more about a label: where surveillance data come from, what a
review summarises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evidence.aspects import Aspect, check_aspects, load_aspects
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.rules import CONFIDENCES, Rule, RuleSet, load_rules

UNCLASSIFIED = "OTHER"
FLAGS = (
    "is_retracted",
    "is_preprint",
    "is_veterinary",
    "is_multicenter",
    "is_feed_study",
    "is_other_species",
    "is_possible_human_experiment",
)
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


@dataclass(frozen=True)
class StudyType:
    """A study type as readers see it."""

    code: str
    label: str
    group: str
    definition: str


@dataclass(frozen=True)
class Group:
    """A group of study types; the order is for display and is no rank."""

    name: str
    is_summary: bool


@dataclass(frozen=True)
class Step:
    """One step of the precedence: the first of `codes` with a rule of this kind is primary."""

    name: str
    codes: tuple[str, ...]
    confidences: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class StudyTypes:
    """Everything study_types.toml says.

    Attributes:
        rules: rules that give a type, an aspect or a flag, in this order, as one set: they
            look at the same texts.
        type_count: how many of them give a type.
        aspect_count: how many give an aspect only.
    """

    version: str
    sha256: str
    groups: tuple[Group, ...]
    types: tuple[StudyType, ...]
    rules: RuleSet
    type_count: int
    aspect_count: int
    aspects: tuple[Aspect, ...]
    steps: tuple[Step, ...]
    compatible: frozenset[tuple[str, str]]

    def type_rules(self) -> tuple[Rule, ...]:
        return self.rules.rules[: self.type_count]

    def codes(self) -> tuple[str, ...]:
        return tuple(study_type.code for study_type in self.types)


def source_of(rule: Rule) -> str:
    """What the rule's own signals rest on."""
    return _SOURCE_OF_KIND[rule.signals[0].kind]


def load_study_types(path: Path) -> StudyTypes:
    """Read study_types.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    version = file.version()
    groups = tuple(_group(file, table) for table in file.tables("group"))
    types = tuple(_study_type(file, table, groups) for table in file.tables("study_type"))
    codes = [study_type.code for study_type in types]
    if UNCLASSIFIED not in codes:
        raise file.error("study_type", f"the type {UNCLASSIFIED} is needed")
    assignable = [code for code in codes if code != UNCLASSIFIED]
    rules = load_rules(file, "rule", assignable)
    steps = tuple(_step(file, table, assignable) for table in file.tables("precedence"))
    _check_every_label_can_win(file, rules, steps)
    aspects = load_aspects(file, assignable)
    aspect_rules = load_rules(file, "aspect_rule", [v for one in aspects for v in one.codes()])
    check_aspects(file, aspects, rules)
    flag_rules = load_rules(file, "flag_rule", FLAGS)
    return StudyTypes(
        version=version,
        sha256=file.sha256,
        groups=groups,
        types=types,
        rules=RuleSet("study_type", version, (*rules, *aspect_rules, *flag_rules)),
        type_count=len(rules),
        aspect_count=len(aspect_rules),
        aspects=aspects,
        steps=steps,
        compatible=_compatible(file, assignable),
    )


def _group(file: RuleFile, table: Mapping[str, Any]) -> Group:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str, is_summary=bool)
    file.allow(table, near, {"name", "is_summary"})
    return Group(table["name"], table["is_summary"])


def _study_type(file: RuleFile, table: Mapping[str, Any], groups: tuple[Group, ...]) -> StudyType:
    near = f'code = "{table.get("code")}"'
    file.require(table, near, code=str, label=str, group=str, definition=str)
    file.allow(table, near, {"code", "label", "group", "definition"})
    if table["group"] not in {group.name for group in groups}:
        raise file.error(near, f"unknown group `{table['group']}`")
    return StudyType(table["code"], table["label"], table["group"], table["definition"])


def _step(file: RuleFile, table: Mapping[str, Any], codes: list[str]) -> Step:
    near = f'step = "{table.get("step")}"'
    file.require(table, near, step=str, codes=list)
    file.allow(table, near, {"step", "codes", "confidence", "source"})
    confidences = table.get("confidence", list(CONFIDENCES))
    sources = table.get("source", list(SOURCES))
    for values, allowed in (
        (table["codes"], codes),
        (confidences, CONFIDENCES),
        (sources, SOURCES),
    ):
        for value in values:
            if value not in allowed:
                raise file.error(near, f"unknown `{value}` (known: {', '.join(allowed)})")
    return Step(table["step"], tuple(table["codes"]), tuple(confidences), tuple(sources))


def _check_every_label_can_win(
    file: RuleFile, rules: tuple[Rule, ...], steps: tuple[Step, ...]
) -> None:
    """A rule no step covers would leave an article with labels and no primary."""
    for rule in rules:
        if not any(
            rule.code in step.codes
            and rule.confidence in step.confidences
            and source_of(rule) in step.sources
            for step in steps
        ):
            raise file.error(
                f'id = "{rule.rule_id}"', f"no step of [[precedence]] covers rule {rule.rule_id}"
            )


def _compatible(file: RuleFile, codes: list[str]) -> frozenset[tuple[str, str]]:
    """Pairs (primary, other) of types that go together although their groups differ."""
    pairs: set[tuple[str, str]] = set()
    for table in file.tables("compatible"):
        near = f'primary = "{table.get("primary")}"'
        file.require(table, near, primary=str)
        file.require(table, near, **{"with": list})
        for code in (table["primary"], *table["with"]):
            if code not in codes:
                raise file.error(near, f"unknown code `{code}`")
        pairs |= {(table["primary"], other) for other in table["with"]}
    return frozenset(pairs)
