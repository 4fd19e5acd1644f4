"""What the page says of a trial or human laboratory study, by itself."""

from __future__ import annotations

from pipeline.outputs.page.studies import _by_amount


def test_doses_stand_by_amount_and_once():
    given = ["10 mg leaf", "2.5 g tea", "5-10 mg leaf", "5 mg leaf", "40 mg leaf", "5 mg leaf"]
    assert _by_amount(given) == "2.5 g tea, 5 mg leaf, 5-10 mg leaf, 10 mg leaf, 40 mg leaf"
