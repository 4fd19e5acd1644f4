"""Which records earlier exports hold: reads every format this package writes."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import rispy
from bibtexparser.entrypoint import parse_string
from Bio import Medline

from pipeline.errors import ConfigurationError
from pipeline.identifiers import same_doi
from pipeline.outputs.citations.citation import Citation
from pipeline.storage import first_line, for_reading, lines, shown

Identifiers = tuple[str, str]
"""PMID and DOI of a record, either of them empty when it has none."""


@dataclass(frozen=True)
class Before:
    """Records that were exported before.

    A PMID decides where there is one: an article and a comment on it may share a DOI. The DOI
    decides for citations that had, or have, no PMID.
    """

    pmids: frozenset[str]
    dois: frozenset[str]
    dois_without_pmid: frozenset[str]

    def holds(self, citation: Citation) -> bool:
        """Whether the record was exported before."""
        doi = same_doi(citation.said["doi"])
        if citation.pmid is None:
            return doi in self.dois
        return str(citation.pmid) in self.pmids or doi in self.dois_without_pmid


def read(paths: Iterable[Path]) -> Before:
    """The records of earlier exports.

    Args:
        paths: files this package wrote, in any of its formats, told by their suffix.

    Raises:
        ConfigurationError: a file cannot be read, or has no identifier at all.
    """
    pairs = {pair for path in paths for pair in _identifiers(path)}
    return Before(
        pmids=frozenset(pmid for pmid, _ in pairs if pmid),
        dois=frozenset(doi for _, doi in pairs if doi),
        dois_without_pmid=frozenset(doi for pmid, doi in pairs if doi and not pmid),
    )


def _identifiers(path: Path) -> set[Identifiers]:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(path, f"it is none of {', '.join(_READERS)}")
    try:
        found = {(pmid.strip(), same_doi(doi) or "") for pmid, doi in reader(path)}
    except (OSError, ValueError, AttributeError, KeyError, csv.Error, duckdb.Error) as error:
        raise _unreadable(path, first_line(error)) from None
    found.discard(("", ""))
    if not found:
        raise _unreadable(path, "no record in it has a PMID or a DOI")
    return found


def _ris(path: Path) -> Iterator[Identifiers]:
    for entry in rispy.loads(_words(path)):
        yield entry.get("accession_number", ""), entry.get("doi", "")


def _bibtex(path: Path) -> Iterator[Identifiers]:
    for entry in parse_string(_words(path)).entries:
        fields = {name.lower(): str(field.value) for name, field in entry.fields_dict.items()}
        yield fields.get("pmid", ""), fields.get("doi", "")


def _csl_json(path: Path) -> Iterator[Identifiers]:
    for item in json.loads(_words(path)):
        yield str(item.get("PMID", "")), str(item.get("DOI", ""))


def _nbib(path: Path) -> Iterator[Identifiers]:
    with path.open(encoding="utf-8-sig") as file:
        for record in Medline.parse(file):  # type: ignore[no-untyped-call]
            dois = [text for text in record.get("AID", []) if text.endswith(" [doi]")]
            yield record.get("PMID", ""), dois[0].removesuffix(" [doi]") if dois else ""


def _csv(path: Path) -> Iterator[Identifiers]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # an abstract may be longer than its default
    with path.open(encoding="utf-8-sig", newline="") as file:
        for values in csv.DictReader(file):
            # Rayyan has no column for a DOI and takes it as the address
            doi = values.get("doi") or values.get("url") or ""
            yield values.get("pmid") or values.get("pubmed_id") or "", doi


def _json_lines(path: Path) -> Iterator[Identifiers]:
    for line in lines(_words(path)):
        if not line:
            continue
        values = json.loads(line)
        yield str(values.get("pmid") or ""), values.get("doi") or ""


def _parquet(path: Path) -> Iterator[Identifiers]:
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT coalesce(pmid::VARCHAR, ''), coalesce(doi, '') "
            "FROM read_parquet(?, hive_partitioning = false)",
            [for_reading(path)],
        ).fetchall()
    yield from rows


_READERS: dict[str, Callable[[Path], Iterator[Identifiers]]] = {
    ".ris": _ris,
    ".bib": _bibtex,
    ".json": _csl_json,
    ".nbib": _nbib,
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}


def _words(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _unreadable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{shown(path)} could not be read as an earlier export: {why}.",
        effect="Nothing was written.",
        next_step="give a file that `ketum export` wrote.",
    )
