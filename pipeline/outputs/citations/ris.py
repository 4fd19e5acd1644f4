"""RIS, written by rispy.

Tags as the programs read them (docs/exports.md): AN holds the PMID, DB and DP where it comes
from, KW the study type and the terms, each on a line of its own. Every value is one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rispy

from pipeline.escaping import one_line
from pipeline.outputs.citations.citation import ARTICLE, BOOK, CHAPTER, UNKNOWN, Citation, Person

_TYPES = {ARTICLE: "JOUR", CHAPTER: "CHAP", BOOK: "BOOK", UNKNOWN: "GEN"}
_PREPRINT = "UNPB"  # unpublished work: RIS has nothing nearer

# Zotero reads each M2 into a line of Extra, where it looks for `PMID: ...`; rispy has no name
# for that tag
MAPPING = {**rispy.TAG_KEY_MAPPING, "M2": "extra"}
LIST_TAGS = [*rispy.LIST_TYPE_TAGS, "M2"]


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """rispy's writer without its running number before each record, which RIS does not know."""

    DEFAULT_MAPPING = MAPPING
    DEFAULT_LIST_TAGS = LIST_TAGS

    def set_header(self, count: int) -> None:
        return None


@dataclass(frozen=True)
class Dialect:
    """What one program wants to have otherwise.

    Attributes:
        ids_in_extra: M2 `PMID: ...` and `PMCID: ...`, which Zotero keeps in Extra.
        pmcid_in_custom_2: C2, EndNote's field for a PMCID.
        type_of_work: M3, EndNote's Type of Article.
        closes_groups: a comma behind the name of a group, so that EndNote does not take it apart.
    """

    ids_in_extra: bool = False
    pmcid_in_custom_2: bool = False
    type_of_work: bool = False
    closes_groups: bool = False


PLAIN = Dialect()


def render(citations: Sequence[Citation], abstracts: bool, dialect: Dialect = PLAIN) -> str:
    """The records as RIS text with the line ends of its specification (CR LF).

    Args:
        citations: what to write.
        abstracts: whether to write AB.
        dialect: what the program in view wants to have otherwise.
    """
    entries = [_entry(citation, abstracts, dialect) for citation in citations]
    text: str = rispy.dumps(entries, implementation=_Writer)
    return text.replace("\n", "\r\n")


def _entry(citation: Citation, abstracts: bool, dialect: Dialect) -> dict[str, Any]:
    start, end = citation.page_range
    is_book = citation.kind == BOOK
    found: dict[str, Any] = {
        "type_of_reference": _PREPRINT if citation.is_preprint else _TYPES[citation.kind],
        "title": citation.title,
        "authors": [_name(person, dialect) for person in citation.authors],
        "secondary_authors": [] if is_book else _editors(citation, dialect),
        "tertiary_authors": _editors(citation, dialect) if is_book else [],
        "secondary_title": "" if is_book else citation.container,
        "alternate_title1": "" if is_book else citation.text("abbreviation"),
        "tertiary_title": citation.text("collection_title"),
        "year": "" if citation.year is None else str(citation.year),
        "date": _date(citation),
        "volume": citation.text("volume") or citation.text("book_volume"),
        "number": citation.text("issue"),
        "start_page": start,
        "end_page": end,
        "edition": citation.text("edition"),
        "publisher": citation.text("publisher_name"),
        "place_published": citation.text("publisher_location"),
        "issn": citation.text("issn") or citation.isbn,
        "doi": citation.text("doi"),
        "urls": [citation.url] if citation.url else [],
        "language": citation.languages,
        "accession_number": "" if citation.pmid is None else str(citation.pmid),
        "name_of_database": "" if citation.pmid is None else "PubMed",
        "database_provider": f"ketum {citation.set_id}",
        "keywords": list(citation.keywords),
        "abstract": citation.text("abstract") if abstracts else "",
    }
    if dialect.ids_in_extra:
        ids = {"PMID": citation.pmid, "PMCID": citation.pmc_id}
        found["extra"] = [f"{name}: {value}" for name, value in ids.items() if value]
    if dialect.pmcid_in_custom_2:
        found["custom2"] = citation.pmc_id
    if dialect.type_of_work:
        found["type_of_work"] = citation.said["study_type_label"]
    return {name: line for name, value in found.items() if (line := _lines(value))}


def _lines(value: str | list[str]) -> str | list[str]:
    """A value, or each of several, as one line; none is empty."""
    if isinstance(value, str):
        return one_line(value)
    return [line for text in value if (line := one_line(text))]


def _editors(citation: Citation, dialect: Dialect) -> list[str]:
    return [_name(person, dialect) for person in citation.editors]


def _name(person: Person, dialect: Dialect) -> str:
    return person.inverted() + ("," if person.collective and dialect.closes_groups else "")


def _date(citation: Citation) -> str:
    """YYYY/MM/DD/ with empty parts for what is not known."""
    if citation.year is None:
        return ""
    parts = ("" if part is None else f"{part:02}" for part in (citation.month, citation.day))
    return f"{citation.year}/{'/'.join(parts)}/"
