"""Labels of others against ours: how a set of labels is read, split and compared, and the figures.

Each set has a mapping file. The split says which records may be looked at while rules are
written (`develop`) and which never are (`unseen`). It depends on the record's identifier alone, so
that it holds for any copy of a set. Figures have their n and interval (Wilson).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from pipeline.errors import ConfigurationError
from pipeline.evidence.labels import ENOUGH, SHOWN
from pipeline.evidence.study_types import UNCLASSIFIED
from pipeline.rules.file import Names, RuleFile, Table

DEVELOP, UNSEEN, ALL = "develop", "unseen", "all"
PARTS = (DEVELOP, UNSEEN, ALL)


class Split(Table):
    """`[split]`: which part a record is in, by its PMID or what a set has in its place.

    Attributes:
        by: `hash` of seed and identifier, or `parity` (even PMIDs are `develop`).
        seed: text the hash begins with.
        develop_share: share of the hashes that are `develop`.
    """

    named_by = "by"

    by: str
    seed: str = ""
    develop_share: float = 0.5

    def part(self, identifier: str) -> str:
        """`develop` or `unseen`."""
        if self.by == "parity":
            return UNSEEN if int(identifier) % 2 else DEVELOP
        digest = hashlib.sha256(f"{self.seed}:{identifier}".encode()).hexdigest()
        return DEVELOP if int(digest[:8], 16) / 2**32 < self.develop_share else UNSEEN


class LabelClass(Table):
    """One `[[scheme.class]]`: the labels that mean it, and the study types that say it.

    Attributes:
        refined_by: classes that say the same more finely: neither right nor wrong, but counted.
        is_rest: holds what belongs nowhere else; its figures say nothing about its types.
    """

    name: str
    labels: Names
    study_types: Names
    refined_by: Names = ()
    is_rest: bool = False


class Scheme(Table):
    """One `[[scheme]]`: classes compared together; records with a label of none are left out.

    Attributes:
        with_abstract: records without an abstract are left out too.
        measures_confidence: what readers see as confidence is measured on it.
    """

    name: str
    classes: Annotated[tuple[LabelClass, ...], Field(strict=False, alias="class")]
    with_abstract: bool = False
    measures_confidence: bool = False

    def truth(self, labels: Sequence[str]) -> LabelClass | None:
        """The first class that one of a record's labels means, or None."""
        return next((c for c in self.classes if set(labels) & set(c.labels)), None)

    def said(self, study_type: str) -> str | None:
        """The class a study type says, or None."""
        return next((c.name for c in self.classes if study_type in c.study_types), None)


class Columns(Table):
    """`[columns]`: what the set calls them."""

    pmid: str
    title: str
    abstract: str
    label: str


class LabelMapping(Table):
    """A mapping file.

    Attributes:
        human_experimental: labels of trials and laboratory studies in people, which the wide net
            holds.
    """

    named_by = "set_name"

    set_name: str = Field(alias="set")
    columns: Columns = Columns(pmid="pmid", title="title", abstract="abstract", label="label")
    split: Split
    schemes: Annotated[tuple[Scheme, ...], Field(strict=False, alias="scheme")] = ()
    human_experimental: Names = ()


def load_mapping(path: Path, codes: Sequence[str]) -> LabelMapping:
    """Read a mapping file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    given = file.read(LabelMapping, file.data)
    if not given.schemes:
        raise file.error("scheme", "a [[scheme]] is needed")
    split = given.split
    if split.by not in ("hash", "parity"):
        raise file.error("by =", "`by` is hash or parity")
    if split.by == "hash" and not split.model_fields_set.issuperset(("seed", "develop_share")):
        raise file.error("[split]", "a split by hash needs `seed` and `develop_share`")
    for scheme in given.schemes:
        for one in scheme.classes:
            file.require(one.line, "study type", one.study_types, codes)
        for kind in ("labels", "study_types"):
            used = [value for held in scheme.classes for value in getattr(held, kind)]
            if twice := sorted({value for value in used if used.count(value) > 1}):
                raise file.error(
                    f'"{twice[0]}"', f"`{twice[0]}` is in two classes of {scheme.name}"
                )
    return given


# -- Figures from pairs of label and judgement, and their file

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
