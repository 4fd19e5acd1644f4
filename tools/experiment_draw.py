"""Draw trials and human laboratory studies to be read by somebody who wrote no rule.

    python -m tools.experiment_draw ../shared/pubmed/pubmed21n1298.xml.gz 3 100

prints 100 records of draw 3 as JSON lines: PMID, title and abstract, without what NLM or we say of
them. Records of earlier draws (`experiments_read.csv`) are left out, and so are even PMIDs, which
rules are written beside.
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


def draw(listed: Collection[int], read: Collection[int], *, seed: int, size: int) -> list[int]:
    """PMIDs drawn from those listed: odd ones that nobody has read.

    Args:
        listed: records whose primary type is a trial or human laboratory study.
        read: records of earlier draws.
        seed: number of the draw.
        size: how many are wanted; fewer where fewer are left.
    """
    unread = sorted(pmid for pmid in set(listed) - set(read) if pmid % 2)
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
    source, seed, size = arguments
    settings = Settings.from_environment()
    types = load_study_types(settings.reference / "study_types.toml")
    language = load_language(settings.reference / "language.toml")
    with (settings.reference / READ).open(encoding="utf-8", newline="") as file:
        read = {int(row["pmid"]) for row in csv.DictReader(file)}
    listed: dict[int, Record] = {}
    with records_of(Path(source), settings.sql) as con:
        for record in (one for batch in read_records(con, "core") for one in batch):
            labels = types_of(types, record, record.units(language), record.tags()).labels
            if any(label.is_primary and label.study_type in EXPERIMENTS for label in labels):
                listed[record.pmid] = record
    for pmid in draw(listed, read, seed=int(seed), size=int(size)):
        print(line(listed[pmid]))
    sys.stderr.write(f"listed: {len(listed)}; rules {types.version}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
