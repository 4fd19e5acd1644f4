"""BibTeX in UTF-8, written by bibtexparser: for BibTeX, biber and what imports their files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.middlewares import default_unparse_stack
from bibtexparser.model import Entry, Field

from pipeline.escaping import for_bibtex, for_bibtex_verbatim
from pipeline.outputs.citations.citation import (
    ARTICLE,
    BOOK,
    CHAPTER,
    RETRACTED,
    UNKNOWN,
    Citation,
    Person,
    iso_date,
)

_TYPES = {ARTICLE: "article", CHAPTER: "incollection", BOOK: "book", UNKNOWN: "misc"}
_VERBATIM = ("doi", "url", "pmid", "pmcid", "issn", "isbn")
_READY = ("title", "author", "editor")
_TAKEN_APART = re.compile(r",|(?:^|\s)and(?:\s|$)", re.IGNORECASE)


def render(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as BibTeX text.

    Titles stand in a second pair of braces, so that no style writes mitragynine's names small.

    Args:
        citations: what to write.
        abstracts: whether to write the field `abstract`.
    """
    library = Library([_entry(citation, abstracts) for citation in citations])
    # without the copy of each entry that bibtexparser makes by default
    stack = default_unparse_stack(allow_inplace_modification=True)
    return write_string(library, unparse_stack=stack)


def _entry(citation: Citation, abstracts: bool) -> Entry:
    start, end = citation.page_range
    found = {
        "title": f"{{{for_bibtex(citation.title)}}}" if citation.title else "",
        "author": " and ".join(map(_name, citation.authors)),
        "editor": " and ".join(map(_name, citation.editors)),
        "journal": citation.container if citation.kind == ARTICLE else "",
        "booktitle": citation.container if citation.kind == CHAPTER else "",
        "series": citation.text("collection_title"),
        "year": "" if citation.year is None else str(citation.year),
        "date": iso_date(citation),
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
        "note": RETRACTED if citation.said["is_retracted"] else "",
        "studytype": citation.said["study_type"],
        "keywords": "; ".join(citation.keywords),
        "ketumset": citation.set_id,
        "abstract": citation.text("abstract") if abstracts else "",
    }
    fields = [Field(name, _written(name, value)) for name, value in found.items() if value]
    return Entry(_TYPES[citation.kind], citation.key, fields)


def _written(name: str, value: str) -> str:
    if name in _READY:
        return value
    return for_bibtex_verbatim(value) if name in _VERBATIM else for_bibtex(value)


def _name(person: Person) -> str:
    """`Family, Suffix, Given`; a group in braces, so that no `and` or comma takes it apart."""
    if person.collective:
        return f"{{{for_bibtex(person.collective)}}}"
    parts = (person.family, person.suffix, person.given or person.initials)
    return ", ".join(map(_part, filter(None, parts)))


def _part(name: str) -> str:
    """Part of a name; in braces where BibTeX would take it apart."""
    written = for_bibtex(name)
    return f"{{{written}}}" if _TAKEN_APART.search(name) else written
