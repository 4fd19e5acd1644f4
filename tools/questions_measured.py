"""Measure the questions of claims.toml on the kratom records that were read for them.

python -m tools.questions_measured PUBLISHED.duckdb

The published set must hold the records of questions_read_kratom.csv (their texts are not kept
here). Writes data/reference/questions_measured.jsonl, which `ketum explain` shows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

from pipeline.evidence.evaluation.questions_read import measure
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_files import QUESTIONS_MEASURED
from pipeline.settings import ROOT

REFERENCE = ROOT / "data" / "reference"
READINGS = REFERENCE / "evaluation" / "questions_read_kratom.csv"


def main(published: Path) -> None:
    """Write the figures and print their sums.

    Args:
        published: a published database.
    """
    claims = Reference.load(REFERENCE).claims
    questions = [claim.code for claim in claims.matched()]
    with duckdb.connect(str(published), read_only=True) as con:
        measured = measure(con, READINGS, questions, claims.version)
    target = REFERENCE / QUESTIONS_MEASURED
    target.write_text("".join(f"{one.model_dump_json()}\n" for one in measured), encoding="utf-8")
    right, said = sum(one.said_right for one in measured), sum(one.said for one in measured)
    found, read = sum(one.found for one in measured), sum(one.read for one in measured)
    print(f"{right} of {said} said are right; {found} of {read} read are found.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("published", type=Path, metavar="PUBLISHED.duckdb")
    main(parser.parse_args().published)
