"""Draw pairs of record and claim to be read by a person; docs/evaluation/claims.md says how.

    python -m tools.claim_draw ../shared/pubmed/pubmed21n1298.xml.gz 3

prints the rows of draw 3 for claim_pairs.csv, without verdicts. Nothing is stored in a table.
"""

from __future__ import annotations

import csv
import random
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from pipeline.evidence.claim_finding import claims_of
from pipeline.evidence.claims import load_claims
from pipeline.evidence.record import read_records
from pipeline.evidence.study_types import load_study_types, types_of
from pipeline.evidence.topics import topics_of
from pipeline.evidence.topics_file import load_topics
from pipeline.rules.language import load_language
from pipeline.settings import Settings
from tools.whole_file import records_of

SEEDS = {"3": 20261125, "4": 20261126, "5": 20261127, "6": 20261128, "7": 20261129}
"""Seed of each draw, fixed before it was made; earlier draws were made otherwise."""
PAIRS_FILE = Path("evaluation") / "claim_pairs.csv"
STRATA = {
    "3": {"harms": 40, "pain records": 30, "stand-in records": 30},
    "4": {"harms": 40, "pain records": 20, "stand-in records": 40},
    "5": {"harms": 60, "pain records": 0, "stand-in records": 40},
    "6": {"harms": 60, "pain records": 0, "stand-in records": 40},
    "7": {"harms": 80},
}
"""How many pairs of each stratum are read in each draw; fewer where fewer are left."""
COLUMNS = ("part", "position", "pmid", "claim", "how", "stratum", "verdict")
PARITIES = {"6": (0,), "7": (0, 1)}
"""PMIDs, even or odd, of the draws that take records of which no pair was ever read."""
PAIN_RECORDS = "pain records"
_SUBSTITUTE = "pain"
"""Topic whose records are matched with the substance waived."""

Pair = tuple[int, str, str]
"""PMID, claim, how."""


def find_pairs(
    con: duckdb.DuckDBPyConnection, reference: Path, number: str
) -> dict[str, list[Pair]]:
    """All pairs of the records held, by stratum.

    Args:
        con: core is filled; nothing is written.
        reference: directory of the reference files.
        number: of the draw; the file of stand-ins says which list it uses.
    """
    topics = load_topics(reference / "topics.toml")
    types = load_study_types(reference / "study_types.toml")
    stand_in = tomllib.loads((reference / "evaluation" / "claim_stand_in.toml").read_text("utf-8"))
    claims = load_claims(
        reference / "claims.toml",
        types.codes(),
        topics,
        stand_in=stand_in["names"][stand_in["draw"][number]],
    )
    language = load_language(reference / "language.toml")
    modes = (None, _SUBSTITUTE) if PAIN_RECORDS in STRATA[number] else (None,)
    found: dict[str, list[Pair]] = {}
    for record in (one for batch in read_records(con, "core") for one in batch):
        units, tags = record.units(language), record.tags()
        hits = topics_of(topics, units, tags).hits
        labels = types_of(types, record, units, tags).labels
        for instead in modes:
            told = claims_of(claims, units, tags, topics=hits, labels=labels, instead=instead)
            found.setdefault(instead or "", []).extend(
                (record.pmid, hit.claim, hit.how) for hit in told.hits
            )
    return by_stratum(found.get("", []), found.get(_SUBSTITUTE, []))


def by_stratum(stand_in: Iterable[Pair], waived: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Harms of either mode are one stratum; a pair found in both modes counts as stand-in's."""
    strata: dict[str, list[Pair]] = {name: [] for name in STRATA["3"]}
    seen: set[tuple[int, str]] = set()
    for name, pairs in (("stand-in records", stand_in), ("pain records", waived)):
        for pair in pairs:
            if pair[:2] not in seen:
                seen.add(pair[:2])
                strata["harms" if pair[1].startswith("safety.") else name].append(pair)
    return strata


def draw(strata: dict[str, list[Pair]], read: set[tuple[int, str]], number: str) -> list[list[str]]:
    """Rows for the file of verdicts: pairs that nobody has read yet.

    Odd PMIDs; in draw 6 the even ones, and in draw 7 all, of records of which no pair was read.

    Args:
        strata: from `find_pairs`.
        read: pairs with a verdict.
        number: of the draw.
    """
    rows: list[list[str]] = []
    known = {pmid for pmid, _ in read}
    for name, size in STRATA[number].items():
        unread = sorted(
            one
            for one in strata[name]
            if one[0] % 2 in PARITIES.get(number, (1,))
            and one[:2] not in read
            and (number not in PARITIES or one[0] not in known)
        )
        random.Random(SEEDS[number]).shuffle(unread)
        sys.stderr.write(f"{name}: {len(unread)} unread pairs\n")
        rows += [[str(pmid), claim, how, name] for pmid, claim, how in unread[:size]]
    return rows


def main(arguments: Sequence[str]) -> None:
    """Load a file, find the pairs, print those drawn."""
    source, number = arguments
    settings = Settings.from_environment()
    with (settings.reference / PAIRS_FILE).open(encoding="utf-8", newline="") as file:
        read = {(int(row["pmid"]), row["claim"]) for row in csv.DictReader(file)}
    with records_of(Path(source), settings.sql) as con:
        rows = draw(find_pairs(con, settings.reference, number), read, number)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [f"draw {number}", str(position), *row, ""] for position, row in enumerate(rows, 1)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
