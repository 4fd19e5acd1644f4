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

from pydantic import Field

from pipeline.rules.file import RuleFile, Table

DEVELOP, UNSEEN, ALL = "develop", "unseen", "all"
PARTS = (DEVELOP, UNSEEN, ALL)


class _SplitTable(Table):
    """`[split]` of a mapping file."""

    by: str
    seed: str | None = None
    develop_share: float | None = None


class _ColumnsTable(Table):
    """`[columns]` of a mapping file: what the set calls them."""

    pmid: str = "pmid"
    title: str = "title"
    abstract: str = "abstract"
    label: str = "label"


class _ClassTable(Table):
    """One `[[scheme.class]]`."""

    name: str
    labels: list[str]
    study_types: list[str]
    refined_by: list[str] = Field(default_factory=list)
    is_rest: bool = False


class _SchemeTable(Table):
    """One `[[scheme]]`; its classes are read one by one."""

    name: str
    classes: list[dict[str, Any]] = Field(alias="class")
    with_abstract: bool = False
    measures_confidence: bool = False


class _MappingTable(Table):
    """A mapping file; its tables are read one by one."""

    set_name: str = Field(alias="set")
    columns: dict[str, Any] | None = None
    split: dict[str, Any]
    schemes: list[dict[str, Any]] = Field(default_factory=list, alias="scheme")
    human_experimental: list[str] = Field(default_factory=list)


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
        measures_confidence: what readers see as confidence is measured on it.
    """

    name: str
    classes: tuple[LabelClass, ...]
    with_abstract: bool = False
    measures_confidence: bool = False

    def truth(self, labels: Sequence[str]) -> LabelClass | None:
        """The first class that one of a record's labels means, or None."""
        return next((c for c in self.classes if set(labels) & set(c.labels)), None)

    def said(self, study_type: str) -> str | None:
        """The class a study type says, or None."""
        return next((c.name for c in self.classes if study_type in c.study_types), None)


@dataclass(frozen=True)
class LabelMapping:
    """Everything a mapping file says.

    Attributes:
        human_experimental: labels of trials and laboratory studies in people, which the wide net
            holds.
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
    given = file.read(_MappingTable, file.data, "set")
    schemes = tuple(_scheme(file, table, codes) for table in given.schemes)
    if not schemes:
        raise file.error("scheme", "a [[scheme]] is needed")
    return LabelMapping(
        given.set_name,
        _columns(file, given.columns),
        _split(file, given.split),
        schemes,
        tuple(given.human_experimental),
    )


def _columns(file: RuleFile, table: MappingType[str, Any] | None) -> dict[str, str]:
    """What a set calls its columns: all of them named, or none."""
    if table is not None:
        for name in _ColumnsTable.model_fields:
            if name not in table:
                raise file.error("[columns]", f"`{name}` is missing")
    return file.read(_ColumnsTable, table or {}, "[columns]").model_dump()


def _split(file: RuleFile, table: MappingType[str, Any]) -> Split:
    given = file.read(_SplitTable, table, "[split]")
    if given.by == "parity":
        return Split("parity")
    if given.by != "hash":
        raise file.error("by =", "`by` is hash or parity")
    if given.seed is None or given.develop_share is None:
        raise file.error("[split]", "a split by hash needs `seed` and `develop_share`")
    return Split("hash", given.seed, given.develop_share)


def _scheme(file: RuleFile, table: MappingType[str, Any], codes: Sequence[str]) -> Scheme:
    given = file.read(_SchemeTable, table, f'name = "{table.get("name")}"')
    classes: list[LabelClass] = []
    for entry in given.classes:
        here = f'name = "{entry.get("name")}"'
        one = file.read(_ClassTable, entry, here)
        for code in one.study_types:
            if code not in codes:
                raise file.error(here, f"unknown study type `{code}`")
        classes.append(
            LabelClass(
                one.name,
                tuple(one.labels),
                tuple(one.study_types),
                tuple(one.refined_by),
                one.is_rest,
            )
        )
    for kind in ("labels", "study_types"):
        used = [value for held in classes for value in getattr(held, kind)]
        if twice := sorted({value for value in used if used.count(value) > 1}):
            raise file.error(f'"{twice[0]}"', f"`{twice[0]}` is in two classes of {given.name}")
    return Scheme(given.name, tuple(classes), given.with_abstract, given.measures_confidence)
