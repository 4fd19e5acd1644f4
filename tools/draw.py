"""Draw records to be read by a person, always the same ones, and none that was read before.

    python -m tools.draw claims FILE 3
    python -m tools.draw experiments FILE listed odd 3 100

FILE is one of NLM's, such as ../shared/pubmed/pubmed21n1298.xml.gz. `claims` prints the pairs of
record and claim of draw 3 as rows for claim_pairs.csv, without verdicts
(docs/evaluation/claims.md). `experiments` prints 100 records of draw 3 as JSON lines: PMID, title
and abstract, and not what NLM or we say of them. `listed` draws from the records whose primary type
is a trial or human laboratory study, `net` from the others that the wide net holds. Rules are
written beside even PMIDs, so odd ones say more, as long as there are any left.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.evidence.claim_finding import claims_of
from pipeline.evidence.claims import load_claims
from pipeline.evidence.record import Record, read_records
from pipeline.evidence.study_types import load_study_types, types_of
from pipeline.evidence.topics import load_topics, topics_of
from pipeline.rules.text import load_language
from pipeline.settings import Settings
from pipeline.warehouse import load, stage
from pipeline.warehouse.fingerprint import schema_files


@contextmanager
def records_of(source: Path, sql: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory whose `core` holds all records of a file; closed at the end.

    Args:
        source: PubMed XML, plain or .gz, or .nbib.
        sql: directory of the schema.

    Raises:
        SourceError: the file is damaged, cut, or of a kind we do not read.
    """
    with duckdb.connect() as con:
        for path in schema_files(sql):
            con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(con)
        stage.stage_file(con, source, raw_file=None, stamp="draw")
        con.begin()
        load.merge(con, datetime.now(UTC).replace(tzinfo=None))
        con.commit()
        yield con


# -- Pairs of record and claim

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
"""PMIDs, even or odd, of the draws that take only records without a pair that was read."""
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
            judged = claims_of(claims, units, tags, topics=hits, labels=labels, instead=instead)
            found.setdefault(instead or "", []).extend(
                (record.pmid, hit.claim, hit.how) for hit in judged.hits
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


def draw_pairs(
    strata: dict[str, list[Pair]], read: set[tuple[int, str]], number: str
) -> list[list[str]]:
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


# -- Trials and human laboratory studies, read by somebody who wrote no rule

EXPERIMENTS_READ = Path("evaluation") / "experiments_read.csv"
EXPERIMENTS = frozenset({"RCT", "NRCT"})
WIDE_NET = "is_possible_human_experiment"


def draw_records(
    held: Collection[int], read: Collection[int], *, parity: str, seed: int, size: int
) -> list[int]:
    """PMIDs drawn from those that nobody has read.

    Args:
        held: records to draw from.
        read: records of earlier draws.
        parity: odd or even PMIDs.
        seed: number of the draw.
        size: how many are wanted; fewer where fewer are left.
    """
    rest = ("even", "odd").index(parity)
    unread = sorted(pmid for pmid in set(held) - set(read) if pmid % 2 == rest)
    random.Random(seed).shuffle(unread)
    return unread[:size]


def line(record: Record) -> str:
    """A record as its reader sees it."""
    sections = (
        f"{section.label}: {section.text}" if section.label else section.text
        for section in record.sections
        if section.is_main
    )
    shown = {"pmid": record.pmid, "title": record.title, "abstract": " ".join(sections)}
    return json.dumps(shown, ensure_ascii=False)


def _print_pairs(source: Path, number: str, settings: Settings) -> None:
    with (settings.reference / PAIRS_FILE).open(encoding="utf-8", newline="") as file:
        read = {(int(row["pmid"]), row["claim"]) for row in csv.DictReader(file)}
    with records_of(source, settings.sql) as con:
        rows = draw_pairs(find_pairs(con, settings.reference, number), read, number)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [f"draw {number}", str(position), *row, ""] for position, row in enumerate(rows, 1)
    )


def _print_records(
    source: Path, held_by: str, parity: str, seed: int, size: int, settings: Settings
) -> None:
    types = load_study_types(settings.reference / "study_types.toml")
    language = load_language(settings.reference / "language.toml")
    with (settings.reference / EXPERIMENTS_READ).open(encoding="utf-8", newline="") as file:
        read = {int(row["pmid"]) for row in csv.DictReader(file)}
    held: dict[str, dict[int, Record]] = {"listed": {}, "net": {}}
    with records_of(source, settings.sql) as con:
        for record in (one for batch in read_records(con, "core") for one in batch):
            judged = types_of(types, record, record.units(language), record.tags())
            if any(label.is_primary and label.study_type in EXPERIMENTS for label in judged.labels):
                held["listed"][record.pmid] = record
            elif WIDE_NET in judged.flags:
                held["net"][record.pmid] = record
    records = held[held_by]
    for pmid in draw_records(records, read, parity=parity, seed=seed, size=size):
        print(line(records[pmid]))
    sys.stderr.write(f"{held_by}: {len(records)}; rules {types.version}\n")


def main(arguments: Sequence[str]) -> None:
    """Load a file, judge its records, print what is drawn."""
    what, source, *options = arguments
    settings = Settings.from_environment()
    if what == "claims":
        (number,) = options
        _print_pairs(Path(source), number, settings)
    else:
        held_by, parity, seed, size = options
        _print_records(Path(source), held_by, parity, int(seed), int(size), settings)


if __name__ == "__main__":
    main(sys.argv[1:])
