"""What programs import: the format of each, and the fields they keep (docs/exports.md).

Formats that are no program's own stand in `FORMATS`, programs in `TARGETS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.outputs.citations import bibtex, csl, nbib, ris, tabular
from pipeline.outputs.citations.citation import Citation


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        suffix: of its name.
        write: puts the records into a file, with or without abstracts.
        abstracts: written unless asked for: screening without them makes no sense.
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
    return tabular.csv_text([tabular.row(citation, abstracts) for citation in citations])


def _json_lines(citations: Sequence[Citation], abstracts: bool) -> str:
    return tabular.json_lines([tabular.row(citation, abstracts) for citation in citations])


def _parquet(citations: Sequence[Citation], abstracts: bool, path: Path) -> None:
    tabular.write_parquet([tabular.row(citation, abstracts) for citation in citations], path)


def _asreview(citations: Sequence[Citation], abstracts: bool) -> str:
    """The columns ASReview works with, then ours, which its CSV export gives back."""
    return tabular.csv_text(
        [
            {
                "title": citation.text("title") or citation.text("book_title"),
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
    return tabular.csv_text(
        [
            {
                "key": citation.key,
                "title": citation.text("title") or citation.text("book_title"),
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
        "study_type": citation.said["study_type"],
        "study_type_label": citation.said["study_type_label"],
        "evidence_group": citation.said["evidence_group"],
        "is_retracted": citation.said["is_retracted"],
        "set_id": citation.set_id,
    }


FORMATS = {
    "ris": Kind(".ris", _text(ris.render)),
    "bibtex": Kind(".bib", _text(bibtex.render)),
    "csl-json": Kind(".json", _text(csl.render)),
    "nbib": Kind(".nbib", _text(nbib.render), needs_pmid=True),
    "csv": Kind(".csv", _text(_csv)),
    "parquet": Kind(".parquet", _parquet),
    "jsonl": Kind(".jsonl", _text(_json_lines)),
}

TARGETS = {
    "zotero": Kind(".ris", _text(ris.render, ris.Dialect(ids_in_extra=True))),
    "endnote": Kind(
        ".ris",
        _text(
            ris.render,
            ris.Dialect(pmcid_in_custom_2=True, type_of_work=True, closes_groups=True),
        ),
    ),
    "rayyan": Kind(".csv", _text(_rayyan), abstracts=True),
    "asreview": Kind(".csv", _text(_asreview), abstracts=True),
    "revman": Kind(".ris", _text(ris.render)),
}
