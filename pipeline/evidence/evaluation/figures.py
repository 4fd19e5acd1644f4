"""Figures from pairs of label and judgement, each with n and interval (Wilson), and their file."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.mapping import Scheme
from pipeline.evidence.labels import ENOUGH, SHOWN
from pipeline.evidence.study_types import UNCLASSIFIED

_Z = 1.959964
LEAST_READ = 30
"""With fewer readings than this, a share says neither good nor bad."""


@dataclass(frozen=True)
class Answer:
    """One record: what others call it, and the primary type it got.

    Attributes:
        labels: the labels (several where NLM gave several tags).
        study_type: the primary type; OTHER when none could be given.
        confidence: what readers see of it.
        evidence: the kind of evidence it rests on.
        has_abstract: whether the record has one.
    """

    labels: tuple[str, ...]
    study_type: str
    confidence: str
    evidence: str = ""
    has_abstract: bool = True


def share(hits: int, n: int) -> dict[str, Any]:
    """A share with its n and its Wilson interval; value and interval None for an n of 0."""
    if not n:
        return {"value": None, "low": None, "high": None, "hits": 0, "n": 0}
    p = hits / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return {
        "value": round(p, 4),
        "low": round(max(0.0, middle - half), 4),
        "high": round(min(1.0, middle + half), 4),
        "hits": hits,
        "n": n,
    }


def _compared(
    scheme: Scheme, answers: Iterable[Answer]
) -> tuple[list[tuple[str, str, Answer]], int]:
    """Class by label, class said and answer; and how many answers refine their label.

    Records whose labels mean no class of the scheme are left out; so are those whose label is
    refined by what was said.
    """
    compared: list[tuple[str, str, Answer]] = []
    refined = 0
    for answer in answers:
        truth = scheme.truth(answer.labels)
        if truth is not None and (answer.has_abstract or not scheme.with_abstract):
            said = scheme.said(answer.study_type) or answer.study_type
            if said in truth.refined_by:
                refined += 1
            else:
                compared.append((truth.name, said, answer))
    return compared, refined


def scheme_figures(scheme: Scheme, answers: Iterable[Answer]) -> dict[str, Any]:
    """Everything about one scheme: classes, confusion, accuracy, coverage, calibration."""
    compared, refined = _compared(scheme, answers)
    figures = pair_figures(
        [one.name for one in scheme.classes], [(truth, said) for truth, said, _ in compared]
    )
    for shown, one in zip(figures["classes"], scheme.classes, strict=True):
        shown["study_types"] = [] if one.is_rest else list(one.study_types)
    right = {
        tier: [
            truth == said
            for truth, said, answer in compared
            if answer.confidence == tier and answer.study_type != UNCLASSIFIED
        ]
        for tier in SHOWN
    }
    abstained = sum(answer.study_type == UNCLASSIFIED for _, _, answer in compared)
    return {
        "scheme": scheme.name,
        **figures,
        "refined": refined,
        "coverage": share(len(compared) - abstained, len(compared)),
        "abstention": share(abstained, len(compared)),
        "calibration": [
            {
                "confidence": tier,
                "right": share(sum(right[tier]), len(right[tier])),
                "share_of_records": share(len(right[tier]), len(compared)),
            }
            for tier in SHOWN
        ],
    }


def evidence_figures(scheme: Scheme, answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """How often each type is right by the kind of evidence it rests on.

    Only classes of which the set holds `ENOUGH` records count: elsewhere a type that is right
    may just lack its label. Where a type alone has fewer records than that on one kind of
    evidence, the figure of all types of its class stands in; where these are fewer, nothing.

    Returns:
        study_type, evidence, class, is_of_class and right (a share) of each.
    """
    compared, _ = _compared(scheme, answers)
    positives = Counter(truth for truth, _, _ in compared)
    by_type: dict[tuple[str, str], list[bool]] = {}
    by_class: dict[tuple[str, str], list[bool]] = {}
    for truth, said, answer in compared:
        by_type.setdefault((answer.study_type, answer.evidence), []).append(truth == said)
        by_class.setdefault((said, answer.evidence), []).append(truth == said)
    class_of = {
        code: one.name
        for one in scheme.classes
        if not one.is_rest and positives[one.name] >= ENOUGH
        for code in one.study_types
    }
    figures: list[dict[str, Any]] = []
    for (code, kind), alone in sorted(by_type.items()):
        name = class_of.get(code)
        if name is None:
            continue
        counted = alone if len(alone) >= ENOUGH else by_class[name, kind]
        if len(counted) >= ENOUGH:
            figures.append(
                {
                    "study_type": code,
                    "evidence": kind,
                    "class": name,
                    "is_of_class": counted is not alone,
                    "right": share(sum(counted), len(counted)),
                }
            )
    return figures


def pair_figures(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Accuracy, F1 and confusion of (truth, said) pairs; what is said may be no class."""
    confusion = Counter(pairs)
    classes = [_class_figures(name, confusion) for name in names]
    positives = sum(one["positives"] for one in classes)
    held = [one for one in classes if one["positives"]]
    right = sum(count for (truth, said), count in confusion.items() if truth == said)
    return {
        "n": len(pairs),
        "accuracy": share(right, len(pairs)),
        "weighted_f1": round(sum(c["f1"] * c["positives"] for c in held) / positives, 4)
        if positives
        else None,
        "macro_f1": round(sum(c["f1"] for c in held) / len(held), 4) if held else None,
        "classes": classes,
        "confusion": {
            name: {
                said: count for (truth, said), count in sorted(confusion.items()) if truth == name
            }
            for name in names
        },
    }


def _class_figures(name: str, confusion: Counter[tuple[str, str]]) -> dict[str, Any]:
    right = confusion[name, name]
    positives = sum(count for (truth, _), count in confusion.items() if truth == name)
    predicted = sum(count for (_, said), count in confusion.items() if said == name)
    return {
        "class": name,
        "positives": positives,
        "precision": share(right, predicted),
        "recall": share(right, positives),
        "f1": round(2 * right / (positives + predicted), 4) if positives + predicted else 0.0,
    }


Result = dict[str, Any]
"""The committed results among the reference files: what readers see of each study type."""
_KEY = ("set", "part", "by")


def read_results(path: Path) -> list[Result]:
    """The results of a file; none when there is no file.

    Raises:
        ConfigurationError: it is not a file of results.
    """
    if not path.is_file():
        return []
    try:
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} holds no results of `ketum evaluate`: {error}.",
            effect="Nothing was judged.",
            next_step="restore it from the repository, or remove it.",
        ) from error
    return list(results)


def save_result(path: Path, result: Result) -> None:
    """Put a result into a file, in place of an earlier one of the same set, part and reader."""
    key = tuple(result[name] for name in _KEY)
    others = [r for r in read_results(path) if tuple(r[name] for name in _KEY) != key]
    results = sorted([*others, result], key=lambda r: tuple(r[name] for name in _KEY))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"results": results}, indent=1) + "\n", encoding="utf-8")


def text(result: Result) -> str:
    """A result for the terminal."""
    lines = [
        f"{result['set']}, part {result['part']}, by {result['by']}, "
        f"rules {result['rules_version']}: n = {result['n']}"
    ]
    if "wide_net" in result:
        lines.append(
            "wide net for trials and human laboratory studies: recall "
            f"{interval(result['wide_net']['recall'])}, "
            f"share of records {interval(result['wide_net']['share_of_records'])}"
        )
    for scheme in result["schemes"]:
        lines += [
            "",
            f"{scheme['scheme']}: n = {scheme['n']}, accuracy {interval(scheme['accuracy'])}, "
            f"weighted F1 {scheme['weighted_f1']}, macro F1 {scheme['macro_f1']}",
        ]
        if "coverage" in scheme:
            lines.append(
                f"coverage {interval(scheme['coverage'])}, "
                f"abstention {interval(scheme['abstention'])}"
            )
        if scheme.get("refined"):
            lines.append(f"left out: {scheme['refined']} whose label is refined, not contradicted")
        lines += [
            f"  shown as {tier['confidence']:12}: right {interval(tier['right'])}, "
            f"share of records {interval(tier['share_of_records'])}"
            for tier in scheme.get("calibration", ())
        ]
        width = max(len(one["class"]) for one in scheme["classes"])
        lines.append(f"  {'class':{width}}  positives  {'precision':24} {'recall':24} F1")
        lines += [
            f"  {one['class']:{width}}  {one['positives']:9}  {interval(one['precision']):24} "
            f"{interval(one['recall']):24} {one['f1']:.3f}"
            for one in scheme["classes"]
        ]
        lines.append("  confusion (label: what was said, how often)")
        lines += [
            f"  {truth:{width}}  "
            + ", ".join(
                f"{said} {count}" for said, count in sorted(row.items(), key=lambda x: -x[1])
            )
            for truth, row in scheme["confusion"].items()
        ]
    return "\n".join(lines)


def interval(figure: dict[str, Any]) -> str:
    """A share as `.930 (.910-.950) of 512`."""
    if figure["value"] is None:
        return "- of 0"
    shown = [f"{figure[key]:.3f}".replace("0.", ".", 1) for key in ("value", "low", "high")]
    return f"{shown[0]} ({shown[1]}-{shown[2]}) of {figure['n']}"


# -- How often records are rightly said to address a question, or to have a value of a facet
#
# By kratom records that a person read; `python -m tools.readings` makes the figures.


class Measured(BaseModel):
    """Figures of what is said of records.

    Attributes:
        said: how often it is said, but for what a reader could say either way.
        said_right: of these, how often rightly by the reader.
        read: how often it is so by the reader.
        found: of these, how often it is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    said: int
    said_right: int
    read: int
    found: int

    @property
    def precision(self) -> float | None:
        """Of those said, the share that is right; None below LEAST_READ."""
        return self.said_right / self.said if self.said >= LEAST_READ else None

    @property
    def recall(self) -> float | None:
        """Of those read, the share that is found; None below LEAST_READ."""
        return self.found / self.read if self.read >= LEAST_READ else None


_Figures = TypeVar("_Figures", bound=Measured)


class QuestionMeasured(Measured):
    """Figures of one question: records said to address it.

    Attributes:
        rules_version: version of claims.toml that was measured.
    """

    question: str
    rules_version: str


class FacetMeasured(Measured):
    """Figures of one facet: values that records are said to have."""

    facet: str


def read_measured(path: Path, kind: type[_Figures]) -> tuple[_Figures, ...]:
    """The figures of questions_measured.jsonl or facets_measured.jsonl; none where it is missing.

    Args:
        path: the file.
        kind: what its lines are.

    Raises:
        ConfigurationError: a line is something else.
    """
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return tuple(kind.model_validate_json(line) for line in lines if line.strip())
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.",
            effect="Nothing was judged.",
            next_step="restore it (`git checkout data/reference`).",
        ) from error
