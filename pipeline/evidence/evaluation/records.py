"""Records to evaluate on: labelled abstracts, or PubMed's records with NLM's tags withheld.

Both come without the terms NLM assigned: publication types, headings, substances and concepts.
Links between articles stay (an erratum is linked to its article), since they are neither.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.mapping import ALL, LabelMapping
from pipeline.evidence.record import Record, read_records
from pipeline.rules.text import Section
from pipeline.warehouse import database, load, stage
from pipeline.warehouse.fingerprint import schema_files

_LOADED_AT = datetime(2000, 1, 1)  # noqa: DTZ001  (naive UTC, as every _at column; never read)
_ROW = ("pmid", "title", "abstract", "label")


@dataclass(frozen=True)
class Labelled:
    """Records, and what others call them.

    Attributes:
        records: the records, without NLM's terms, in the order of their numbers.
        labels: labels by number; several where NLM gave several tags.
    """

    records: tuple[Record, ...]
    labels: dict[int, tuple[str, ...]]


def labelled(path: Path, mapping: LabelMapping, part: str) -> Labelled:
    """Labelled titles and abstracts of a CSV file.

    Args:
        path: the file; its columns are named in the mapping.
        mapping: columns and split.
        part: develop, unseen or all.

    Raises:
        ConfigurationError: the file is not there, or lacks a column.
    """
    rows = _rows(path, mapping, part)
    return Labelled(
        tuple(
            Record(
                number,
                title,
                source="labels",
                sections=(Section(1, None, None, True, abstract),) if abstract else (),
            )
            for number, title, abstract, _ in rows
        ),
        {number: (label,) for number, _, _, label in rows},
    )


def tagged(paths: Sequence[Path], mapping: LabelMapping, part: str, sql: Path) -> Labelled:
    """Records of PubMed files whose publication types mean a class of the mapping.

    Args:
        paths: PubMed XML or .nbib files.
        mapping: classes and split.
        part: develop, unseen or all.
        sql: directory with the schema.

    Raises:
        ConfigurationError: a file is not there.
    """
    known = {label for s in mapping.schemes for one in s.classes for label in one.labels}
    found: list[Record] = []
    with duckdb.connect() as con:
        database.configure(con)
        for path in schema_files(sql):
            con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(con)
        for path in paths:
            if not path.is_file():
                raise ConfigurationError(f"There is no file {path}.", effect="Nothing was done.")
            stage.stage_file(con, path, raw_file=None, stamp=path.name)
            con.execute("BEGIN")
            load.merge(con, _LOADED_AT)
            con.execute("COMMIT")
            stage.empty_staging(con)
        for batch in read_records(con, "core"):
            found += [
                one
                for one in batch
                if known.intersection(tag.name for tag in one.publication_types)
                and part in (ALL, mapping.split.part(str(one.pmid)))
            ]
    return Labelled(
        tuple(
            replace(one, publication_types=(), headings=(), substances=(), supplementary=())
            for one in found
        ),
        {one.pmid: tuple(tag.name for tag in one.publication_types) for one in found},
    )


def _rows(path: Path, mapping: LabelMapping, part: str) -> list[tuple[int, str, str, str]]:
    """(number, title, abstract, label) of the part; a record that is there twice counts once.

    Records are numbered, since some sets hold records without a PMID.
    """
    columns = mapping.columns
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(columns.values()) - set(reader.fieldnames or ()))
            if missing:
                raise ConfigurationError(
                    f"{path} has no column {missing[0]}.",
                    effect="Nothing was evaluated.",
                    next_step="name the columns in the mapping file, under [columns].",
                )
            rows = [tuple(row[columns[name]] for name in _ROW) for row in reader]
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", effect="Nothing was evaluated."
        ) from error
    wanted = dict.fromkeys(row[0] for row in rows if part in (ALL, mapping.split.part(row[0])))
    found = {identifier: rest for identifier, *rest in reversed(rows) if identifier in wanted}
    return [
        (number, found[identifier][0], found[identifier][1], found[identifier][2])
        for number, identifier in enumerate(wanted, 1)
    ]
