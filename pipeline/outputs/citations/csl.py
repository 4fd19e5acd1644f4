"""CSL-JSON (Citation Style Language 1.0.2), for citeproc, pandoc and programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipeline.escaping import for_json
from pipeline.outputs.citations.citation import ARTICLE, BOOK, CHAPTER, UNKNOWN, Citation, Person

_TYPES = {ARTICLE: "article-journal", CHAPTER: "chapter", BOOK: "book", UNKNOWN: "document"}


def render(citations: Sequence[Citation], abstracts: bool) -> str:
    """The records as a JSON array of CSL items.

    Args:
        citations: what to write.
        abstracts: whether to write `abstract`.
    """
    items = [_item(citation, abstracts) for citation in citations]
    return for_json(json.dumps(items, indent=1, ensure_ascii=False)) + "\n"


def _item(citation: Citation, abstracts: bool) -> dict[str, Any]:
    start, end = citation.page_range
    said = citation.said
    found: dict[str, Any] = {
        "id": citation.key,
        "type": "article" if citation.is_preprint else _TYPES[citation.kind],
        "title": citation.title,
        "author": [_name(person) for person in citation.authors],
        "editor": [_name(person) for person in citation.editors],
        "container-title": "" if citation.kind == BOOK else citation.container,
        "container-title-short": citation.text("abbreviation"),
        "collection-title": citation.text("collection_title"),
        "issued": _issued(citation),
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
        "status": "retracted" if said["is_retracted"] else "",
        "genre": "preprint" if citation.is_preprint else "",
        "keyword": "; ".join(citation.keywords),
        "custom": {
            "study_type": said["study_type"],
            "study_type_label": said["study_type_label"],
            "evidence_group": said["evidence_group"],
            "is_retracted": said["is_retracted"],
            "first_author_country": said["first_author_country"],
            "countries": said["countries"],
            "registrations": said["registrations"],
            "facets": said["facets"],
            "claims": said["claims"],
            "set_id": citation.set_id,
        },
        "abstract": citation.text("abstract") if abstracts else "",
    }
    return {name: value for name, value in found.items() if value}


def _name(person: Person) -> dict[str, str]:
    if person.collective:
        return {"literal": person.collective}
    parts = {
        "family": person.family,
        "given": person.given or person.initials,
        "suffix": person.suffix,
    }
    return {name: value for name, value in parts.items() if value}


def _issued(citation: Citation) -> dict[str, Any]:
    if citation.year is None:
        return {}
    parts = [citation.year]
    for part in (citation.month, citation.day):
        if part is None:
            break
        parts.append(part)
    return {"date-parts": [parts]}
