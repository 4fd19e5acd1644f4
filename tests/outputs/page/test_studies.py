"""What the page says of a trial or human laboratory study, by itself."""

from __future__ import annotations

import pytest

from pipeline.outputs.page.studies import _by_amount, _how_many


def test_doses_stand_by_amount_and_once():
    given = ["10 mg leaf", "2.5 g tea", "5-10 mg leaf", "5 mg leaf", "40 mg leaf", "5 mg leaf"]
    assert _by_amount(given) == "2.5 g tea, 5, 5-10, 10, 40 mg leaf"


@pytest.mark.parametrize(
    ("size", "people", "populations", "said"),
    [
        (15, "Healthy people", 1, "15 healthy people"),
        (1200, "Healthy people, Regular users", 2, "1,200 people: Healthy people, Regular users"),
        (15, "", 0, "15"),
        (None, "Patients", 1, "Patients"),
        (None, "", 0, ""),
    ],
)
def test_people_are_said_as_one_would(size: int | None, people: str, populations: int, said: str):
    assert _how_many(size, people, populations) == said
