"""The page on the claim matcher says what the file of verdicts says."""

from __future__ import annotations

import csv

import pytest

from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, SHIPPED
from tools.draw import COLUMNS

PAGE = (ROOT / "docs" / "evaluation" / "claims.md").read_text(encoding="utf-8")
with (REFERENCE / "evaluation" / "claim_pairs.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
HARMS = "harms"


def tally(parts: str, stratum: str | None = None) -> tuple[int, int]:
    """How many pairs of these draws and this stratum were read, and how many were right."""
    verdicts = [
        row["verdict"]
        for row in ROWS
        if row["part"] in {f"draw {part}" for part in parts} and stratum in (None, row["stratum"])
    ]
    return len(verdicts), verdicts.count("right")


def row_of(beginning: str) -> list[str]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {beginning}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(
    ("beginning", "parts", "stratum"),
    [
        ("draw 1,", "1", None),
        ("draw 2,", "2", None),
        ("draw 3, rules", "3", HARMS),
        ("draw 3: other claims in pain records", "3", "pain records"),
        ("draw 3: other claims in stand-in", "3", "stand-in records"),
        ("draw 3, weighed", "3", None),
        ("draw 4, rules", "4", HARMS),
        ("draw 4: other claims in pain records", "4", "pain records"),
        ("draw 4: other claims in stand-in", "4", "stand-in records"),
        ("draw 4, weighed", "4", None),
        ("draws 5 and 6, rules", "56", HARMS),
        ("draws 5 and 6: other", "56", "stand-in records"),
        ("draws 5 and 6, together", "56", None),
        ("draw 7,", "7", HARMS),
        ("harms of draws 3 to 7", "34567", HARMS),
    ],
)
def test_a_row_of_the_page_is_the_file(beginning: str, parts: str, stratum: str | None) -> None:
    read, right = tally(parts, stratum)
    cells = row_of(beginning)
    assert cells[1].split()[0].rstrip(",") == str(read)
    assert cells[2] == str(right)
    if not beginning.endswith("weighed"):
        assert f".{round(100 * right / read):02}" in cells[3]


def test_the_card_tells_the_figure_of_harms() -> None:
    read, right = tally("34567", HARMS)
    card = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8").replace("\n", " ")
    assert f"of {read} pairs read" in card and f"{round(100 * right / read)} % were right" in card


def test_the_file_has_verdicts_on_known_claims_and_no_pair_read_twice() -> None:
    assert tuple(ROWS[0]) == COLUMNS
    assert {row["claim"] for row in ROWS} <= {claim.code for claim in SHIPPED.claims.matched()}
    drawn = [
        (row["pmid"], row["claim"]) for row in ROWS if row["part"].removeprefix("draw ").isdigit()
    ]
    assert len(drawn) == len(set(drawn))
    for row in ROWS:
        allowed = {"read, not recorded"} if row["part"] == "develop" else {"right", "wrong"}
        assert row["verdict"] in allowed
