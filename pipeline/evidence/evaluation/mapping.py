"""A mapping file: how a set of labels is read, split, and compared with study types.

The split says which records may be looked at while rules are written (`develop`) and which
never are (`unseen`). It depends on the record's identifier alone, so that it holds for any copy
of a set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

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

    Args:
        path: the file.
        codes: study types that exist.

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
            for code in one.study_types:
                if code not in codes:
                    raise file.error(one.line, f"unknown study type `{code}`")
        for kind in ("labels", "study_types"):
            used = [value for held in scheme.classes for value in getattr(held, kind)]
            if twice := sorted({value for value in used if used.count(value) > 1}):
                raise file.error(
                    f'"{twice[0]}"', f"`{twice[0]}` is in two classes of {scheme.name}"
                )
    return given
