"""Files for reference managers: RIS, BibTeX and CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rispy
from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.middlewares import default_unparse_stack
from bibtexparser.model import Entry, Field

from pipeline.escaping import for_bibtex, for_bibtex_verbatim, for_json, one_line
from pipeline.outputs.citations.citation import (
    ARTICLE,
    BOOK,
    CHAPTER,
    RETRACTED,
    UNKNOWN,
    Citation,
    Person,
)

# -- RIS, written by rispy
#
# Tags as the programs read them (docs/exports.md): AN holds the PMID, DB and DP where it comes
# from, KW the study type and the terms, each on a line of its own. Every value is one line.

_RIS_TYPES = {ARTICLE: "JOUR", CHAPTER: "CHAP", BOOK: "BOOK", UNKNOWN: "GEN"}
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
    """What one program wants in its own way.

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


def ris_text(citations: Sequence[Citation], abstracts: bool, dialect: Dialect = PLAIN) -> str:
    """The records as RIS text with the line ends of its specification (CR LF).

    Args:
        citations: what to write.
        abstracts: whether to write AB.
        dialect: what the program in view wants in its own way.
    """
    entries = [_ris_entry(citation, abstracts, dialect) for citation in citations]
    text: str = rispy.dumps(entries, implementation=_Writer)
    return text.replace("\n", "\r\n")


def _ris_entry(citation: Citation, abstracts: bool, dialect: Dialect) -> dict[str, Any]:
    start, end = citation.page_range
    is_book = citation.kind == BOOK
    found: dict[str, Any] = {
        "type_of_reference": _PREPRINT if citation.is_preprint else _RIS_TYPES[citation.kind],
        "title": citation.title,
        "authors": [_ris_name(person, dialect) for person in citation.authors],
        "secondary_authors": [] if is_book else _ris_editors(citation, dialect),
        "tertiary_authors": _ris_editors(citation, dialect) if is_book else [],
        "secondary_title": "" if is_book else citation.container,
        "alternate_title1": "" if is_book else citation.text("abbreviation"),
        "tertiary_title": citation.text("collection_title"),
        "year": "" if citation.year is None else str(citation.year),
        "date": _ris_date(citation),
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
        found["type_of_work"] = citation.columns["study_type_label"]
    return {name: line for name, value in found.items() if (line := _ris_lines(value))}


def _ris_lines(value: str | list[str]) -> str | list[str]:
    """A value, or each of several, as one line; none is empty."""
    if isinstance(value, str):
        return one_line(value)
    return [line for text in value if (line := one_line(text))]


def _ris_editors(citation: Citation, dialect: Dialect) -> list[str]:
    return [_ris_name(person, dialect) for person in citation.editors]


def _ris_name(person: Person, dialect: Dialect) -> str:
    return person.inverted() + ("," if person.collective and dialect.closes_groups else "")


def _ris_date(citation: Citation) -> str:
    """YYYY/MM/DD/ with empty parts for what is not known."""
    if citation.year is None:
        return ""
    parts = ("" if part is None else f"{part:02}" for part in (citation.month, citation.day))
    return f"{citation.year}/{'/'.join(parts)}/"


# -- BibTeX in UTF-8, written by bibtexparser: for BibTeX, biber and what imports their files

_BIBTEX_TYPES = {ARTICLE: "article", CHAPTER: "incollection", BOOK: "book", UNKNOWN: "misc"}
_VERBATIM = ("doi", "url", "pmid", "pmcid", "issn", "isbn")
_READY = ("title", "author", "editor")
_TAKEN_APART = re.compile(r",|(?:^|\s)and(?:\s|$)", re.IGNORECASE)


def bibtex_text(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as BibTeX text.

    Titles stand in a second pair of braces, so that no style writes mitragynine's names small.
    """
    library = Library([_bibtex_entry(citation, abstracts) for citation in citations])
    # without the copy of each entry that bibtexparser makes by default
    stack = default_unparse_stack(allow_inplace_modification=True)
    return write_string(library, unparse_stack=stack)


def _bibtex_entry(citation: Citation, abstracts: bool) -> Entry:
    start, end = citation.page_range
    found = {
        "title": f"{{{for_bibtex(citation.title)}}}" if citation.title else "",
        "author": " and ".join(map(_bibtex_name, citation.authors)),
        "editor": " and ".join(map(_bibtex_name, citation.editors)),
        "journal": citation.container if citation.kind == ARTICLE else "",
        "booktitle": citation.container if citation.kind == CHAPTER else "",
        "series": citation.text("collection_title"),
        "year": "" if citation.year is None else str(citation.year),
        "date": citation.iso_date,
        "volume": citation.text("volume") or citation.text("book_volume"),
        "number": citation.text("issue"),
        "pages": f"{start}--{end}" if end else start,
        "edition": citation.text("edition"),
        "publisher": citation.text("publisher_name"),
        "address": citation.text("publisher_location"),
        "issn": citation.text("issn"),
        "isbn": citation.isbn,
        "doi": citation.text("doi"),
        "pmid": "" if citation.pmid is None else str(citation.pmid),
        "pmcid": citation.pmc_id,
        "url": citation.url,
        "language": citation.languages,
        "note": RETRACTED if citation.columns["is_retracted"] else "",
        "studytype": citation.columns["study_type"],
        "keywords": "; ".join(citation.keywords),
        "ketumset": citation.set_id,
        "abstract": citation.text("abstract") if abstracts else "",
    }
    fields = [Field(name, _bibtex_written(name, value)) for name, value in found.items() if value]
    return Entry(_BIBTEX_TYPES[citation.kind], citation.key, fields)


def _bibtex_written(name: str, value: str) -> str:
    if name in _READY:
        return value
    return for_bibtex_verbatim(value) if name in _VERBATIM else for_bibtex(value)


def _bibtex_name(person: Person) -> str:
    """`Family, Suffix, Given`; a group in braces, so that no `and` or comma takes it apart."""
    if person.collective:
        return f"{{{for_bibtex(person.collective)}}}"
    parts = (person.family, person.suffix, person.given or person.initials)
    return ", ".join(map(_bibtex_part, filter(None, parts)))


def _bibtex_part(name: str) -> str:
    """Part of a name; in braces where BibTeX would take it apart."""
    written = for_bibtex(name)
    return f"{{{written}}}" if _TAKEN_APART.search(name) else written


# -- CSL-JSON (Citation Style Language 1.0.2), for citeproc, pandoc and programs

_CSL_CUSTOM = (
    "study_type", "study_type_label", "evidence_group", "is_retracted", "first_author_country",
    "countries", "registrations", "facets", "claims",
)  # fmt: skip
_CSL_TYPES = {ARTICLE: "article-journal", CHAPTER: "chapter", BOOK: "book", UNKNOWN: "document"}


def csl_text(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as a JSON array of CSL items."""
    items = [_csl_item(citation, abstracts) for citation in citations]
    return for_json(json.dumps(items, indent=1, ensure_ascii=False)) + "\n"


def _csl_item(citation: Citation, abstracts: bool) -> dict[str, Any]:
    start, end = citation.page_range
    columns = citation.columns
    found: dict[str, Any] = {
        "id": citation.key,
        "type": "article" if citation.is_preprint else _CSL_TYPES[citation.kind],
        "title": citation.title,
        "author": [_csl_name(person) for person in citation.authors],
        "editor": [_csl_name(person) for person in citation.editors],
        "container-title": "" if citation.kind == BOOK else citation.container,
        "container-title-short": citation.text("abbreviation"),
        "collection-title": citation.text("collection_title"),
        "issued": {"date-parts": [citation.date_parts]} if citation.date_parts else {},
        "volume": citation.text("volume") or citation.text("book_volume"),
        "issue": citation.text("issue"),
        "page": f"{start}-{end}" if end else start,
        "edition": citation.text("edition"),
        "publisher": citation.text("publisher_name"),
        "publisher-place": citation.text("publisher_location"),
        "ISSN": citation.text("issn"),
        "ISBN": citation.isbn,
        "DOI": citation.text("doi"),
        "PMID": "" if citation.pmid is None else str(citation.pmid),
        "PMCID": citation.pmc_id,
        "URL": citation.url,
        "language": citation.languages,
        "status": "retracted" if columns["is_retracted"] else "",
        "genre": "preprint" if citation.is_preprint else "",
        "keyword": "; ".join(citation.keywords),
        "custom": {name: columns[name] for name in _CSL_CUSTOM} | {"set_id": citation.set_id},
        "abstract": citation.text("abstract") if abstracts else "",
    }
    return {name: value for name, value in found.items() if value}


def _csl_name(person: Person) -> dict[str, str]:
    if person.collective:
        return {"literal": person.collective}
    parts = {
        "family": person.family,
        "given": person.given or person.initials,
        "suffix": person.suffix,
    }
    return {name: value for name, value in parts.items() if value}
