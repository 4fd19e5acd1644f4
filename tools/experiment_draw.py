"""Draw trials and human laboratory studies to be read by somebody who wrote no rule.

    python -m tools.experiment_draw ../shared/pubmed/pubmed21n1298.xml.gz listed odd 3 100

prints 100 records of draw 3 as JSON lines: PMID, title and abstract, without what NLM or we say of
them. `listed` draws from the records whose primary type is one, `net` from the others that the wide
net holds. Records of earlier draws (`experiments_read.csv`) are left out. Rules are written beside
even PMIDs, so odd ones say more, as long as there are any left.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from pipeline.evidence.record import Record, read_records
from pipeline.evidence.study_types import load_study_types, types_of
from pipeline.rules.language import load_language
from pipeline.settings import Settings
from tools.whole_file import records_of

READ = Path("evaluation") / "experiments_read.csv"
EXPERIMENTS = frozenset({"RCT", "NRCT"})
WIDE_NET = "is_possible_human_experiment"


def draw(
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


def main(arguments: Sequence[str]) -> None:
    """Load a file, judge the types of its records, print those drawn."""
    source, held_by, parity, seed, size = arguments
    settings = Settings.from_environment()
    types = load_study_types(settings.reference / "study_types.toml")
    language = load_language(settings.reference / "language.toml")
    with (settings.reference / READ).open(encoding="utf-8", newline="") as file:
        read = {int(row["pmid"]) for row in csv.DictReader(file)}
    held: dict[str, dict[int, Record]] = {"listed": {}, "net": {}}
    with records_of(Path(source), settings.sql) as con:
        for record in (one for batch in read_records(con, "core") for one in batch):
            judged = types_of(types, record, record.units(language), record.tags())
            if any(label.is_primary and label.study_type in EXPERIMENTS for label in judged.labels):
                held["listed"][record.pmid] = record
            elif WIDE_NET in judged.flags:
                held["net"][record.pmid] = record
    records = held[held_by]
    for pmid in draw(records, read, parity=parity, seed=int(seed), size=int(size)):
        print(line(records[pmid]))
    sys.stderr.write(f"{held_by}: {len(records)}; rules {types.version}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
