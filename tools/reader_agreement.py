"""How far two readers of the same kratom records agree: the ceiling for any rule.

python -m tools.reader_agreement FIRST.jsonl     the first reading (kratom_records.jsonl)

The second reading (codes only, no text) is data/reference/evaluation/kratom_second_reading.csv: 30
records drawn with a fixed seed, read by an agent that had seen neither rules nor the first reading.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path

from pipeline.evidence.reference import Reference
from pipeline.settings import ROOT

SECOND = ROOT / "data" / "reference" / "evaluation" / "kratom_second_reading.csv"
EXPERIMENTS = {"RCT", "NRCT"}


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa of two codings of the same items, in their order.

    Raises:
        ValueError: there are no items, or not equally many.
    """
    if not first or len(first) != len(second):
        raise ValueError("two codings of the same items are needed")
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ours, theirs = Counter(first), Counter(second)
    by_chance = sum(ours[code] * theirs[code] for code in ours) / n**2
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def main(arguments: list[str] | None = None) -> int:
    """Print the agreement on study types, trials and human laboratory studies, claims and pain."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    read = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines() if line]
    first = {str(record["id"]): record["reading"] for record in read}
    with SECOND.open(encoding="utf-8", newline="") as file:
        second = [row for row in csv.DictReader(file) if row["id"] in first]
    pairs = [(first[row["id"]], row) for row in second]
    claims = [claim.code for claim in Reference.load(ROOT / "data" / "reference").claims.claims]
    answers = [
        (claim in one["claims"], claim in row["claims"].split())
        for one, row in pairs
        for claim in claims
        if claim not in one["claims_borderline"] + row["claims_borderline"].split()
    ]
    codings: dict[str, list[tuple[Hashable, Hashable]]] = {
        "study type": [(one["study_type"], row["study_type"]) for one, row in pairs],
        "trial or human laboratory study": [
            (one["study_type"] in EXPERIMENTS, row["is_experiment"] == "true") for one, row in pairs
        ],
        "claims (record by claim)": [*answers],
        "pain": [(one["pain"][:7], row["pain"][:7]) for one, row in pairs],
    }
    for name, coding in codings.items():
        agreed = sum(a == b for a, b in coding)
        value = kappa([a for a, _ in coding], [b for _, b in coding])
        print(f"{name:26} {agreed} of {len(coding)} alike, kappa {value:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
