"""Write the records of a selection to one file, in the form its program imports.

Formats that belong to no program are in `FORMATS`, programs in `TARGETS`; which fields each
program keeps is in docs/exports.md.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.escaping import for_csv, for_json
from pipeline.outputs import query
from pipeline.outputs.citations import citation, nbib, reference_managers, selection
from pipeline.outputs.citations.citation import Citation
from pipeline.outputs.citations.selection import Selection
from pipeline.outputs.manifest import LICENCE
from pipeline.settings import Settings
from pipeline.storage import for_duckdb, for_reading


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        suffix: of its name.
        write: puts the records into a file, with or without abstracts.
        abstracts: written even where nobody asks for them: there is no screening without.
        needs_pmid: leaves out citations known only by DOI.
    """

    suffix: str
    write: Callable[[Sequence[Citation], bool, Path], None]
    abstracts: bool = False
    needs_pmid: bool = False


def _text(render: Callable[..., str], *more: object) -> Callable[..., None]:
    def write(citations: Sequence[Citation], abstracts: bool, path: Path) -> None:
        # as rendered, without the line ends of this machine
        path.write_text(render(citations, abstracts, *more), encoding="utf-8", newline="")

    return write


def _csv(citations: Sequence[Citation], abstracts: bool) -> str:
    return csv_text([row(citation, abstracts) for citation in citations])


_EXCEL_CELL = 32_767
"""Characters that Excel keeps of a cell."""


def _excel(citations: Sequence[Citation], abstracts: bool) -> str:
    """The same CSV as Excel opens it: a byte order mark, without which it takes UTF-8 for ANSI."""
    rows = [row(citation, abstracts) for citation in citations]
    return "\ufeff" + csv_text(rows, longest=_EXCEL_CELL)


def _json_lines(citations: Sequence[Citation], abstracts: bool) -> str:
    return json_lines([row(citation, abstracts) for citation in citations])


def _parquet(citations: Sequence[Citation], abstracts: bool, path: Path) -> None:
    write_parquet([row(citation, abstracts) for citation in citations], path)


def _asreview(citations: Sequence[Citation], abstracts: bool) -> str:
    """The columns ASReview works with, then ours, which its CSV export gives back."""
    return csv_text(
        [
            {
                "title": citation.title,
                "abstract": citation.text("abstract") if abstracts else "",
                "authors": [person.inverted() for person in citation.authors],
                "keywords": list(citation.keywords),
                "year": citation.year,
                "doi": citation.text("doi"),
                "url": citation.url,
                **_ours(citation),
            }
            for citation in citations
        ],
        between=";",
    )


def _rayyan(citations: Sequence[Citation], abstracts: bool) -> str:
    """The columns of Rayyan's CSV; study type and set id go into its notes as well."""
    return csv_text(
        [
            {
                "key": citation.key,
                "title": citation.title,
                "authors": [person.inverted() for person in citation.authors],
                "journal": citation.container or citation.text("book_title"),
                "issn": citation.text("issn"),
                "volume": citation.text("volume"),
                "issue": citation.text("issue"),
                "pages": citation.text("locator"),
                "day": citation.day,
                "month": citation.month,
                "year": citation.year,
                "publisher": citation.text("publisher_name"),
                "pmc_id": citation.pmc_id,
                "pubmed_id": citation.pmid,
                "url": citation.doi_url or citation.url,
                "language": citation.languages,
                "keywords": list(citation.keywords),
                "abstract": citation.text("abstract") if abstracts else "",
                "notes": "; ".join((*citation.marks, f"ketum set: {citation.set_id}")),
            }
            for citation in citations
        ]
    )


def _ours(citation: Citation) -> dict[str, Any]:
    return {
        "pmid": citation.pmid,
        "pmcid": citation.pmc_id,
        "journal": citation.container or citation.text("book_title"),
        "study_type": citation.columns["study_type"],
        "study_type_label": citation.columns["study_type_label"],
        "evidence_group": citation.columns["evidence_group"],
        "is_retracted": citation.columns["is_retracted"],
        "is_preprint": citation.columns["is_preprint"],
        "registrations": citation.columns["registrations"],
        "set_id": citation.set_id,
    }


FORMATS = {
    "ris": Kind(".ris", _text(reference_managers.ris_text)),
    "bibtex": Kind(".bib", _text(reference_managers.bibtex_text)),
    "csl-json": Kind(".json", _text(reference_managers.csl_text)),
    "nbib": Kind(".nbib", _text(nbib.render), needs_pmid=True),
    "csv": Kind(".csv", _text(_csv)),
    "parquet": Kind(".parquet", _parquet),
    "jsonl": Kind(".jsonl", _text(_json_lines)),
}

TARGETS = {
    "zotero": Kind(
        ".ris", _text(reference_managers.ris_text, reference_managers.Dialect(ids_in_extra=True))
    ),
    "endnote": Kind(
        ".ris",
        _text(
            reference_managers.ris_text,
            reference_managers.Dialect(
                pmcid_in_custom_2=True, type_of_work=True, closes_groups=True
            ),
        ),
    ),
    "rayyan": Kind(".csv", _text(_rayyan), abstracts=True),
    "asreview": Kind(".csv", _text(_asreview), abstracts=True),
    "revman": Kind(".ris", _text(reference_managers.ris_text)),
    "excel": Kind(".csv", _text(_excel)),
}


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes:
        path: the file, or None where there was nothing to write.
        lines: what the user should know, one sentence each.
    """

    path: Path | None
    lines: tuple[str, ...]


def export(
    settings: Settings,
    wanted: Selection,
    kind_name: str,
    *,
    with_abstracts: bool = False,
    not_in: Sequence[Path] = (),
    output: Path | None = None,
) -> Exported:
    """Write the records wanted from the latest published set.

    Args:
        settings: where the set is.
        wanted: which records.
        kind_name: a name of `FORMATS` or `TARGETS`.
        with_abstracts: write abstracts; screening targets have them in any case.
        not_in: earlier exports whose records are left out.
        output: the file, or a directory for one named after selection and set; default: the
            directory one is in.

    Raises:
        ConfigurationError: nothing is published, the selection names what the set does not
            have, an earlier export cannot be read, the file is there already, or its directory
            is not.
    """
    kind = (FORMATS | TARGETS)[kind_name]
    abstracts = with_abstracts or kind.abstracts
    earlier = selection.exported_before(not_in)
    with query.open_published(settings) as con:
        citations = citation.read(con, selection.matching(con, wanted))
    lines = []
    kept = [record for record in citations if not earlier.holds(record)]
    if not_in:
        lines.append(f"{len(citations) - len(kept)} record(s) left out: exported before.")
    if kind.needs_pmid:
        unnumbered = [record for record in kept if record.pmid is None]
        kept = [record for record in kept if record.pmid is not None]
        if unnumbered:
            lines.append(
                f"{len(unnumbered)} record(s) left out: known only by DOI, and this format "
                "begins each record with its PMID. RIS holds them."
            )
    if not kept:
        return Exported(None, (*lines, "No record to export: nothing was written."))
    path = _path(output, wanted, kind_name, kind, kept[0].set_id, bool(not_in))
    _write(kind, kept, abstracts, path)
    lines.insert(0, f"{len(kept)} record(s) of set {kept[0].set_id}.")
    if abstracts:
        without = sum(not record.columns["abstract"] for record in kept)
        lines += [f"{without} of them have no abstract in this set.", LICENCE]
    if untitled := sum(not record.columns["title"] for record in kept):
        lines.insert(1, f"{untitled} of them have no title in this set.")
    return Exported(path, tuple(lines))


def _path(
    output: Path | None, wanted: Selection, kind_name: str, kind: Kind, set_id: str, is_rest: bool
) -> Path:
    """The file to write; its name says which records, set (date and source) and program."""
    name = f"ketum_{wanted.name()}{'_rest' if is_rest else ''}_{set_id}"
    if kind_name in TARGETS:
        name += f".{kind_name}"
    path = output or Path()
    if path.is_dir():
        path = path / f"{name}{kind.suffix}"
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"There is no directory {path.parent}.",
            effect="Nothing was written.",
            next_step="make it, or name another place with --output.",
        )
    if path.exists():
        # it may be what the next --not-in needs
        raise ConfigurationError(
            f"{path} is there already.",
            effect="Nothing was written.",
            next_step="name another file with --output, or remove it.",
        )
    return path


def _write(kind: Kind, citations: Sequence[Citation], abstracts: bool, path: Path) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        kind.write(citations, abstracts, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# -- CSV, JSON lines and Parquet: one row a record, the same columns in each

COLUMNS = {
    "pmid": "INTEGER", "doi": "VARCHAR", "pmcid": "VARCHAR", "title": "VARCHAR",
    "authors": "VARCHAR[]", "journal": "VARCHAR", "year": "SMALLINT", "date": "VARCHAR",
    "volume": "VARCHAR", "issue": "VARCHAR", "pages": "VARCHAR", "languages": "VARCHAR[]",
    "publication_types": "VARCHAR[]", "study_type": "VARCHAR", "study_type_label": "VARCHAR",
    "evidence_group": "VARCHAR", "assigned_by": "VARCHAR", "confidence": "VARCHAR",
    "is_retracted": "BOOLEAN", "is_preprint": "BOOLEAN", "terms": "VARCHAR[]", "url": "VARCHAR",
    "first_author_country": "VARCHAR", "countries": "VARCHAR[]", "registrations": "VARCHAR[]",
    "facets": "VARCHAR[]", "claims": "VARCHAR[]", "first_seen_at": "TIMESTAMP",
    "set_id": "VARCHAR", "abstract": "VARCHAR",
}  # fmt: skip
"""Names and DuckDB types. `date` is ISO as far as known; `abstract` only when asked for."""


CUT = " [cut here]"


def row(citation: Citation, abstracts: bool) -> dict[str, Any]:
    """A record as values of `COLUMNS`, texts as PubMed has them, None for what is not known."""
    columns = citation.columns
    found: dict[str, Any] = {name: columns.get(name) for name in COLUMNS} | {
        "pmid": citation.pmid,
        "pmcid": citation.pmc_id or None,
        "title": columns["title"] or columns["book_title"],
        "authors": [person.inverted() for person in citation.authors],
        "journal": citation.container or columns["book_title"],
        "date": citation.iso_date or None,
        "volume": columns["volume"] or columns["book_volume"],
        "pages": columns["locator"],
        "publication_types": columns["publication_types"] or [],
        "terms": list(citation.terms),
        "url": citation.url or None,
        "first_seen_at": columns["first_seen_at"].isoformat(),
        "set_id": citation.set_id,
    }
    if not abstracts:
        del found["abstract"]
    return found


def csv_text(
    rows: Sequence[dict[str, Any]], between: str = "; ", longest: int | None = None
) -> str:
    """Rows as CSV: UTF-8 with a header, lists joined, an apostrophe before what looks a formula.

    Args:
        rows: with the same keys each.
        between: what stands between the values of a list.
        longest: characters of a cell at most; what is longer is cut, and says so.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for values in rows:
        writer.writerow(_cell(value, between, longest) for value in values.values())
    return out.getvalue()


def _cell(value: object, between: str, longest: int | None) -> object:
    if isinstance(value, list):
        value = between.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    text = for_csv(value)
    if longest is None or len(text) <= longest:
        return text
    return f"{text[: longest - len(CUT)]}{CUT}"


def json_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as JSON objects, one on each line."""
    return "".join(for_json(json.dumps(values, ensure_ascii=False)) + "\n" for values in rows)


def write_parquet(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Write rows as a Parquet file with the types of `COLUMNS`.

    The rows go to DuckDB as JSON lines in a file beside: value by value would take minutes.
    """
    columns = {name: COLUMNS[name] for name in rows[0]}
    lines = target.with_name(f"{target.name}.jsonl")
    try:
        lines.write_text(json_lines(rows), encoding="utf-8")
        with duckdb.connect() as con:
            con.read_json(
                for_reading(lines),
                columns=columns,
                format="newline_delimited",
                hive_partitioning=False,
            ).write_parquet(for_duckdb(target), compression="zstd")
    finally:
        lines.unlink(missing_ok=True)
