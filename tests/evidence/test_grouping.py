"""The one grouping of study types: what study_types.toml may say of it, and what goes together."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.study_types import load_study_types
from tests.evidence.conftest import REFERENCE, SHIPPED

TEXT = (REFERENCE / "study_types.toml").read_text(encoding="utf-8")
CHEM_GROUP = 'group = "Chemistry, plant and product analysis"\n'


def test_every_type_is_in_one_group_and_no_group_is_empty() -> None:
    names = [group.name for group in SHIPPED.study_types.groups]
    assert len(names) == len(set(names)) == 14
    assert {one.group for one in SHIPPED.study_types.types} == set(names)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (CHEM_GROUP, "", "`group` is missing"),
        (CHEM_GROUP, 'group = "Chemistry"\n', "unknown group `Chemistry`"),
        (CHEM_GROUP, f"{CHEM_GROUP}group = \"Animal studies\"\n", "twice|overwrite|Cannot"),
        ('[[group]]\nname = "Animal studies"', '[[group]]\nname = "Plants"\nshort = "p"\nkind = '
         '"study"\n[[group]]\nname = "Animal studies"', "no study type is in `Plants`"),
        ('kind = "summary"', 'kind = "rank"', "kind"),
        ('study_types = ["RCT", "NRCT"]', 'study_types = ["RCT", "TRIAL"]', "unknown code `TRIAL`"),
    ],
)  # fmt: skip
def test_another_grouping_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "study_types.toml"
    assert before in TEXT
    path.write_text(TEXT.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_study_types(path)


def test_what_goes_together_is_said_type_by_type() -> None:
    """No conflict follows from the groups: case and series agree, case and animal study do not."""
    compatible = SHIPPED.study_types.compatible
    assert {("CASE", "SERIES"), ("SERIES", "CASE"), ("COHORT", "SURV")} <= compatible
    assert ("CASE", "ANIMAL") not in compatible and ("RCT", "CASE") not in compatible
