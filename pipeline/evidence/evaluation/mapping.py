"""A mapping file: how a set of labels is read, split, and compared with study types.

The split says which records may be looked at while rules are written (`develop`) and which
never are (`unseen`). It depends on the record's identifier alone, so that it holds for any copy
of a set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.rules.file import RuleFile

DEVELOP, UNSEEN, ALL = "develop", "unseen", "all"
PARTS = (DEVELOP, UNSEEN, ALL)
_COLUMNS = ("pmid", "title", "abstract", "label")


@dataclass(frozen=True)
class Split:
    """Which part a record is in, by its identifier: a PMID, or what a set has in its place.

    Attributes:
        by: `hash` of seed and identifier, or `parity` (even PMIDs are `develop`).
        seed: text the hash begins with.
        develop_share: share of the hashes that are `develop`.
    """

    by: str
    seed: str = ""
    develop_share: float = 0.5

    def part(self, identifier: str) -> str:
        """`develop` or `unseen`."""
        if self.by == "parity":
            return UNSEEN if int(identifier) % 2 else DEVELOP
        digest = hashlib.sha256(f"{self.seed}:{identifier}".encode()).hexdigest()
        return DEVELOP if int(digest[:8], 16) / 2**32 < self.develop_share else UNSEEN


@dataclass(frozen=True)
class LabelClass:
    """A class of a scheme: the labels that mean it, and the study types that say it.

    Attributes:
        refined_by: classes that say the same more finely: neither right nor wrong, but counted.
        is_rest: holds what belongs nowhere else; its figures are of none of its types.
    """

    name: str
    labels: tuple[str, ...]
    study_types: tuple[str, ...]
    refined_by: tuple[str, ...] = ()
    is_rest: bool = False


@dataclass(frozen=True)
class Scheme:
    """Classes that are compared together; records with a label of none are left out.

    Attributes:
        with_abstract: records without an abstract are left out too.
    """

    name: str
    classes: tuple[LabelClass, ...]
    with_abstract: bool = False

    def truth(self, labels: Sequence[str]) -> LabelClass | None:
        """The first class that one of a record's labels means; None if there is none."""
        return next((c for c in self.classes if set(labels) & set(c.labels)), None)

    def said(self, study_type: str) -> str | None:
        """The class a study type says; None if there is none."""
        return next((c.name for c in self.classes if study_type in c.study_types), None)


@dataclass(frozen=True)
class LabelMapping:
    """Everything a mapping file says.

    Attributes:
        human_experimental: labels of experiments on people, which the wide net is to hold.
    """

    set_name: str
    columns: dict[str, str]
    split: Split
    schemes: tuple[Scheme, ...]
    human_experimental: tuple[str, ...] = ()


def load_mapping(path: Path, codes: Sequence[str]) -> LabelMapping:
    """Read a mapping file.

    Args:
        path: the file.
        codes: study types that exist.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    file.require(file.data, "set", set=str, split=dict)
    file.allow(file.data, "set", {"set", "columns", "split", "scheme", "human_experimental"})
    columns = file.data.get("columns", {name: name for name in _COLUMNS})
    file.require(columns, "[columns]", **dict.fromkeys(_COLUMNS, str))
    schemes = tuple(_scheme(file, table, codes) for table in file.tables("scheme"))
    if not schemes:
        raise file.error("scheme", "a [[scheme]] is needed")
    return LabelMapping(
        file.data["set"],
        columns,
        _split(file, file.data["split"]),
        schemes,
        tuple(file.data.get("human_experimental", ())),
    )


def _split(file: RuleFile, table: MappingType[str, Any]) -> Split:
    file.allow(table, "[split]", {"by", "seed", "develop_share"})
    if table.get("by") == "parity":
        return Split("parity")
    if table.get("by") != "hash":
        raise file.error("by =", "`by` is hash or parity")
    file.require(table, "[split]", seed=str, develop_share=float)
    return Split("hash", table["seed"], table["develop_share"])


def _scheme(file: RuleFile, table: MappingType[str, Any], codes: Sequence[str]) -> Scheme:
    near = f'name = "{table.get("name")}"'
    file.require(table, near, name=str)
    file.require(table, near, **{"class": list})
    file.allow(table, near, {"name", "class", "with_abstract"})
    classes: list[LabelClass] = []
    for entry in table["class"]:
        here = f'name = "{entry.get("name")}"'
        file.require(entry, here, name=str, labels=list, study_types=list)
        file.allow(entry, here, {"name", "labels", "study_types", "refined_by", "is_rest"})
        for code in entry["study_types"]:
            if code not in codes:
                raise file.error(here, f"unknown study type `{code}`")
        classes.append(
            LabelClass(
                entry["name"],
                tuple(entry["labels"]),
                tuple(entry["study_types"]),
                tuple(entry.get("refined_by", ())),
                entry.get("is_rest", False),
            )
        )
    for kind in ("labels", "study_types"):
        used = [value for one in classes for value in getattr(one, kind)]
        if twice := sorted({value for value in used if used.count(value) > 1}):
            raise file.error(f'"{twice[0]}"', f"`{twice[0]}` is in two classes of {table['name']}")
    return Scheme(table["name"], tuple(classes), table.get("with_abstract", False))
